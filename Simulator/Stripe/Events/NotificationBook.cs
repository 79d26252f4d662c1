using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using Orchestrator.Simulator.Stripe.Http;

namespace Orchestrator.Simulator.Stripe.Events;

/// <summary>Something that webhooks tell of.</summary>
/// <param name="Id">Its id.</param>
/// <param name="Account">Whose it is.</param>
/// <param name="IsThin">It is pushed without data and fetched; otherwise it carries a snapshot.</param>
/// <param name="Full">What a fetch answers.</param>
/// <param name="Push">The bytes that are pushed, the same at every delivery.</param>
internal sealed record Notification(string Id, string Account, bool IsThin, JsonObject Full, byte[] Push);

/// <summary>Every event for webhooks, oldest let go beyond a bound. Called under the gate of the books.</summary>
internal sealed class NotificationBook(int limit, StripeClock clock)
{
    private const string ApiVersion = "2026-09-30.endive";
    private static readonly JsonSerializerOptions Json = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private readonly Dictionary<string, Notification> _known = new(StringComparer.Ordinal);
    private readonly Queue<string> _order = [];
    private long _made;

    public IEnumerable<Notification> All => _order.Select(id => _known[id]);

    public Notification? Find(string id) => _known.GetValueOrDefault(id);

    /// <summary>A thin event: the push lacks <paramref name="data"/>. The context names a connected account and nobody else.</summary>
    public Notification AddThin(string account, bool isConnected, string type, JsonObject? related, JsonObject data)
    {
        var id = $"evt_test_{++_made:x8}";
        var push = new JsonObject
        {
            ["id"] = id,
            ["object"] = "v2.core.event",
            ["type"] = type,
            ["livemode"] = false,
            ["created"] = clock.Now.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture),
            ["context"] = isConnected ? account : null,
        };
        if (related is not null)
            push["related_object"] = related;
        var full = push.DeepClone().AsObject();
        full["data"] = data;
        return Keep(new(id, account, IsThin: true, full, JsonSerializer.SerializeToUtf8Bytes(push, Json)));
    }

    public Notification AddSnapshot(string account, bool isConnected, string type, JsonObject snapshot)
    {
        var id = $"evt_{++_made:x8}";
        var full = new JsonObject
        {
            ["id"] = id,
            ["object"] = "event",
            ["api_version"] = ApiVersion,
            ["created"] = clock.Unix,
            ["data"] = new JsonObject { ["object"] = snapshot },
            ["livemode"] = false,
            ["type"] = type,
        };
        if (isConnected)
            full["account"] = account;
        return Keep(new(id, account, IsThin: false, full, JsonSerializer.SerializeToUtf8Bytes(full, Json)));
    }

    /// <summary><c>GET /v2/core/events/{id}</c>.</summary>
    public StripeAnswer Show(StripeCall call) => Find(call.Id) is { IsThin: true } found && found.Account == call.Account.Id
        ? StripeAnswer.Ok(found.Full.DeepClone().AsObject())
        : StripeErrors.V2(404, "not_found", $"No such event: '{call.Id}'");

    private Notification Keep(Notification notification)
    {
        _known.Add(notification.Id, notification);
        _order.Enqueue(notification.Id);
        if (_order.Count > limit)
            _known.Remove(_order.Dequeue());
        return notification;
    }
}
