using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using Orchestrator.Domain.Billing;
using Orchestrator.Domain.Tenants;
using Orchestrator.Storage.Billing;

namespace Orchestrator.Storage.Tenants;

/// <summary>A key as it is shown once, to its owner.</summary>
public sealed record NewApiKey(Guid Id, string Key);

/// <summary>
/// Changes to the tree, its keys and its prices, each with its row in the audit. Every process knows of each within its next
/// refresh.
/// </summary>
/// <param name="database">Where.</param>
/// <param name="time">For ids that sort by age.</param>
/// <param name="actor">Who makes the changes.</param>
public sealed class TenantAdmin(Database database, TimeProvider time, string actor = TenantAdmin.Operator)
{
    /// <summary>Who works at the program's own command line and gives no name.</summary>
    public const string Operator = "operator";

    /// <summary>The same for somebody else.</summary>
    public TenantAdmin As(string who) => new(database, time, who);

    /// <summary>What is kept of a key: its SHA-256, in lower-case hex.</summary>
    public static string HashOf(string key) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(key)));

    /// <summary>Adds a tenant below another, or a root.</summary>
    public async Task<TenantId> AddTenantAsync(
        string name, string currency, TenantId? parent = null, int? maxSessions = null, int? maxSessionSeconds = null, CancellationToken cancellationToken = default)
    {
        var id = Guid.CreateVersion7(time.GetUtcNow());
        await using var command = database.Source.CreateCommand("""
            WITH added AS (
              INSERT INTO tenant (id, parent_id, name, currency, max_sessions, max_session_seconds) VALUES ($2, $3, $4, $5, $6, $7) RETURNING *
            )
            INSERT INTO audit (tenant_id, actor, action, detail)
            SELECT id, $1, 'tenant_added', jsonb_build_object('parent', parent_id, 'name', name, 'max_sessions', max_sessions, 'max_session_seconds', max_session_seconds)
            FROM added
            """);
        command.Parameters.Value(actor).Value(id).Optional(parent?.Value).Value(name).Value(currency).Optional(maxSessions).Optional(maxSessionSeconds);
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
        await using var command = database.Source.CreateCommand("""
            WITH added AS (INSERT INTO api_key (id, tenant_id, name, sha256) VALUES ($2, $3, $4, decode($5, 'hex')) RETURNING *)
            INSERT INTO audit (tenant_id, actor, action, detail) SELECT tenant_id, $1, 'key_added', jsonb_build_object('key', id, 'name', name) FROM added
            """);
        command.Parameters.Value(actor).Value(id).Value(tenant.Value).Value(name).Value(HashOf(key));
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
        await using var command = database.Source.CreateCommand("""
            WITH revoked AS (UPDATE api_key SET revoked_at = clock_timestamp() WHERE id = $2 AND revoked_at IS NULL RETURNING *)
            INSERT INTO audit (tenant_id, actor, action, detail) SELECT tenant_id, $1, 'key_revoked', jsonb_build_object('key', id, 'name', name) FROM revoked
            """);
        command.Parameters.Value(actor).Value(key);
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    /// <summary>Suspends a tenant and all below it, or lets them go on. Safe to repeat.</summary>
    public async Task SuspendAsync(TenantId tenant, bool suspended, CancellationToken cancellationToken = default)
    {
        await using var command = database.Source.CreateCommand("""
            WITH changed AS (
              UPDATE tenant SET suspended_at = CASE WHEN $3 THEN clock_timestamp() END WHERE id = $2 AND (suspended_at IS NOT NULL) <> $3 RETURNING id
            )
            INSERT INTO audit (tenant_id, actor, action, detail) SELECT id, $1, CASE WHEN $3 THEN 'tenant_suspended' ELSE 'tenant_resumed' END, '{}' FROM changed
            """);
        command.Parameters.Value(actor).Value(tenant.Value).Value(suspended);
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    /// <summary>Changes how many sessions a tenant and all below it may have live; null lifts the limit.</summary>
    public async Task LimitSessionsAsync(TenantId tenant, int? maxSessions, CancellationToken cancellationToken = default)
    {
        await using var command = database.Source.CreateCommand("""
            WITH changed AS (UPDATE tenant SET max_sessions = $3 WHERE id = $2 RETURNING *)
            INSERT INTO audit (tenant_id, actor, action, detail) SELECT id, $1, 'limit_set', jsonb_build_object('max_sessions', max_sessions) FROM changed
            """);
        command.Parameters.Value(actor).Value(tenant.Value).Optional(maxSessions);
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    /// <summary>Changes how long a session of a tenant or below it may run; null lifts the limit. It counts for sessions that open from now on.</summary>
    public async Task LimitDurationAsync(TenantId tenant, int? maxSessionSeconds, CancellationToken cancellationToken = default)
    {
        await using var command = database.Source.CreateCommand("""
            WITH changed AS (UPDATE tenant SET max_session_seconds = $3 WHERE id = $2 RETURNING *)
            INSERT INTO audit (tenant_id, actor, action, detail)
            SELECT id, $1, 'limit_set', jsonb_build_object('max_session_seconds', max_session_seconds) FROM changed
            """);
        command.Parameters.Value(actor).Value(tenant.Value).Optional(maxSessionSeconds);
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    /// <summary>Makes a new price valid from now on; see <see cref="PriceBook"/>.</summary>
    /// <param name="tenant">Who is charged.</param>
    /// <param name="model">The model, or null for every model without a price of its own.</param>
    /// <param name="price">The price.</param>
    /// <param name="cancellationToken">Cancels the change.</param>
    public async Task SetPriceAsync(TenantId tenant, string? model, Price price, CancellationToken cancellationToken = default)
    {
        var change = await new PriceBook(database).SetAsync(tenant, model, price, from: null, actor, cancellationToken);
        if (change.Refusal is { } refusal)
            throw new InvalidOperationException($"No price begins now: {refusal}.");
    }
}
