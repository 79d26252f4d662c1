using Npgsql;
using NpgsqlTypes;
using Orchestrator.Domain.Billing;
using Orchestrator.Domain.Tenants;
using Orchestrator.Storage.Tenants;

namespace Orchestrator.Storage.Billing;

/// <summary>
/// Wallets as people see and change them. Usage is posted elsewhere; both hold the wallet's row while they change it. What makes
/// a repeated posting harmless is the unique key of <c>wallet_entry</c>.
/// </summary>
public sealed class WalletStore(Database database)
{
    /// <summary>More than this, in either direction, no wallet is granted: sums of a few such amounts still fit 64 bits.</summary>
    public const long MaxMicros = 1_000_000_000_000_000_000;

    /// <summary>A tenant's wallet; null when it has none.</summary>
    public async Task<WalletRow?> FindAsync(TenantId tenant, CancellationToken cancellationToken = default)
    {
        await using var command = database.Source.CreateCommand("""
            SELECT t.currency, w.granted_micros, w.settled_micros, w.held_micros, w.credit_limit_micros, w.blind_seconds,
                   ARRAY(SELECT h.micros FROM wallet_threshold h WHERE h.tenant_id = w.tenant_id ORDER BY h.micros DESC),
                   ARRAY(SELECT h.is_below FROM wallet_threshold h WHERE h.tenant_id = w.tenant_id ORDER BY h.micros DESC)
            FROM wallet w JOIN tenant t ON t.id = w.tenant_id WHERE w.tenant_id = $1
            """);
        command.Parameters.Value(tenant.Value);
        return (await command.ListAsync(reader => new WalletRow(
            tenant, reader.GetString(0), new WalletBalance(reader.GetInt64(1), reader.GetInt64(2), reader.GetInt64(3), reader.Number(4)), reader.Count(5),
            [.. reader.GetFieldValue<long[]>(6).Zip(reader.GetFieldValue<bool[]>(7), (micros, isBelow) => new WalletThreshold(micros, isBelow))]),
            cancellationToken)).SingleOrDefault();
    }

    /// <summary>Gives a tenant a wallet, or changes the settings of the one it has. Safe to repeat.</summary>
    /// <param name="tenant">Whose.</param>
    /// <param name="creditLimit">How far it may go below zero; null: nobody is stopped.</param>
    /// <param name="blindSeconds">How long a session may go on unheld while the database is away; null for ever.</param>
    /// <param name="thresholds">Where an event is raised; one that stays keeps whether it was.</param>
    /// <param name="actor">Who says so.</param>
    /// <param name="cancellationToken">Cancels the change.</param>
    public async Task PutAsync(
        TenantId tenant, long? creditLimit, int? blindSeconds, IReadOnlyList<long> thresholds, string actor, CancellationToken cancellationToken = default)
    {
        await using var connection = await database.Source.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        await using var put = new NpgsqlCommand("""
            INSERT INTO wallet (tenant_id, credit_limit_micros, blind_seconds) VALUES ($1, $2, $3)
            ON CONFLICT (tenant_id) DO UPDATE SET credit_limit_micros = excluded.credit_limit_micros, blind_seconds = excluded.blind_seconds
            """, connection);
        put.Parameters.Value(tenant.Value);
        put.Parameters.Add(new NpgsqlParameter { Value = (object?)creditLimit ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.Bigint });
        put.Parameters.Add(new NpgsqlParameter { Value = (object?)blindSeconds ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.Integer });
        await put.ExecuteNonQueryAsync(cancellationToken);

        await using var arm = new NpgsqlCommand("""
            WITH gone AS (DELETE FROM wallet_threshold WHERE tenant_id = $1 AND micros <> ALL ($2))
            INSERT INTO wallet_threshold (tenant_id, micros) SELECT $1, micros FROM unnest($2) AS t (micros) ON CONFLICT DO NOTHING
            """, connection);
        arm.Parameters.Value(tenant.Value).Value(thresholds.Distinct().ToArray());
        await arm.ExecuteNonQueryAsync(cancellationToken);

        await WalletThresholds.EvaluateAsync(connection, [tenant.Value], cancellationToken);
        await AuditTrail.WriteAsync(
            connection, tenant, actor, "wallet_set", new { credit_limit_micros = creditLimit, blind_seconds = blindSeconds, thresholds }, cancellationToken);
        await transaction.CommitAsync(cancellationToken);
    }

    /// <summary>Posts an entry, once however often it is asked for.</summary>
    public async Task<PostingOutcome> PostAsync(TenantId tenant, WalletPosting posting, CancellationToken cancellationToken = default)
    {
        await using var connection = await database.Source.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        if (await GrantedAsync(connection, tenant, cancellationToken) is not { } granted)
            return new PostingOutcome(null, PostingRefusal.NoWallet);

        // Under the wallet's row, so a repetition that comes at the same time finds what the first one wrote.
        if (await FindEntryAsync(connection, tenant, posting.Key, cancellationToken) is { } standing)
        {
            return (standing.Kind, standing.Micros, standing.Reason) == (posting.Kind, posting.Micros, posting.Reason)
                ? new PostingOutcome(standing, null)
                : new PostingOutcome(null, PostingRefusal.KeyReused);
        }

        if (Math.Abs((decimal)granted + posting.Micros) > MaxMicros)
            return new PostingOutcome(null, PostingRefusal.TooMuch);

        var entry = await InsertAsync(connection, tenant, posting, cancellationToken);
        await WalletThresholds.EvaluateAsync(connection, [tenant.Value], cancellationToken);
        await AuditTrail.WriteAsync(connection, tenant, posting.Actor, "wallet_entry_posted", new
        {
            entry = entry.Id,
            key = entry.Key,
            kind = StorageNames.Of(entry.Kind),
            micros = entry.Micros,
            reason = entry.Reason,
        }, cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return new PostingOutcome(entry, null);
    }

    /// <summary>Entries of a wallet, the newest first, before <paramref name="before"/> if given.</summary>
    public async Task<IReadOnlyList<WalletEntry>> EntriesAsync(TenantId tenant, long? before, int limit, CancellationToken cancellationToken = default)
    {
        // The pages of one wallet follow the unique index of its keys at worst; a wallet has few entries beside its usage.
        await using var command = database.Source.CreateCommand(
            $"SELECT {WalletRows.EntryColumns} FROM wallet_entry WHERE tenant_id = $1 AND id < $2 ORDER BY id DESC LIMIT $3");
        command.Parameters.Value(tenant.Value).Value(before ?? long.MaxValue).Value(limit);
        return await command.ListAsync(WalletRows.EntryFromRow, cancellationToken);
    }

    /// <summary>Events of a wallet, the newest first, before <paramref name="before"/> if given.</summary>
    public async Task<IReadOnlyList<WalletEvent>> EventsAsync(TenantId tenant, long? before, int limit, CancellationToken cancellationToken = default)
    {
        await using var command = database.Source.CreateCommand(
            "SELECT id, at, kind, detail::text FROM wallet_event WHERE tenant_id = $1 AND id < $2 ORDER BY id DESC LIMIT $3");
        command.Parameters.Value(tenant.Value).Value(before ?? long.MaxValue).Value(limit);
        return await command.ListAsync(
            reader => new WalletEvent(reader.GetInt64(0), reader.Instant(1)!.Value, reader.GetString(2), reader.GetString(3)), cancellationToken);
    }

    private static async Task<long?> GrantedAsync(NpgsqlConnection connection, TenantId tenant, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand("SELECT granted_micros FROM wallet WHERE tenant_id = $1 FOR NO KEY UPDATE", connection);
        command.Parameters.Value(tenant.Value);
        return (long?)await command.ExecuteScalarAsync(cancellationToken);
    }

    private static async Task<WalletEntry?> FindEntryAsync(NpgsqlConnection connection, TenantId tenant, string key, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand($"SELECT {WalletRows.EntryColumns} FROM wallet_entry WHERE tenant_id = $1 AND key = $2", connection);
        command.Parameters.Value(tenant.Value).Value(key);
        return (await command.ListAsync(WalletRows.EntryFromRow, cancellationToken)).SingleOrDefault();
    }

    private static async Task<WalletEntry> InsertAsync(NpgsqlConnection connection, TenantId tenant, WalletPosting posting, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand($"""
            WITH posted AS (
              INSERT INTO wallet_entry (tenant_id, key, kind, micros, actor, reason) VALUES ($1, $2, $3, $4, $5, $6) RETURNING {WalletRows.EntryColumns}
            ), granted AS (
              UPDATE wallet w SET granted_micros = w.granted_micros + posted.micros FROM posted WHERE w.tenant_id = $1
            )
            SELECT {WalletRows.EntryColumns} FROM posted
            """, connection);
        command.Parameters.Value(tenant.Value).Value(posting.Key).Value(StorageNames.Of(posting.Kind)).Value(posting.Micros).Value(posting.Actor).Value(posting.Reason);
        return (await command.ListAsync(WalletRows.EntryFromRow, cancellationToken)).Single();
    }
}
