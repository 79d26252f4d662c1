using System.Collections.Concurrent;
using System.Text;

namespace Orchestrator.Simulator.Providers.LiveStyler;

/// <summary>The provider's list of filters, and what a test would rather have it be. Safe for any thread.</summary>
public sealed class FilterList(string apiKey)
{
    /// <summary>Where it is.</summary>
    public const string Path = "/filter-category/active";

    /// <summary>Where pictures are, for who has the key.</summary>
    public const string Pictures = "/filters/";

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

    /// <summary>Done when pictures are shown to who has asked for them.</summary>
    public Task Opening { get; set; } = Task.CompletedTask;

    /// <summary>What its pictures are.</summary>
    public IDictionary<string, (string MediaType, byte[] Bytes)> Shown { get; } = new ConcurrentDictionary<string, (string, byte[])>(StringComparer.Ordinal);

    /// <summary>Each request that came, with all of its headers.</summary>
    public IReadOnlyList<string> Asked => [.. _asked];

    internal async Task ShowAsync(HttpContext context)
    {
        Note(context.Request);
        await Opening.WaitAsync(context.RequestAborted);
        var name = context.Request.RouteValues["name"] as string ?? "";
        if (!IsKnown(context.Request) || !Shown.TryGetValue(name, out var picture))
        {
            context.Response.StatusCode = IsKnown(context.Request) ? StatusCodes.Status404NotFound : StatusCodes.Status401Unauthorized;
            return;
        }

        if (picture.MediaType is "redirect")
        {
            context.Response.Redirect(Encoding.UTF8.GetString(picture.Bytes));
            return;
        }

        context.Response.ContentType = picture.MediaType;
        await context.Response.Body.WriteAsync(picture.Bytes);
    }

    internal async Task HandleAsync(HttpContext context)
    {
        Note(context.Request);
        if (Hangs)
            await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, context.RequestAborted).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        var isKnown = IsKnown(context.Request);
        context.Response.StatusCode = isKnown ? Status : StatusCodes.Status401Unauthorized;
        context.Response.ContentType = ContentType;
        await context.Response.WriteAsync(isKnown ? Json : """{"message":"Invalid credentials"}""");
    }

    private void Note(HttpRequest request) => _asked.Enqueue(string.Join('\n', [
        $"{request.Method} {request.Path}{request.QueryString}",
        .. request.Headers.Select(header => $"{header.Key}: {header.Value}"),
    ]));

    private bool IsKnown(HttpRequest request) => request.Headers.Authorization == $"Basic {Convert.ToBase64String(Encoding.UTF8.GetBytes(apiKey + ":"))}";
}
