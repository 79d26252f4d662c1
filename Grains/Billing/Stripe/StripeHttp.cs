namespace Orchestrator.Grains.Billing.Stripe;

/// <summary>What both transports have of HTTP.</summary>
public static class StripeHttp
{
    /// <summary>The longest answer that is read: a page of a hundred summaries has about 30 KB.</summary>
    public const int MaxReplyBytes = 256 * 1024;

    /// <summary>What we call ourselves: our own name.</summary>
    public const string Product = "Orchestrator";

    /// <summary>And the version of this program.</summary>
    public static string ProductVersion { get; } = typeof(StripeHttp).Assembly.GetName().Version?.ToString(3) ?? "0.0.0";

    /// <summary>
    /// A client for all keys. It follows no redirect, which would carry the key to another host, keeps no cookie, which would
    /// tie tenants together, and has no time limit of its own.
    /// </summary>
    public static HttpClient CreateClient() => new(new SocketsHttpHandler
    {
        // Addresses change; a connection that lives for ever would not notice.
        PooledConnectionLifetime = TimeSpan.FromMinutes(5),
        ConnectTimeout = TimeSpan.FromSeconds(10),
        AllowAutoRedirect = false,
        UseCookies = false,
        UseProxy = false,
        // A trace of ours names our tenants; it is not Stripe's to see.
        ActivityHeadersPropagator = null,
    })
    {
        Timeout = Timeout.InfiniteTimeSpan,
        MaxResponseContentBufferSize = MaxReplyBytes,
    };
}
