using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using Npgsql;
using Orchestrator.Domain.Billing;
using Orchestrator.Domain.Tenants;

namespace Orchestrator.Storage.Tenants;

/// <summary>A key as it is shown once, to its owner.</summary>
public sealed record NewApiKey(Guid Id, string Key);

/// <summary>Changes to the tree, its keys and its prices. Every process knows of each within its next refresh.</summary>
public sealed class TenantAdmin(Database database, TimeProvider time)
{
    /// <summary>What is kept of a key: its SHA-256, in lower-case hex.</summary>
    public static string HashOf(string key) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(key)));

    /// <summary>Adds a tenant below another, or a root.</summary>
    public async Task<TenantId> AddTenantAsync(
        string name, string currency, TenantId? parent = null, int? maxSessions = null, int? maxSessionSeconds = null, CancellationToken cancellationToken = default)
    {
        var id = Guid.CreateVersion7(time.GetUtcNow());
        await using var command = database.Source.CreateCommand(
            "INSERT INTO tenant (id, parent_id, name, currency, max_sessions, max_session_seconds) VALUES ($1, $2, $3, $4, $5, $6)");
        command.Parameters.Value(id);
        Add(command, parent?.Value);
        command.Parameters.Value(name).Value(currency);
        Add(command, maxSessions);
        Add(command, maxSessionSeconds);
        await command.ExecuteNonQueryAsync(cancellationToken);
        return new TenantId(id);
    }

    /// <summary>The root with this name, if there is one.</summary>
    public async Task<TenantId?> FindRootAsync(string name, CancellationToken cancellationToken = default)
    {
        await using var command = database.Source.CreateCommand("SELECT id FROM tenant WHERE name = $1 AND parent_id IS NULL ORDER BY created_at LIMIT 1");
        command.Parameters.Value(name);
        return await command.ExecuteScalarAsync(cancellationToken) is Guid id ? new TenantId(id) : null;
    }

    /// <summary>Makes a key. It cannot be shown again.</summary>
    public async Task<NewApiKey> AddKeyAsync(TenantId tenant, string name, CancellationToken cancellationToken = default)
    {
        var id = Guid.CreateVersion7(time.GetUtcNow());
        var key = CredentialText.KeyPrefix + Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(32));
        await using var command = database.Source.CreateCommand("INSERT INTO api_key (id, tenant_id, name, sha256) VALUES ($1, $2, $3, decode($4, 'hex'))");
        command.Parameters.Value(id).Value(tenant.Value).Value(name).Value(HashOf(key));
        await command.ExecuteNonQueryAsync(cancellationToken);
        return new NewApiKey(id, key);
    }

    /// <summary>Whether this key opens sessions for this tenant.</summary>
    public async Task<bool> IsKeyOfAsync(TenantId tenant, string key, CancellationToken cancellationToken = default)
    {
        await using var command = database.Source.CreateCommand(
            "SELECT EXISTS (SELECT FROM api_key WHERE tenant_id = $1 AND sha256 = decode($2, 'hex') AND revoked_at IS NULL)");
        command.Parameters.Value(tenant.Value).Value(HashOf(key));
        return (bool)(await command.ExecuteScalarAsync(cancellationToken))!;
    }

    /// <summary>Revokes a key: it and the tokens it minted end, running sessions included. Safe to repeat.</summary>
    public async Task RevokeKeyAsync(Guid key, CancellationToken cancellationToken = default)
    {
        await using var command = database.Source.CreateCommand("UPDATE api_key SET revoked_at = clock_timestamp() WHERE id = $1 AND revoked_at IS NULL");
        command.Parameters.Value(key);
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    /// <summary>Suspends a tenant and all below it, or lets them go on. Safe to repeat.</summary>
    public async Task SuspendAsync(TenantId tenant, bool suspended, CancellationToken cancellationToken = default)
    {
        await using var command = database.Source.CreateCommand(
            "UPDATE tenant SET suspended_at = CASE WHEN $2 THEN clock_timestamp() END WHERE id = $1 AND (suspended_at IS NOT NULL) <> $2");
        command.Parameters.Value(tenant.Value).Value(suspended);
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    /// <summary>Changes how many sessions a tenant and all below it may have live; null lifts the limit.</summary>
    public async Task LimitSessionsAsync(TenantId tenant, int? maxSessions, CancellationToken cancellationToken = default)
    {
        await using var command = database.Source.CreateCommand("UPDATE tenant SET max_sessions = $2 WHERE id = $1");
        command.Parameters.Value(tenant.Value);
        Add(command, maxSessions);
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    /// <summary>
    /// Makes a new price valid from now on. The version that was valid until now ends; generations that locked it keep it.
    /// </summary>
    /// <param name="tenant">Who is charged.</param>
    /// <param name="model">The model, or null for every model without a price of its own.</param>
    /// <param name="price">The price.</param>
    /// <param name="cancellationToken">Cancels the change.</param>
    public async Task SetPriceAsync(TenantId tenant, string? model, Price price, CancellationToken cancellationToken = default)
    {
        await using var connection = await database.Source.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        // The tenant's row makes two changes wait for each other. The clock is read once it is held, in a statement of its own:
        // in the same one it would be read before the wait.
        await using var @lock = new NpgsqlCommand("SELECT id FROM tenant WHERE id = $1 FOR NO KEY UPDATE", connection);
        @lock.Parameters.Value(tenant.Value);
        if (await @lock.ExecuteScalarAsync(cancellationToken) is null)
            throw new InvalidOperationException($"There is no tenant {tenant}.");
        // One instant ends the old version and begins the new one.
        await using var clock = new NpgsqlCommand("SELECT clock_timestamp()", connection);
        var now = (DateTime)(await clock.ExecuteScalarAsync(cancellationToken))!;

        await using var end = new NpgsqlCommand(
            "UPDATE price_version SET valid_until = $3 WHERE tenant_id = $1 AND model IS NOT DISTINCT FROM $2 AND valid_until IS NULL", connection);
        end.Parameters.Value(tenant.Value);
        Add(end, model);
        end.Parameters.Value(now);
        await end.ExecuteNonQueryAsync(cancellationToken);

        await using var begin = new NpgsqlCommand("""
            INSERT INTO price_version (tenant_id, model, micros_per_unit, rounding, step_seconds, minimum_seconds, valid_from) VALUES ($1, $2, $3, $4, $5, $6, $7)
            """, connection);
        begin.Parameters.Value(tenant.Value);
        Add(begin, model);
        begin.Parameters.Value(price.MicrosPerSecond).Value(StorageNames.Of(price.Rounding.Mode)).Value(price.Rounding.StepSeconds).Value(price.Rounding.MinimumSeconds).Value(now);
        await begin.ExecuteNonQueryAsync(cancellationToken);
        await transaction.CommitAsync(cancellationToken);
    }

    private static void Add(NpgsqlCommand command, object? value) => command.Parameters.Add(new NpgsqlParameter { Value = value ?? DBNull.Value });
}
