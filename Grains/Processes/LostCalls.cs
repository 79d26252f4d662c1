using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using Orchestrator.Domain.Sessions;
using Orchestrator.Grains.Hosting;
using Orchestrator.Grains.Providers;

namespace Orchestrator.Grains.Processes;

/// <summary>
/// Calls of lost processes, which go on at their providers: hung up before their sessions are finished, beside the reaper's turns, so that a provider that is slow
/// keeps nobody else's session open. One that does not answer is asked for a minute; then the session is finished at its mark.
/// </summary>
public sealed partial class LostCalls(
    IProcessStore store, ProviderCatalog providers, IEnumerable<ICallHangUp> hangUps, TimeProvider time, ILogger<LostCalls> logger)
{
    /// <summary>How many calls are hung up at once.</summary>
    private const int MaxUnderWay = 32;

    private const int MaxFound = 200;

    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);

    private readonly Dictionary<string, (ProviderEntry Provider, ICallHangUp HangUp)> _providers =
        (from provider in providers.All from hangUp in hangUps where provider.Dialect.Name == hangUp.Dialect select (provider, hangUp)).ToDictionary(pair => pair.provider.Name);

    private readonly ConcurrentDictionary<SessionId, LostCall> _calls = new();

    /// <summary>What is known of the calls whose sessions may be finished now, and which may not yet.</summary>
    /// <param name="process">Who asks.</param>
    /// <param name="cancellationToken">Gives it up.</param>
    public async Task<CallsOfLost> LookAsync(long process, CancellationToken cancellationToken)
    {
        if (_providers.Count == 0)
            return CallsOfLost.None;
        var found = await store.FindLostAsync(process, [.. _providers.Keys], MaxFound, cancellationToken);
        var present = found.Select(lost => lost.Session).ToHashSet();
        foreach (var session in _calls.Keys.Where(session => !present.Contains(session)))
            _calls.TryRemove(session, out _);

        List<HungUp> settled = [];
        List<SessionId> unsettled = [];
        foreach (var lost in found.Where(lost => _providers[lost.Provider].HangUp.IsCall(lost.Upstream)))
        {
            var call = _calls.GetOrAdd(lost.Session, _ => new LostCall(time.GetTimestamp()));
            if (call.HungUpAt is { } at)
                settled.Add(new HungUp(lost.Session, time.GetElapsedTime(at)));
            else if (!call.WasOver && time.GetElapsedTime(call.Since) < Patience)
                unsettled.Add(lost.Session);
            if (!call.IsSettled && !call.IsUnderWay && _calls.Values.Count(other => other.IsUnderWay) < MaxUnderWay)
                Begin(lost, call);
        }

        return new CallsOfLost(settled, unsettled);
    }

    private void Begin(LostUpstream lost, LostCall call)
    {
        call.IsUnderWay = true;
        var (provider, hangUp) = _providers[lost.Provider];
        _ = Background.RunAsync(async () =>
        {
            try
            {
                var outcome = await hangUp.HangUpAsync(provider, lost.Upstream, CancellationToken.None);
                call.WasOver = outcome is HangUpOutcome.WasOver;
                call.HungUpAt = outcome is HangUpOutcome.HungUp ? time.GetTimestamp() : null;
                LogAsked(lost.Session, lost.Provider, outcome);
            }
            finally
            {
                call.IsUnderWay = false;
            }
        });
    }

    [LoggerMessage(1303, LogLevel.Information, "The call of session {Session} with provider {Provider}, left by a lost process, was hung up: {Outcome}")]
    private partial void LogAsked(SessionId session, string provider, HangUpOutcome outcome);

    /// <summary>What is known of one. Written by its hang-up, read by the reaper's turn.</summary>
    private sealed class LostCall(long since)
    {
        private long _hungUpAt;
        private volatile bool _wasOver;
        private volatile bool _isUnderWay;

        public long Since => since;

        public bool WasOver { get => _wasOver; set => _wasOver = value; }

        public bool IsUnderWay { get => _isUnderWay; set => _isUnderWay = value; }

        public long? HungUpAt
        {
            get => Volatile.Read(ref _hungUpAt) is var at and not 0 ? at : null;
            set => Volatile.Write(ref _hungUpAt, value ?? 0);
        }

        public bool IsSettled => WasOver || HungUpAt is not null;
    }
}
