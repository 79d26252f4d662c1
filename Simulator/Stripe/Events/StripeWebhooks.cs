using System.Net.Http.Headers;
using System.Text.Json.Nodes;
using Orchestrator.Simulator.Stripe.Metering;

namespace Orchestrator.Simulator.Stripe.Events;

/// <summary>Where events are pushed to.</summary>
/// <param name="Url">The address.</param>
/// <param name="Secrets">The signing secrets; two during a rotation.</param>
/// <param name="Thin">It takes thin events; otherwise snapshots.</param>
/// <param name="Account">Only events of this account; null takes all.</param>
public sealed record WebhookDestination(Uri Url, IReadOnlyList<string> Secrets, bool Thin, string? Account = null);

/// <summary>One push.</summary>
/// <param name="EventId">What was pushed.</param>
/// <param name="Url">Where to.</param>
/// <param name="Status">What the receiver answered; 0 when it did not.</param>
public sealed record WebhookDelivery(string EventId, Uri Url, int Status);

/// <summary>
/// Pushes events, signed, when told to: in any order, any number of times, each time the same bytes. Signatures carry the
/// simulator's clock, not the virtual one. Safe for any thread.
/// </summary>
public sealed class StripeWebhooks : IDisposable
{
    private readonly StripeBooks _books;
    private readonly NotificationBook _notifications;
    private readonly TimeProvider _time;
    private readonly HttpClient _http = new() { Timeout = TimeSpan.FromSeconds(10) };
    private readonly HashSet<string> _acknowledged = new(StringComparer.Ordinal);
    private IReadOnlyList<WebhookDestination> _destinations = [];

    internal StripeWebhooks(StripeBooks books, NotificationBook notifications, TimeProvider time) =>
        (_books, _notifications, _time) = (books, notifications, time);

    /// <summary>Where events go.</summary>
    public IReadOnlyList<WebhookDestination> Destinations
    {
        get => Volatile.Read(ref _destinations);
        set => Volatile.Write(ref _destinations, [.. value]);
    }

    /// <summary>Ids of every event still known, oldest first.</summary>
    public IReadOnlyList<string> EventIds
    {
        get
        {
            lock (_books.Gate)
                return [.. _notifications.All.Select(one => one.Id)];
        }
    }

    /// <summary>Ids of the events that no receiver has answered with 2xx yet, oldest first.</summary>
    public IReadOnlyList<string> Pending
    {
        get
        {
            lock (_books.Gate)
                return [.. _notifications.All.Where(one => !_acknowledged.Contains(one.Id)).Select(one => one.Id)];
        }
    }

    /// <summary>Makes an event with a snapshot, such as <c>invoice.finalized</c>; nothing is pushed yet. Its id.</summary>
    public string Publish(string type, JsonObject snapshot, string account = StripeOptions.DefaultAccount)
    {
        lock (_books.Gate)
            return _notifications.AddSnapshot(account, _books.Existing(account).Platform is not null, type, snapshot.DeepClone().AsObject()).Id;
    }

    /// <summary>The bytes that a push of this event carries.</summary>
    public byte[] BodyOf(string eventId)
    {
        lock (_books.Gate)
            return _notifications.Find(eventId)?.Push ?? throw new ArgumentException($"There is no event {eventId}.", nameof(eventId));
    }

    /// <summary>Pushes these, one after the other, as often and in the order as they are named.</summary>
    public async Task<IReadOnlyList<WebhookDelivery>> DeliverAsync(IEnumerable<string> eventIds, CancellationToken cancellationToken = default)
    {
        var deliveries = new List<WebhookDelivery>();
        foreach (var id in eventIds)
        {
            Notification notification;
            lock (_books.Gate)
                notification = _notifications.Find(id) ?? throw new ArgumentException($"There is no event {id}.", nameof(eventIds));
            foreach (var destination in Destinations.Where(one => one.Thin == notification.IsThin && (one.Account is null || one.Account == notification.Account)))
                deliveries.Add(await PushAsync(notification, destination, cancellationToken));
        }

        return deliveries;
    }

    /// <summary>Pushes what nobody has acknowledged.</summary>
    public Task<IReadOnlyList<WebhookDelivery>> DeliverPendingAsync(CancellationToken cancellationToken = default) => DeliverAsync(Pending, cancellationToken);

    /// <summary>Pushes nothing more.</summary>
    public void Dispose() => _http.Dispose();

    private async Task<WebhookDelivery> PushAsync(Notification notification, WebhookDestination destination, CancellationToken cancellationToken)
    {
        using var content = new ByteArrayContent(notification.Push);
        content.Headers.ContentType = new MediaTypeHeaderValue("application/json", "utf-8");
        using var request = new HttpRequestMessage(HttpMethod.Post, destination.Url) { Content = content };
        request.Headers.TryAddWithoutValidation("Stripe-Signature", StripeSignature.Header(_time.GetUtcNow(), notification.Push, destination.Secrets));
        try
        {
            using var response = await _http.SendAsync(request, cancellationToken);
            if (response.IsSuccessStatusCode)
                lock (_books.Gate)
                    _acknowledged.Add(notification.Id);
            return new(notification.Id, destination.Url, (int)response.StatusCode);
        }
        catch (Exception exception) when (exception is HttpRequestException or TaskCanceledException && !cancellationToken.IsCancellationRequested)
        {
            return new(notification.Id, destination.Url, 0);
        }
    }
}
