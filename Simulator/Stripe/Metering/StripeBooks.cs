using Orchestrator.Simulator.Stripe.Http;

namespace Orchestrator.Simulator.Stripe.Metering;

/// <summary>All that the fake remembers of accounts and events. Its <see cref="Gate"/> guards it; who reads or writes holds it.</summary>
internal sealed class StripeBooks(StripeOptions options, StripeClock clock)
{
    /// <summary>How long an identifier is taken and an event can be cancelled.</summary>
    public static readonly TimeSpan Window = TimeSpan.FromHours(24);

    private readonly Dictionary<string, Account> _accounts = new(StringComparer.Ordinal);
    private readonly Dictionary<string, Account> _keys = new(StringComparer.Ordinal);
    private int _made;

    public Lock Gate { get; } = new();
    public StripeClock Clock { get; } = clock;
    public Names Names { get; } = new();
    public EventStore Events { get; } = new();

    /// <summary>Failed events that no report has told of yet.</summary>
    public List<int> Unreported { get; } = [];

    public StripeSettings Settings { get; set; } = new();
    public StripeCounts Counts { get; set; } = new();

    public IEnumerable<Account> Accounts => _accounts.Values;

    public bool IsFull => Events.Count >= options.MaxEvents;

    /// <summary>A new id: unique in this fake, the same in every run of it.</summary>
    public string NewId(string prefix) => $"{prefix}_{++_made:x6}";

    /// <summary>The account of that name; made when it is none yet.</summary>
    public Account Open(string id, string? platform = null)
    {
        if (!_accounts.TryGetValue(id, out var account))
            _accounts.Add(id, account = new(id, Names.Of(id), platform));
        return account;
    }

    public void AddKey(string key, string account) => _keys[key] = Open(account);

    public Account? ByKey(string key) => _keys.GetValueOrDefault(key);

    public Account? Find(string id) => _accounts.GetValueOrDefault(id);

    public Account Existing(string id) => Find(id) ?? throw new ArgumentException($"There is no account {id}.", nameof(id));

    public Meter AddMeter(Account account, string eventName, string? displayName = null, string formula = "sum", string? window = null,
        string customerKey = "stripe_customer_id", string valueKey = "value")
    {
        var meter = new Meter(NewId("mtr_test"), eventName, Names.Of(eventName), Clock.Unix)
        {
            DisplayName = displayName ?? eventName, Formula = formula, Window = window, CustomerKey = customerKey, ValueKey = valueKey,
        };
        account.Meters.Add(meter);
        return meter;
    }

    /// <summary>The event shall not be billed after all; the next report tells so. A repeated call changes nothing.</summary>
    public void Fail(int index, string code)
    {
        ref var stored = ref Events[index];
        if (stored.Failure != 0)
            return;
        stored.Failure = Names.Of(code);
        Unreported.Add(index);
        Counts = Counts with { FailedAsync = Counts.FailedAsync + 1 };
    }

    public StripeAnswer Full()
    {
        Counts = Counts with { Overflowed = Counts.Overflowed + 1 };
        return StripeErrors.ServerError() with { Executed = false, Violation = $"The simulator keeps no more than {options.MaxEvents} meter events." };
    }
}
