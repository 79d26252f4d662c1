using System.Text;
using Orchestrator.Domain.Policies;
using Orchestrator.Domain.Sessions;
using Orchestrator.Grains.Interfaces.Sessions;
using Orchestrator.Grains.Policies.Moderation;

namespace Orchestrator.Grains.Sessions.Policies;

/// <summary>What a frame of the client comes to, as far as it alone tells.</summary>
/// <param name="Enforced">What is enforced says so.</param>
/// <param name="DryRun">What is only recorded says so.</param>
/// <param name="IsJudged">Somebody else has to be asked before it may pass.</param>
/// <param name="IsJudgedDry">Somebody else is asked beside.</param>
internal readonly record struct Judgement(FrameVerdict Enforced, FrameVerdict DryRun, bool IsJudged, bool IsJudgedDry)
{
    /// <summary>Whether it passes and nobody has to hear of it: what most frames come to.</summary>
    public bool IsPlainPass => Enforced.IsPass && DryRun.IsPass && !IsJudged && !IsJudgedDry;
}

/// <summary>
/// Holds the frames of one session against the policies that it was opened with. It decides and remembers what it must (rates,
/// settings); what follows is the relay's to do. Frames of the client may come from two pumps.
/// </summary>
internal sealed class SessionPolicy : IDisposable
{
    private readonly SessionId _session;
    private readonly OpenSession _request;
    private readonly PolicyServices _services;
    private readonly CompiledPolicy _policy;
    private readonly Action<Violation> _record;
    private readonly ViolationLog _log = new();
    private readonly CancellationTokenSource _over = new();
    private readonly RateCounts _enforcedRates;
    private readonly RateCounts _dryRates;
    private readonly bool _hasRates;
    private readonly Lock _gate = new();
    private readonly long _startedAt;
    private Task _besides = Task.CompletedTask;

    private SessionPolicy(SessionId session, OpenSession request, PolicyServices services, Action<Violation> record)
    {
        (_session, _request, _services, _record) = (session, request, services, record);
        _policy = CompiledPolicy.Of(request.Policies!);
        _enforcedRates = new RateCounts(_policy.Enforced?.Rates ?? []);
        _dryRates = new RateCounts(_policy.DryRun?.Rates ?? []);
        _hasRates = _policy.Enforced?.Rates.Count > 0 || _policy.DryRun?.Rates.Count > 0;
        _startedAt = services.Time.GetTimestamp();
        LooksAtClient = _policy.Enforced?.LooksAtClient is true || _policy.DryRun?.LooksAtClient is true;
        LooksAtUpstream = _policy.Enforced?.LooksAtUpstream is true || _policy.DryRun?.LooksAtUpstream is true;
        // Elsewhere the client's own frames pass us, and what is locked is held there.
        Settings = request.Surface is ClientSurface.Http ? SettingsWatch.Of(_policy, request.Settings, services.Time) : null;
    }

    /// <summary>Whether anything is said of what the client sends.</summary>
    public bool LooksAtClient { get; }

    /// <summary>Whether anything is said of what the provider sends.</summary>
    public bool LooksAtUpstream { get; }

    /// <summary>What is locked where the client's own frames do not pass us.</summary>
    public SettingsWatch? Settings { get; }

    /// <summary>The policy of a session; null where there is none.</summary>
    public static SessionPolicy? Of(SessionId session, OpenSession request, PolicyServices services, Action<Violation> record) =>
        request.Policies is { Count: > 0 } ? new SessionPolicy(session, request, services, record) : null;

    /// <summary>Holds a frame of the client against the rules. For one that none of them names: two reads of its type and a look into a table.</summary>
    public Judgement Judge(ReadOnlySpan<byte> frame, bool isText)
    {
        ReadOnlySpan<byte> type = default;
        if (!isText || !FrameType.TryRead(frame, out type))
        {
            var unreadable = new FrameVerdict(PolicyRule.Unreadable);
            return new Judgement(
                _policy.Enforced?.LooksAtClient is true ? unreadable : default, _policy.DryRun?.LooksAtClient is true ? unreadable : default, false, false);
        }

        if (!_hasRates)
            return Judge(type, frame, now: 0);
        // What was sent before is counted, and there may be two pumps.
        lock (_gate)
            return Judge(type, frame, Now());
    }

    private Judgement Judge(ReadOnlySpan<byte> type, ReadOnlySpan<byte> frame, long now)
    {
        var enforced = Judge(_policy.Enforced, type, frame, _enforcedRates, now);
        var dry = Judge(_policy.DryRun, type, frame, _dryRates, now);
        return new Judgement(
            enforced, dry,
            enforced.IsPass && _policy.Enforced?.IsJudged(type, frame) is true,
            dry.IsPass && _policy.DryRun?.IsJudged(type, frame) is true);
    }

    /// <summary>Records what a frame of the client went against, and asks about it who is to be asked; whether it passes, and why not.</summary>
    public async ValueTask<FrameRefusal?> ConcludeAsync(Judgement judgement, ReadOnlyMemory<byte> frame)
    {
        var type = FrameType.TryRead(frame.Span, out var read) ? Encoding.UTF8.GetString(read) : null;
        if (!judgement.DryRun.IsPass)
            RecordDry(judgement.DryRun, type);
        else if (judgement.IsJudgedDry)
            JudgeBeside(frame, type);

        if (!judgement.Enforced.IsPass)
            return Refuse(judgement.Enforced, type, words: null);
        return judgement.IsJudged ? await JudgeAsync(_policy.Enforced!, frame, type) : null;
    }

    /// <summary>Whether a frame of the provider is kept from the client; what is against is recorded.</summary>
    public bool Withholds(ReadOnlySpan<byte> frame, bool isText)
    {
        var type = isText ? FrameType.First(frame) : default;
        var passes = _policy.Enforced?.LooksAtUpstream is not true || _policy.Enforced.LetsUpstreamPass(type);
        var passesDry = _policy.DryRun?.LooksAtUpstream is not true || _policy.DryRun.LetsUpstreamPass(type);
        if (!passes)
            Record(new FrameVerdict(PolicyRule.Type), PolicyMode.Enforce, Violation.Upstream, Encoding.UTF8.GetString(type), Withheld);
        if (!passesDry)
            Record(new FrameVerdict(PolicyRule.Type), PolicyMode.DryRun, Violation.Upstream, Encoding.UTF8.GetString(type), Withheld);
        return !passes;
    }

    /// <summary>Records a setting that was changed where it may not be.</summary>
    public void RecordSetting(SettingChange change) =>
        Record(change.Verdict, change.Mode, Violation.Upstream, SettingsWatch.Updated, change.Answer is SidebandAnswer.End ? "end" : "revert");

    /// <summary>The session is over: nobody is asked any more, and what was not told is told.</summary>
    public void Dispose()
    {
        _over.Cancel();
        if (_log.Rest() is { } rest)
            _record(rest);
    }

    private const string Refused = "refuse";
    private const string Passed = "pass";
    private const string Withheld = "withhold";

    private static FrameVerdict Judge(FrameRules? rules, ReadOnlySpan<byte> type, ReadOnlySpan<byte> frame, RateCounts counts, long now) =>
        rules is { LooksAtClient: true } ? rules.JudgeClient(type, frame, counts, now) : FrameVerdict.Passes;

    private long Now() => (long)_services.Time.GetElapsedTime(_startedAt).TotalMilliseconds;

    private async ValueTask<FrameRefusal?> JudgeAsync(FrameRules rules, ReadOnlyMemory<byte> frame, string? type)
    {
        var answer = await AskAsync(rules, frame);
        if (answer.Outcome is ModerationOutcome.Allowed)
            return null;
        var verdict = VerdictOf(answer);
        if (!answer.IsRefusal)
        {
            Record(verdict, PolicyMode.Enforce, Violation.Client, type, Passed);
            return null;
        }

        return Refuse(verdict, type, answer.Reason);
    }

    private Task<ModerationAnswer> AskAsync(FrameRules rules, ReadOnlyMemory<byte> frame) => _services.Moderator.AskAsync(
        new ModerationQuestion(_session.ToString(), _request.Tenant, _request.Model, frame, rules), _over.Token);

    /// <summary>Asks about a copy, so that the frame goes on. In the order of the frames, so that what is recorded is too.</summary>
    private void JudgeBeside(ReadOnlyMemory<byte> frame, string? type)
    {
        if (!_services.Moderator.TryKeep(frame.Length))
        {
            RecordDry(new FrameVerdict(PolicyRule.ModerationFailed), type, _policy.DryRun!.Moderations.Any(one => one.OnFailure is FailMode.Closed) ? Refused : Passed);
            return;
        }

        var copy = frame.ToArray();
        lock (_gate)
            _besides = AfterAsync(_besides);

        async Task AfterAsync(Task before)
        {
            // Not under the lock of who adds it.
            await Task.Yield();
            await before.WaitAsync(CancellationToken.None);
            try
            {
                if (await AskAsync(_policy.DryRun!, copy) is { Outcome: not ModerationOutcome.Allowed } answer && !_over.IsCancellationRequested)
                    RecordNow(VerdictOf(answer), type, answer.IsRefusal ? Refused : Passed);
            }
            finally
            {
                _services.Moderator.Release(copy.Length);
            }
        }
    }

    private static FrameVerdict VerdictOf(ModerationAnswer answer) =>
        new(answer.Outcome is ModerationOutcome.Denied ? PolicyRule.Moderation : PolicyRule.ModerationFailed);

    private FrameRefusal Refuse(in FrameVerdict verdict, string? type, string? words)
    {
        Record(verdict, PolicyMode.Enforce, Violation.Client, type, Refused);
        return new FrameRefusal(words ?? verdict.Words);
    }

    /// <summary>Records behind what is still being judged of frames before.</summary>
    private void RecordDry(FrameVerdict verdict, string? type, string answer = Refused)
    {
        lock (_gate)
        {
            if (!_besides.IsCompleted)
            {
                _besides = AfterAsync(_besides);
                return;
            }
        }

        RecordNow(verdict, type, answer);

        async Task AfterAsync(Task before)
        {
            await before.WaitAsync(CancellationToken.None);
            RecordNow(verdict, type, answer);
        }
    }

    private void RecordNow(in FrameVerdict verdict, string? type, string answer) => Record(verdict, PolicyMode.DryRun, Violation.Client, type, answer);

    private void Record(in FrameVerdict verdict, PolicyMode mode, string direction, string? type, string answer)
    {
        _services.Metrics.Violated(verdict.Rule, mode, direction);
        if (_log.Take(Violation.Of(verdict, mode, direction, type, answer), Now()) is { } told)
            _record(told);
    }
}

/// <summary>Why a frame does not pass, in words for the end user.</summary>
internal sealed record FrameRefusal(string Words);
