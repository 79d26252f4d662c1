using Orchestrator.Grains.Providers;

namespace Orchestrator.Grains.Billing.Stripe;

/// <summary>Whose account a request acts on, and with whose key.</summary>
/// <param name="ApiKey">The platform's key, or a tenant's own.</param>
/// <param name="Account">A connected account that the key may act for; null for the key's own.</param>
public sealed record StripeAccess(Secret ApiKey, string? Account = null);

/// <summary>One request, as both transports send it.</summary>
public sealed record StripeRequest
{
    private StripeRequest(HttpMethod method, string path, string form, string? idempotencyKey, StripeAccess access)
    {
        // Anything else could name another host once it stands behind the base address.
        if (!path.StartsWith('/') || path.AsSpan().ContainsAny("?#\\"))
            throw new ArgumentException("The path of a request begins with / and holds no query.", nameof(path));
        if (idempotencyKey is not null && !IsIdempotencyKey(idempotencyKey))
            throw new ArgumentException("An idempotency key has 1 to 255 visible ASCII characters.", nameof(idempotencyKey));
        if (access.Account is { } account && !IsHeader(account))
            throw new ArgumentException("An account has visible ASCII characters only.", nameof(access));
        (Method, Path, Form, IdempotencyKey, Access) = (method, path, form, idempotencyKey, access);
    }

    /// <summary>GET or POST.</summary>
    public HttpMethod Method { get; }

    /// <summary>Begins with a slash, without a query.</summary>
    public string Path { get; }

    /// <summary>The encoded fields: the body of a POST, the query of a GET.</summary>
    public string Form { get; }

    /// <summary>The header under which Stripe keeps the answer for a day; none on a GET.</summary>
    public string? IdempotencyKey { get; }

    /// <summary>The key and the account.</summary>
    public StripeAccess Access { get; }

    /// <summary>What follows the base address.</summary>
    public string Target => Method == HttpMethod.Get && Form.Length > 0 ? $"{Path}?{Form}" : Path;

    /// <summary>The header that names the account: the second version of the API has one of its own.</summary>
    public string AccountHeader => Path.StartsWith("/v2/", StringComparison.Ordinal) ? "Stripe-Context" : "Stripe-Account";

    /// <summary>Sends a body, as it stands; the key makes it safe to repeat for a day.</summary>
    public static StripeRequest Post(StripeAccess access, string path, StripeBody body, string idempotencyKey) =>
        new(HttpMethod.Post, path, body.Form, idempotencyKey, access);

    /// <summary>Reads.</summary>
    public static StripeRequest Get(StripeAccess access, string path, params IEnumerable<(string Name, string? Value)> query) =>
        new(HttpMethod.Get, path, StripeForm.Encode(query), idempotencyKey: null, access);

    /// <summary>Whether the header takes it.</summary>
    public static bool IsIdempotencyKey(string key) => key.Length <= 255 && IsHeader(key);

    private static bool IsHeader(string text) => text.Length > 0 && !text.AsSpan().ContainsAnyExceptInRange('!', '~');
}
