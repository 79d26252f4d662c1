namespace Orchestrator.Simulator.Stripe.Contract;

/// <summary>One method of one path.</summary>
/// <param name="Method">The HTTP method.</param>
/// <param name="Path">The path, with <c>{id}</c> or the like where one part is free.</param>
/// <param name="Query">What the query may hold.</param>
/// <param name="Response">What status 200 answers.</param>
/// <param name="ContentType">Of the body; null when there is none.</param>
/// <param name="Body">What the body may hold; null when there is none.</param>
internal sealed record Operation(string Method, string Path, Schema Query, Schema Response, string? ContentType = null, Schema? Body = null)
{
    private readonly string[] _parts = Path.Split('/');

    /// <summary><c>POST /v1/billing/meter_events</c>, as handlers are registered.</summary>
    public string Name { get; } = $"{Method} {Path}";

    /// <summary>Its errors and its idempotency are those of v2.</summary>
    public bool IsV2 { get; } = Path.StartsWith("/v2/", StringComparison.Ordinal);

    /// <summary>What stands in the path's free part, empty when it has none; null when this is not the path.</summary>
    public string? Match(string path)
    {
        var parts = path.Split('/');
        if (parts.Length != _parts.Length)
            return null;

        var id = "";
        for (var i = 0; i < parts.Length; i++)
            if (_parts[i] is ['{', ..] && parts[i].Length > 0)
                id = Uri.UnescapeDataString(parts[i]);
            else if (_parts[i] != parts[i])
                return null;
        return id;
    }
}
