using System.ComponentModel.DataAnnotations;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Extensions.Options;
using Orchestrator.Domain.Tenants;
using Orchestrator.Gateway.Requests;
using Orchestrator.Storage.Tenants;

namespace Orchestrator.Gateway.Tenants;

/// <summary>Addresses that are nobody's. Section <c>Hosts</c>.</summary>
internal sealed class TenantHostOptions : IValidatableObject
{
    /// <summary>Names that no tenant is given; with a dot at its beginning all names that end so. The platform's own belong here.</summary>
    public IList<string> Reserved { get; init; } = [];

    /// <summary>Whether that is one of them.</summary>
    public bool IsReserved(string host) => Reserved.Any(reserved =>
        reserved.StartsWith('.') ? host.EndsWith(reserved, StringComparison.OrdinalIgnoreCase) : host.Equals(reserved, StringComparison.OrdinalIgnoreCase));

    /// <inheritdoc/>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (Reserved.Any(string.IsNullOrWhiteSpace))
            yield return new("Hosts:Reserved holds an empty name, which would reserve nothing.");
    }
}

/// <summary>An address to be given to a tenant.</summary>
/// <param name="Host">Its name, such as <c>video.shop.example</c>.</param>
internal sealed record NewHost(string? Host)
{
    public static NewHost Read(JsonBody body)
    {
        var host = body.Text("host", HostName.MaxLength + 1, required: true) is { } text ? HostName.Normal(text) : null;
        if (host is not null && !HostName.IsValid(host))
            body.Wrong("host", "must be the name of a host, such as video.shop.example");
        return new NewHost(host);
    }
}

/// <summary>An address of a tenant.</summary>
internal sealed record HostResponse(string Host, DateTimeOffset AddedAt);

/// <summary>Addresses of a tenant.</summary>
internal sealed record HostList(IReadOnlyList<HostResponse> Hosts);

/// <summary>
/// Addresses of tenants. At one that belongs to a tenant only credentials count that are its own, of those below it, or of those
/// above; at all others everybody's do. A root has its own given by itself, everybody else by one above.
/// </summary>
internal static class HostsApi
{
    public static void MapHosts(this IEndpointRouteBuilder routes)
    {
        var hosts = routes.MapGroup("/v1/tenants/{id}/hosts").WithTags("Tenants")
            .WithMetadata(new RequestSizeLimitAttribute(JsonBody.MaxBytes)).AddEndpointFilter<ApiCallerFilter>();
        hosts.MapGet("", ListAsync).WithName("ListHosts").WithSummary("Addresses that belong to a tenant");
        hosts.MapPost("", AddAsync).WithName("AddHost").WithSummary("Give a tenant an address: from then on only credentials of its tree count there")
            .Accepts<NewHost>("application/json");
        hosts.MapDelete("/{host}", RemoveAsync).WithName("RemoveHost").WithSummary("Take an address away from a tenant: it is served for everybody again");
    }

    private static async Task<Results<Ok<HostList>, ProblemHttpResult>> ListAsync(
        string id, HttpContext context, TenantScope scope, HostAdmin hosts, CancellationToken cancellationToken)
    {
        if (await scope.FindAsync(context, id, cancellationToken) is not { } tenant)
            return Problems.TenantNotFound;
        var rows = await hosts.ListAsync(tenant.Id, cancellationToken);
        return TypedResults.Ok(new HostList([.. rows.Select(row => new HostResponse(row.Host, row.AddedAt))]));
    }

    private static async Task<Results<NoContent, ProblemHttpResult>> AddAsync(
        string id, HttpContext context, TenantScope scope, HostAdmin hosts, IOptions<TenantHostOptions> options, CancellationToken cancellationToken)
    {
        var (tenant, notIts) = await FindAsync(id, context, scope, cancellationToken);
        if (tenant is null)
            return notIts!;
        var (wanted, _, wrong) = await JsonBody.ReadAsync(context.Request, NewHost.Read);
        if (wanted is null)
            return wrong!;
        if (options.Value.IsReserved(wanted.Host!))
            return Problems.HostTaken;
        return await hosts.AddAsync(tenant.Id, wanted.Host!, TenantScope.ActorOf(context), cancellationToken) switch
        {
            HostOutcome.Taken   => Problems.HostTaken,
            HostOutcome.TooMany => Problems.TooManyHosts,
            _                   => TypedResults.NoContent(),
        };
    }

    private static async Task<Results<NoContent, ProblemHttpResult>> RemoveAsync(
        string id, string host, HttpContext context, TenantScope scope, HostAdmin hosts, CancellationToken cancellationToken)
    {
        var (tenant, notIts) = await FindAsync(id, context, scope, cancellationToken);
        if (tenant is null)
            return notIts!;
        return await hosts.RemoveAsync(tenant.Id, HostName.Normal(host), TenantScope.ActorOf(context), cancellationToken) ? TypedResults.NoContent() : Problems.HostNotFound;
    }

    private static async Task<(TenantRow? Tenant, ProblemHttpResult? Problem)> FindAsync(
        string id, HttpContext context, TenantScope scope, CancellationToken cancellationToken) =>
        await scope.FindAsync(context, id, cancellationToken) is not { } tenant ? (null, Problems.TenantNotFound)
        : TenantScope.IsSelf(context, tenant) && tenant.Depth > 1 ? (null, Problems.AboveOnly)
        : (tenant, null);
}
