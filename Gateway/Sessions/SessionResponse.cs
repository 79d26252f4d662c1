using System.Text.Json;
using Orchestrator.Domain.Billing;
using Orchestrator.Domain.Sessions;
using Orchestrator.Grains.Sessions;

namespace Orchestrator.Gateway.Sessions;

/// <summary>A page of sessions, newest first.</summary>
/// <param name="Sessions">The sessions.</param>
/// <param name="Next">Pass it as <c>before</c> for the next page; null on the last.</param>
internal sealed record SessionPage(IReadOnlyList<SessionResponse> Sessions, string? Next)
{
    /// <summary>A page of up to <paramref name="limit"/> from rows of which one more was asked for.</summary>
    public static SessionPage Of(IReadOnlyList<SessionRow> rows, int limit) => new(
        [.. rows.Take(limit).Select(row => SessionResponse.Of(row, generations: null))],
        rows.Count > limit ? rows[limit - 1].Id.ToString() : null);
}

/// <summary>
/// A session as the API shows it. Seconds are decimals of thousandths; the charge is what its tenant owes so far. Lists leave
/// out the charge and the generations.
/// </summary>
internal sealed record SessionResponse(
    string Id,
    string Tenant,
    string? EndUser,
    string Model,
    string Dialect,
    JsonElement? Metadata,
    string Phase,
    string? NodeStatus,
    SessionResponse.QueuePlace? Queue,
    SessionResponse.UpstreamLeg Upstream,
    decimal Seconds,
    ChargeResponse? Charge,
    SessionResponse.Closing? Close,
    DateTimeOffset CreatedAt,
    DateTimeOffset ChangedAt,
    DateTimeOffset? EndedAt,
    IReadOnlyList<GenerationResponse>? Generations)
{
    public static SessionResponse Of(SessionRow row, IReadOnlyList<GenerationRow>? generations) => new(
        row.Id.ToString(),
        row.Tenant.ToString(),
        row.EndUser,
        row.Model,
        row.Dialect,
        row.Metadata is null ? null : JsonElement.Parse(row.Metadata),
        row.Phase,
        row.NodeStatus,
        row.QueuePosition is null && row.QueueSize is null ? null : new QueuePlace(row.QueuePosition, row.QueueSize),
        new UpstreamLeg(row.Provider, row.UpstreamSessionId),
        row.GeneratedMs / 1000m,
        generations is null ? null : ChargeResponse.Of(generations),
        row.CloseCode is { } code ? new Closing((int)code, code.Entry().Name, code.Entry().Reason) : null,
        row.CreatedAt,
        row.ChangedAt,
        row.EndedAt,
        generations is null ? null : [.. generations.Select(GenerationResponse.Of)]);

    internal sealed record QueuePlace(int? Position, int? Size);

    internal sealed record UpstreamLeg(string Provider, string? SessionId);

    internal sealed record Closing(int Code, string Name, string Reason);
}

/// <summary>An amount: exact in millionths of the unit, and as people read it.</summary>
internal sealed record ChargeResponse(long Micros, string Currency, string Text)
{
    /// <summary>What all runs of a session cost its tenant so far: each by the price it locked, rounded as that price says.</summary>
    public static ChargeResponse? Of(IReadOnlyList<GenerationRow> generations) => generations.Count == 0
        ? null
        : Of(new Money(generations.Sum(MicrosOf), generations[0].Currency));

    /// <summary>An amount.</summary>
    public static ChargeResponse Of(Money money) => new(money.Micros, money.Currency, money.ToString());

    /// <summary>What one run costs so far.</summary>
    public static long MicrosOf(GenerationRow generation) => generation.Price?.Settled(generation.MarkMs, closed: generation.ClosedAt is not null) ?? 0;
}

/// <summary>One run of a session.</summary>
internal sealed record GenerationResponse(
    int Run,
    decimal Seconds,
    decimal RecordedSeconds,
    decimal? ClaimedSeconds,
    DateTimeOffset StartedAt,
    DateTimeOffset? ClosedAt,
    string? CloseReason,
    GenerationResponse.LockedPrice? Price,
    ChargeResponse Charge,
    IReadOnlyList<GenerationResponse.Range> Ledger)
{
    public static GenerationResponse Of(GenerationRow row) => new(
        row.Run,
        row.MarkMs / 1000m,
        row.LedgeredMs / 1000m,
        row.ClaimedMs / 1000m,
        row.StartedAt,
        row.ClosedAt,
        row.CloseReason,
        row.Price is { } price
            ? new LockedPrice(price.MicrosPerSecond, price.Rounding.Mode, price.Rounding.StepSeconds, price.Rounding.MinimumSeconds)
            : null,
        ChargeResponse.Of(new Money(ChargeResponse.MicrosOf(row), row.Currency)),
        [.. row.Ledger.Select(range => new Range(range.FromMs / 1000m, range.ToMs / 1000m, range.RecordedAt))]);

    internal sealed record LockedPrice(decimal MicrosPerSecond, RoundingMode Rounding, int StepSeconds, int MinimumSeconds);

    internal sealed record Range(decimal From, decimal To, DateTimeOffset RecordedAt);
}

/// <summary>What happened to a session, in order.</summary>
internal sealed record TimelineResponse(IReadOnlyList<TimelineResponse.Happening> Events)
{
    public static TimelineResponse Of(IReadOnlyList<TimelineRow> rows) =>
        new([.. rows.Select(row => new Happening(row.Sequence, row.At, row.Kind, row.Phase, row.Detail is null ? null : JsonElement.Parse(row.Detail)))]);

    internal sealed record Happening(int Sequence, DateTimeOffset At, string Kind, string? Phase, JsonElement? Detail);
}
