using System.Collections.Concurrent;
using System.Text;

namespace Orchestrator.Simulator.Providers.LiveStyler;

/// <summary>The provider's list of filters, and what a test would rather have it be. Safe for any thread.</summary>
public sealed class FilterList(string apiKey)
{
    /// <summary>Where it is.</summary>
    public const string Path = "/filter-category/active";

    private readonly ConcurrentQueue<string> _asked = new();

    /// <summary>What is answered to who has the key: by default the documentation's own example.</summary>
    public string Json { get; set; } = """
        [{"filter_category_id":"01JXYDX55DHRY0T0RSDH068BYK","organization_id":"01JXY3YG23J6D9PEHBN3DTGFQX","name_ko":"로맨틱","name_en":"romantic",
        "description":"romantic category","is_active":true,"created_at":"2025-06-17T07:50:51.313Z","updated_at":"2025-06-17T07:50:51.313Z","deleted_at":null,
        "filters":[{"filter_id":"01JXYE1C805H1YAY7DTY1K6PHW","organization_id":"01JXY3YG23J6D9PEHBN3DTGFQX","filter_category_id":"01JXYDX55DHRY0T0RSDH068BYK",
        "code":"filter_01","name_ko":"로맨틱 1","name_en":"romantic 1","image_url":"https://example.com/image.jpg","is_active":true,"is_recommended":false,
        "created_at":"2025-06-17T07:53:09.634Z","updated_at":"2025-06-17T07:53:09.634Z","deleted_at":null}]}]
        """;

    /// <summary>With which status.</summary>
    public int Status { get; set; } = StatusCodes.Status200OK;

    /// <summary>As what.</summary>
    public string ContentType { get; set; } = "application/json";

    /// <summary>Never answers.</summary>
    public bool Hangs { get; set; }

    /// <summary>Each request that came, with all of its headers.</summary>
    public IReadOnlyList<string> Asked => [.. _asked];

    internal async Task HandleAsync(HttpContext context)
    {
        _asked.Enqueue(string.Join('\n', [
            $"{context.Request.Method} {context.Request.Path}{context.Request.QueryString}",
            .. context.Request.Headers.Select(header => $"{header.Key}: {header.Value}"),
        ]));
        if (Hangs)
            await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, context.RequestAborted).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        var isKnown = context.Request.Headers.Authorization == $"Basic {Convert.ToBase64String(Encoding.UTF8.GetBytes(apiKey + ":"))}";
        context.Response.StatusCode = isKnown ? Status : StatusCodes.Status401Unauthorized;
        context.Response.ContentType = ContentType;
        await context.Response.WriteAsync(isKnown ? Json : """{"message":"Invalid credentials"}""");
    }
}
