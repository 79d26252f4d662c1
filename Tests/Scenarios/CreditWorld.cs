using System.Globalization;
using Npgsql;
using Orchestrator.Domain.Billing;
using Orchestrator.Domain.Tenants;
using Orchestrator.Storage.Billing;
using Orchestrator.Tests.Support;

namespace Orchestrator.Tests.Scenarios;

/// <summary>How a wallet stands, and what the live holds above it say that it should.</summary>
public sealed record WalletBook(WalletBalance Balance, long HeldByHolds, long Entries)
{
    /// <summary>What holds at every instant, whoever is in the middle of what.</summary>
    public void AssertInOrder()
    {
        Assert.Equal(Entries, Balance.Granted);
        Assert.Equal(HeldByHolds, Balance.Held);
        Assert.Equal(Math.Max(0, Balance.Available ?? 0) + Balance.Held + Balance.Settled, Balance.Granted + (Balance.CreditLimit ?? 0) + Balance.Debt);
    }
}

/// <summary>A world in which tenants have wallets.</summary>
public class CreditWorld : World
{
    private int _entries;

    /// <summary>Wallets as an operator keeps them.</summary>
    public WalletStore Wallets => new(Database.Database);

    /// <summary>Gives a tenant a wallet with so many seconds of its price in it.</summary>
    public async Task GiveAsync(TenantId tenant, decimal seconds, int? blindSeconds = 30, long? creditLimit = 0)
    {
        await Wallets.PutAsync(tenant, creditLimit, blindSeconds, [], "a test");
        if (seconds != 0)
            await TopUpAsync(tenant, seconds);
    }

    /// <summary>Adds so many seconds of the price.</summary>
    public async Task TopUpAsync(TenantId tenant, decimal seconds)
    {
        var key = Interlocked.Increment(ref _entries).ToString(CultureInfo.InvariantCulture);
        var posted = await Wallets.PostAsync(tenant, new WalletPosting(key, WalletEntryKind.TopUp, (long)(seconds * MicrosPerSecond), "a test", "to be spent"));
        Assert.Null(posted.Refusal);
    }

    /// <summary>How a wallet stands, in one look.</summary>
    public async Task<WalletBook> WalletAsync(TenantId tenant)
    {
        await using var command = Database.Owner.CreateCommand("""
            SELECT w.granted_micros, w.settled_micros, w.held_micros, w.credit_limit_micros,
                   coalesce((SELECT sum(u.micros) FROM hold h, unnest(h.wallets, h.held_micros) AS u (wallet, micros) WHERE u.wallet = w.tenant_id), 0)::bigint,
                   coalesce((SELECT sum(e.micros) FROM wallet_entry e WHERE e.tenant_id = w.tenant_id), 0)::bigint
            FROM wallet w WHERE w.tenant_id = $1
            """);
        command.Parameters.Add(new NpgsqlParameter { Value = tenant.Value });
        await using var reader = await command.ExecuteReaderAsync();
        Assert.True(await reader.ReadAsync(), $"Tenant {tenant} has no wallet.");
        return new WalletBook(
            new WalletBalance(reader.GetInt64(0), reader.GetInt64(1), reader.GetInt64(2), await reader.IsDBNullAsync(3) ? null : reader.GetInt64(3)),
            reader.GetInt64(4), reader.GetInt64(5));
    }

    /// <summary>Waits until nothing is held of a wallet any more, and answers how it stands then.</summary>
    public async Task<WalletBook> SettledAsync(TenantId tenant)
    {
        var book = await Eventually.SeesAsync($"nothing is held of the wallet of {tenant}", () => WalletAsync(tenant), book => book.Balance.Held == 0);
        book.AssertInOrder();
        return book;
    }
}
