using Orchestrator.Domain.Policies;
using Orchestrator.Domain.Tenants;

namespace Orchestrator.Grains.Sessions.Policies;

/// <summary>Something that went against a policy, as the timeline tells it: never what was said.</summary>
/// <param name="Rule">What it went against.</param>
/// <param name="Mode">Whether that is enforced.</param>
/// <param name="Direction">Who sent it: <c>client</c> or <c>upstream</c>.</param>
/// <param name="Frame">The type, where it looks like one.</param>
/// <param name="Path">The field.</param>
/// <param name="Limit">The number that was gone beyond.</param>
/// <param name="Answer">What was done about it, or would have been.</param>
/// <param name="More">How many there were since the last that is told, which are not told one by one.</param>
internal sealed record Violation(
    string Rule, string Mode, string Direction, string? Frame, string? Path, int? Limit, string Answer, int? More = null)
{
    public const string Client = "client";
    public const string Upstream = "upstream";

    public static Violation Of(in FrameVerdict verdict, PolicyMode mode, string direction, string? type, string answer) => new(
        PolicyMetrics.WordOf(verdict.Rule),
        PolicyMetrics.WordOf(mode),
        direction,
        // The client writes it, and may write into it what it likes.
        FrameType.IsPlain(type) && !CredentialText.IsIn(type!) ? type : null,
        verdict.Path,
        verdict.Limit == 0 ? null : verdict.Limit,
        answer);
}

/// <summary>
/// How violations of one session are told: the first of them each, and then one a second, with how many came between. A client
/// that does nothing else fills no journal.
/// </summary>
internal sealed class ViolationLog
{
    private const int AtOnce = 50;

    private readonly RateCounts _told = new([new RateRule("", AtOnce, AtOnce * 1_000)]);
    private readonly Lock _gate = new();
    private Violation? _last;
    private int _untold;

    /// <summary>What is to be told now; null when it is kept for later.</summary>
    public Violation? Take(Violation violation, long now)
    {
        lock (_gate)
        {
            if (!_told.TryAdd([0], now))
            {
                _untold++;
                _last = violation;
                return null;
            }

            var told = _untold == 0 ? violation : violation with { More = _untold };
            _untold = 0;
            return told;
        }
    }

    /// <summary>What was kept and not told; null when nothing was.</summary>
    public Violation? Rest()
    {
        lock (_gate)
        {
            var rest = _untold == 0 ? null : _last! with { More = _untold == 1 ? null : _untold - 1 };
            _untold = 0;
            return rest;
        }
    }
}
