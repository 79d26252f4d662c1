using Orchestrator.Domain.Billing;
using Orchestrator.Domain.Tenants;
using Orchestrator.Storage.Billing;
using Orchestrator.Tests.Support;

namespace Orchestrator.Tests.Storage;

public sealed class WalletStoreTests(TestDatabase database) : IClassFixture<TestDatabase>
{
    private readonly WalletStore _wallets = new(database.Database);

    [Fact]
    public async Task A_wallet_begins_empty_and_its_settings_can_be_changed()
    {
        var tenant = await TenantAsync();
        Assert.Null(await _wallets.FindAsync(tenant));

        await _wallets.PutAsync(tenant, creditLimit: 500, blindSeconds: 10, [100, 300], "a test");
        var first = await _wallets.FindAsync(tenant);
        await _wallets.PutAsync(tenant, creditLimit: null, blindSeconds: null, [], "a test");
        var second = await _wallets.FindAsync(tenant);

        Assert.Equal((new WalletBalance(0, 0, 0, 500), 10, "USD"), (first!.Balance, first.BlindSeconds, first.Currency));
        Assert.Equal([new WalletThreshold(300, false), new WalletThreshold(100, false)], first.Thresholds);
        Assert.Equal((new WalletBalance(0, 0, 0, null), null), (second!.Balance, second.BlindSeconds));
        Assert.Empty(second.Thresholds);
    }

    [Fact]
    public async Task An_entry_is_posted_once_however_often_it_is_asked_for_and_by_however_many()
    {
        var tenant = await WalletAsync();
        var posting = new WalletPosting("order 1", WalletEntryKind.TopUp, 1_000, "a test", "paid");

        var outcomes = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => _wallets.PostAsync(tenant, posting)));

        Assert.Single(outcomes.Select(outcome => outcome.Entry).Distinct());
        Assert.Equal(1_000, (await _wallets.FindAsync(tenant))!.Balance.Granted);
        Assert.Equal(1, await database.ReadAsync<long>("SELECT count(*) FROM audit WHERE tenant_id = $1 AND action = 'wallet_entry_posted'", tenant.Value));
    }

    public static TheoryData<string, WalletPosting> Others => new()
    {
        { "another amount", new WalletPosting("a key", WalletEntryKind.TopUp, 1_001, "a test", "paid") },
        { "another kind",   new WalletPosting("a key", WalletEntryKind.Credit, 1_000, "a test", "paid") },
        { "another reason", new WalletPosting("a key", WalletEntryKind.TopUp, 1_000, "a test", "paid twice") },
    };

    [Theory, MemberData(nameof(Others))]
    public async Task A_key_stands_for_one_entry_and_no_other(string how, WalletPosting other)
    {
        var tenant = await WalletAsync();
        await _wallets.PostAsync(tenant, new WalletPosting("a key", WalletEntryKind.TopUp, 1_000, "a test", "paid"));

        var outcome = await _wallets.PostAsync(tenant, other);

        Assert.True(outcome == new PostingOutcome(null, PostingRefusal.KeyReused), how);
        Assert.Equal(1_000, (await _wallets.FindAsync(tenant))!.Balance.Granted);
    }

    [Fact]
    public async Task A_key_of_one_wallet_says_nothing_in_another()
    {
        var (one, other) = (await WalletAsync(), await WalletAsync());

        await _wallets.PostAsync(one, new WalletPosting("a key", WalletEntryKind.TopUp, 1_000, "a test", "paid"));
        var outcome = await _wallets.PostAsync(other, new WalletPosting("a key", WalletEntryKind.Credit, 5, "a test", "given"));

        Assert.Null(outcome.Refusal);
        Assert.Equal(5, (await _wallets.FindAsync(other))!.Balance.Granted);
    }

    [Fact]
    public async Task What_no_wallet_holds_is_refused()
    {
        var (tenant, none) = (await WalletAsync(), await TenantAsync());
        var all = new WalletPosting("all", WalletEntryKind.TopUp, WalletStore.MaxMicros, "a test", "all there is");

        Assert.Null((await _wallets.PostAsync(tenant, all)).Refusal);
        Assert.Equal(PostingRefusal.TooMuch, (await _wallets.PostAsync(tenant, all with { Key = "more", Micros = 1 })).Refusal);
        Assert.Equal(PostingRefusal.NoWallet, (await _wallets.PostAsync(none, all)).Refusal);
    }

    [Fact]
    public async Task A_threshold_raises_its_event_once_and_again_only_after_it_was_above()
    {
        var tenant = await TenantAsync();
        await _wallets.PutAsync(tenant, creditLimit: 0, blindSeconds: 30, [50, 200], "a test");
        Assert.Equal(["50 0", "200 0"], await EventsAsync(tenant));

        await PostAsync(tenant, 300);
        await PostAsync(tenant, -150);
        await PostAsync(tenant, -50);
        await PostAsync(tenant, -60);
        await PostAsync(tenant, 1);

        Assert.Equal(["50 40", "200 150", "50 0", "200 0"], await EventsAsync(tenant));
    }

    [Fact]
    public async Task A_wallet_without_a_limit_is_never_below()
    {
        var tenant = await TenantAsync();

        await _wallets.PutAsync(tenant, creditLimit: null, blindSeconds: 30, [50], "a test");
        await PostAsync(tenant, -300);
        Assert.Empty(await EventsAsync(tenant));
        await _wallets.PutAsync(tenant, creditLimit: 100, blindSeconds: 30, [50], "a test");

        Assert.Equal(["50 -200"], await EventsAsync(tenant));
    }

    [Fact]
    public async Task What_is_granted_is_the_sum_of_the_entries_and_lists_page_by_id()
    {
        var tenant = await WalletAsync();
        var amounts = new long[] { 700, -20, 3, -1, 90 };
        foreach (var micros in amounts)
            await PostAsync(tenant, micros);

        var first = await _wallets.EntriesAsync(tenant, before: null, limit: 2);
        var second = await _wallets.EntriesAsync(tenant, first[^1].Id, limit: 10);

        Assert.Equal(amounts.Reverse(), first.Concat(second).Select(entry => entry.Micros));
        Assert.Equal(amounts.Sum(), (await _wallets.FindAsync(tenant))!.Balance.Granted);
    }

    private Task<TenantId> TenantAsync() => database.Admin().AddTenantAsync("a customer", "USD");

    private async Task<TenantId> WalletAsync()
    {
        var tenant = await TenantAsync();
        await _wallets.PutAsync(tenant, creditLimit: 0, blindSeconds: 30, [], "a test");
        return tenant;
    }

    private int _keys;

    private async Task PostAsync(TenantId tenant, long micros) => Assert.Null((await _wallets.PostAsync(
        tenant, new WalletPosting($"key {++_keys}", WalletEntryKind.Adjustment, micros, "a test", "to see"))).Refusal);

    /// <summary>Threshold and what was available, the newest first.</summary>
    private async Task<IEnumerable<string>> EventsAsync(TenantId tenant) => (await _wallets.EventsAsync(tenant, before: null, limit: 100)).Select(raised =>
    {
        var detail = System.Text.Json.JsonElement.Parse(raised.Detail);
        return $"{detail.GetProperty("threshold_micros")} {detail.GetProperty("available_micros")}";
    });
}
