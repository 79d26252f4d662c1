using System.Globalization;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;
using Orchestrator.Domain.Tenants;
using Orchestrator.Gateway.Requests;
using Orchestrator.Gateway.Tenants;
using Orchestrator.Storage.Billing;
using Orchestrator.Storage.Tenants;

namespace Orchestrator.Gateway.Billing;

/// <summary>A tenant's account with the one above it: both see it, the one above fills it.</summary>
internal static class WalletsApi
{
    /// <summary>The header that names an entry, so that repeating a request posts nothing twice.</summary>
    public const string KeyHeader = "Idempotency-Key";

    private const int MaxKey = 255;

    public static void MapWallets(this IEndpointRouteBuilder routes)
    {
        var wallet = routes.MapGroup("/v1/tenants/{id}/wallet").WithTags("Wallets")
            .WithMetadata(new RequestSizeLimitAttribute(JsonBody.MaxBytes)).AddEndpointFilter<ApiCallerFilter>();
        wallet.MapGet("", GetAsync).WithName("GetWallet").WithSummary("How a wallet stands: granted, settled, held, available, debt");
        wallet.MapPut("", PutAsync).WithName("PutWallet").WithSummary("Give a tenant below a wallet, or change its settings").Accepts<WalletSettings>("application/json");
        wallet.MapGet("/entries", EntriesAsync).WithName("ListWalletEntries").WithSummary("Top-ups, credits, adjustments and corrections, newest first");
        wallet.MapPost("/entries", PostAsync).WithName("PostWalletEntry").WithSummary("Top up, credit or adjust a wallet, once for each Idempotency-Key")
            .Accepts<NewWalletEntry>("application/json");
        wallet.MapGet("/events", EventsAsync).WithName("ListWalletEvents").WithSummary("What happened to a wallet, such as a threshold that was fallen below, newest first");
    }

    private static async Task<Results<Ok<WalletResponse>, ProblemHttpResult>> GetAsync(
        string id, HttpContext context, TenantScope scope, WalletStore wallets, CancellationToken cancellationToken)
    {
        if (await scope.FindAsync(context, id, cancellationToken) is not { } tenant)
            return Problems.TenantNotFound;
        return await wallets.FindAsync(tenant.Id, cancellationToken) is { } wallet ? TypedResults.Ok(WalletResponse.Of(wallet)) : Problems.WalletNotFound;
    }

    private static async Task<Results<Ok<WalletResponse>, ProblemHttpResult>> PutAsync(
        string id, HttpContext context, TenantScope scope, WalletStore wallets, CancellationToken cancellationToken)
    {
        var (tenant, notBelow) = await scope.FindBelowAsync(context, id, cancellationToken);
        if (tenant is null)
            return notBelow!;
        var (wanted, _, wrong) = await JsonBody.ReadAsync(context.Request, WalletSettings.Read);
        if (wanted is null)
            return wrong!;

        await wallets.PutAsync(
            tenant.Id, wanted.CreditLimitMicros, wanted.BlindSeconds, wanted.Thresholds ?? [], TenantScope.ActorOf(context), cancellationToken);
        return await GetAsync(id, context, scope, wallets, cancellationToken);
    }

    private static async Task<Results<Created<WalletEntryResponse>, ProblemHttpResult>> PostAsync(
        string id, HttpContext context, TenantScope scope, WalletStore wallets, CancellationToken cancellationToken,
        [FromHeader(Name = KeyHeader)] string? key = null)
    {
        var (tenant, notBelow) = await scope.FindBelowAsync(context, id, cancellationToken);
        if (tenant is null)
            return notBelow!;
        var (body, problem) = await JsonBody.ReadAsync(context.Request);
        if (body is null)
            return problem!;
        var wanted = NewWalletEntry.Read(body);
        if (key is not { Length: > 0 and <= MaxKey } || key.Any(c => !char.IsAscii(c) || char.IsControl(c)) || CredentialText.IsIn(key))
            body.Wrong(KeyHeader, $"is required: 1 to {MaxKey} ASCII characters that name this entry and hold no credential");
        if (body.Problem() is { } wrong)
            return wrong;

        var posting = new WalletPosting(key!, wanted.Kind!.Value, wanted.Micros!.Value, TenantScope.ActorOf(context), wanted.Reason!);
        return await AnswerAsync(tenant, posting, wallets, cancellationToken);
    }

    private static async Task<Results<Created<WalletEntryResponse>, ProblemHttpResult>> AnswerAsync(
        TenantRow tenant, WalletPosting posting, WalletStore wallets, CancellationToken cancellationToken)
    {
        var outcome = await wallets.PostAsync(tenant.Id, posting, cancellationToken);
        return outcome.Refusal switch
        {
            PostingRefusal.NoWallet  => Problems.WalletNotFound,
            PostingRefusal.KeyReused => Problems.IdempotencyKeyReused,
            PostingRefusal.TooMuch   => Problems.Invalid(new Dictionary<string, string> { ["micros"] = "would make more than a wallet holds" }),
            _                        => TypedResults.Created($"/v1/tenants/{tenant.Id}/wallet/entries", WalletEntryResponse.Of(outcome.Entry!, tenant.Currency, showsActor: true)),
        };
    }

    private static async Task<Results<Ok<Page<WalletEntryResponse>>, ProblemHttpResult>> EntriesAsync(
        string id, HttpContext context, TenantScope scope, WalletStore wallets, CancellationToken cancellationToken, long? before = null, int limit = 50)
    {
        if (await scope.FindAsync(context, id, cancellationToken) is not { } tenant)
            return Problems.TenantNotFound;
        if (Pages.Problem(limit, before ?? 1) is { } problem)
            return problem;
        var entries = await wallets.EntriesAsync(tenant.Id, before, limit + 1, cancellationToken);
        return TypedResults.Ok(Page<WalletEntryResponse>.Of(
            entries, limit, entry => WalletEntryResponse.Of(entry, tenant.Currency, showsActor: !TenantScope.IsSelf(context, tenant)),
            entry => entry.Id.ToString(CultureInfo.InvariantCulture)));
    }

    private static async Task<Results<Ok<Page<WalletEventResponse>>, ProblemHttpResult>> EventsAsync(
        string id, HttpContext context, TenantScope scope, WalletStore wallets, CancellationToken cancellationToken, long? before = null, int limit = 50)
    {
        if (await scope.FindAsync(context, id, cancellationToken) is not { } tenant)
            return Problems.TenantNotFound;
        if (Pages.Problem(limit, before ?? 1) is { } problem)
            return problem;
        var events = await wallets.EventsAsync(tenant.Id, before, limit + 1, cancellationToken);
        return TypedResults.Ok(Page<WalletEventResponse>.Of(
            events, limit, WalletEventResponse.Of, raised => raised.Id.ToString(CultureInfo.InvariantCulture)));
    }
}
