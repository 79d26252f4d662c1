using Orchestrator.Simulator.Stripe.Events;
using Orchestrator.Simulator.Stripe.Faults;
using Orchestrator.Simulator.Stripe.Http;
using Orchestrator.Simulator.Stripe.Metering;
using Orchestrator.Simulator.Stripe.Oracles;

namespace Orchestrator.Simulator.Stripe;

/// <summary>
/// A Stripe that remembers: meters, customers, meter events, keys and clocks, with the faults of a network and of Stripe
/// itself, and the truth about what it accepted. README.md of this folder tells the rules. Safe for any thread.
/// </summary>
public sealed class FakeStripe : IDisposable
{
    private readonly StripeBooks _books;
    private readonly ErrorReports _reports;
    private readonly RequestLog _log;
    private readonly ViolationLog _violations;
    private readonly IdempotencyBook _keys;
    private readonly StripeEndpoint _endpoint;

    internal FakeStripe(StripeOptions options, TimeProvider time, CancellationToken stopping)
    {
        Clock = new(time);
        _books = new(options, Clock);
        _books.AddKey(options.Key, StripeOptions.DefaultAccount);
        _log = new(options.MaxRequests);
        _violations = new(options.MaxViolations);
        _keys = new(options.MaxIdempotencyKeys, Clock);
        var notifications = new NotificationBook(options.MaxNotifications, Clock);
        _reports = new(_books, notifications);
        Webhooks = new(_books, notifications, time);
        var execution = new StripeExecution(_books, new(_books, notifications), _keys, Faults, time, stopping);
        _endpoint = new(options, _books, new(_books), execution, _log, _violations);
    }

    /// <summary>The virtual clock.</summary>
    public StripeClock Clock { get; }

    /// <summary>What shall go wrong.</summary>
    public FaultPlan Faults { get; } = new();

    /// <summary>Pushes to receivers.</summary>
    public StripeWebhooks Webhooks { get; }

    /// <summary>How it behaves otherwise.</summary>
    public StripeSettings Settings
    {
        get => Read(() => _books.Settings);
        set => Read(() => _books.Settings = value);
    }

    /// <summary>How often what happened.</summary>
    public StripeCounts Counts => Read(() => _books.Counts with { KeysForgotten = _keys.Forgotten });

    /// <summary>What no correct client sends, in words; empty when all were correct.</summary>
    public IReadOnlyList<string> ContractViolations => Read(() => _violations.Texts);

    /// <summary>Every accepted event, oldest first; for millions of them <see cref="ReadEvents"/> is there.</summary>
    public IReadOnlyList<MeterEventView> Events => ReadEvents(0, int.MaxValue);

    /// <summary>The logged requests, oldest first.</summary>
    public IReadOnlyList<StripeRequest> Requests => ReadRequests(0, int.MaxValue);

    /// <summary>Names of the accounts.</summary>
    public IReadOnlyList<string> Accounts => Read(() => _books.Accounts.Select(account => account.Id).ToArray());

    /// <summary>Makes an account, or gives one that is there another key.</summary>
    public void AddAccount(string account, string key) => Read(() => _books.AddKey(key, account));

    /// <summary>Makes an account that the platform's key may act for with <c>Stripe-Account</c>.</summary>
    public void Connect(string account, string platform = StripeOptions.DefaultAccount) =>
        Read(() => _books.Open(account, _books.Existing(platform).Id));

    /// <summary>Makes a meter; its id. The one that an event name has already stays what it is.</summary>
    public string AddMeter(string eventName, string account = StripeOptions.DefaultAccount, string formula = "sum", string? window = null) =>
        Read(() => (_books.Existing(account).MeterFor(eventName) ?? _books.AddMeter(_books.Existing(account), eventName, formula: formula, window: window)).Id);

    /// <summary>Makes a customer of that id; repeating it changes nothing.</summary>
    public void AddCustomer(string customer, string account = StripeOptions.DefaultAccount) =>
        Read(() => _books.Existing(account).Customers.TryAdd(customer, new(customer, Clock.Unix)));

    /// <summary>Accepted events with a number above, oldest first.</summary>
    public IReadOnlyList<MeterEventView> ReadEvents(long after, int most, string? account = null) =>
        Read(() => EventQueries.Read(_books, after, most, account));

    /// <summary>Logged requests with a number above, oldest first.</summary>
    public IReadOnlyList<StripeRequest> ReadRequests(long after, int most) => Read(() => _log.Read(after, most));

    /// <summary>What an invoice would hold, per account, customer and event name.</summary>
    public IReadOnlyList<MeterEventSum> Sums(bool byDay = false) => Read(() => EventQueries.Sums(_books, byDay));

    /// <summary>Lets an accepted event fail after all. False when there is none with that identifier.</summary>
    public bool Fail(string identifier, string code = "meter_event_customer_not_found", string account = StripeOptions.DefaultAccount) => Read(() =>
    {
        if (_books.Events.Find(_books.Existing(account).Number, identifier) is not { } index)
            return false;
        _books.Fail(index, code);
        return true;
    });

    /// <summary>Makes error reports of the failures that none has told of yet; nothing is pushed. Their event ids.</summary>
    public IReadOnlyList<string> ReportErrors() => Read(_reports.Make);

    /// <summary>Ends its pushes.</summary>
    public void Dispose() => Webhooks.Dispose();

    internal void Map(IEndpointRouteBuilder routes) => _endpoint.Map(routes);

    private T Read<T>(Func<T> read)
    {
        lock (_books.Gate)
            return read();
    }

    private void Read(Action act)
    {
        lock (_books.Gate)
            act();
    }
}
