using Orchestrator.Domain.Billing.Tokens;
using Orchestrator.Domain.Tenants;
using Orchestrator.Grains.Sessions;
using Orchestrator.Grains.Sessions.Journal;
using Orchestrator.Storage.Billing;
using Orchestrator.Tests.Support;

namespace Orchestrator.Tests.Storage;

/// <summary>What responses used, and prices of tokens, made as the program makes them.</summary>
internal static class BuildTokens
{
    /// <summary>By the million: four dollars for text, thirty-two for audio, ten times less cached, sixteen and sixty-four out.</summary>
    public static readonly TokenPrice Usual = new(4_000_000, 32_000_000, 5_000_000, 400_000, 400_000, 500_000, 16_000_000, 64_000_000, 100_000);

    /// <summary>What one response used.</summary>
    public static TokensUsed Used(SessionOwnership session, string id, params long?[] counts) => new(
        session, TimeProvider.System.GetUtcNow(), Model: null, new TokenUsage(id, TokenSource.Response, new TokenCounts(counts), Input: null, Output: null, []));

    /// <summary>Gives a tenant a price for every model's tokens.</summary>
    public static async Task<long> PriceTokensAsync(this TestDatabase database, TenantId tenant, TokenPrice? price = null, string? model = null) =>
        (await new TokenPriceBook(database.Database).SetAsync(tenant, model, price ?? Usual, from: null, "a test")).Version!.Id;

    /// <summary>Gives a tenant a wallet with so much in it, and no credit beyond.</summary>
    public static async Task AddWalletAsync(this TestDatabase database, TenantId tenant, long micros)
    {
        var wallets = new WalletStore(database.Database);
        await wallets.PutAsync(tenant, creditLimit: 0, blindSeconds: 30, [], "a test");
        if (micros != 0)
            await wallets.PostAsync(tenant, new WalletPosting("a top-up", WalletEntryKind.TopUp, micros, "a test", "paid"));
    }
}
