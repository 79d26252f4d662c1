using System.Security.Cryptography;

namespace Orchestrator.Simulator.Stripe.Http;

/// <summary>A request as it arrived.</summary>
internal sealed record IncomingRequest(string Method, string Path, string Query, IHeaderDictionary Headers, byte[] Body)
{
    /// <summary>SHA-256 of the body's bytes.</summary>
    public byte[] BodyHash { get; } = SHA256.HashData(Body);

    public string? IdempotencyKey => Method == HttpMethods.Post && Header("Idempotency-Key") is { Length: > 0 } key ? key : null;

    /// <summary>What a repetition under the same key must equal.</summary>
    public string Fingerprint => $"{Method} {Path}{Query} {Convert.ToHexStringLower(BodyHash)}";

    public string? Header(string name) => Headers.TryGetValue(name, out var values) ? values.ToString() : null;

    /// <summary>Reads it; the body is null when it is larger than that.</summary>
    public static async Task<IncomingRequest?> ReadAsync(HttpRequest request, int maxBodyBytes, CancellationToken cancellationToken)
    {
        using var body = new MemoryStream();
        var buffer = new byte[8 * 1024];
        while (await request.Body.ReadAsync(buffer, cancellationToken) is var read and > 0)
        {
            if (body.Length + read > maxBodyBytes)
                return null;
            body.Write(buffer.AsSpan(0, read));
        }

        return new(request.Method, request.Path.Value ?? "/", request.QueryString.Value ?? "", request.Headers, body.ToArray());
    }
}
