using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Text.Json.Nodes;
using Orchestrator.Simulator.Oracles;
using Orchestrator.Simulator.Providers.OpenAILive;

namespace Orchestrator.Simulator.Providers.OpenAI;

/// <summary>
/// A provider that speaks OpenAI's Realtime API: calls by REST with sidebands, and sessions on WebSockets. Any model is served whose name begins with
/// <c>gpt-</c>, <c>sim-</c> or <c>test-</c>. Safe for any thread.
/// </summary>
public sealed class OpenAITwin
{
    /// <summary>Where its WebSockets are; its REST calls are below.</summary>
    public const string Path = "/v1/realtime";

    private const int MaxSessions = 16_384;

    private static readonly string[] Models = ["gpt-", "sim-", "test-"];

    private readonly SimulatorOptions _options;
    private readonly Truth _truths;
    private readonly ConcurrentDictionary<string, RealtimeSession> _sessions = new(StringComparer.Ordinal);
    private readonly ConcurrentQueue<RealtimeSession> _order = new();
    private readonly ConcurrentDictionary<string, RealtimePlan> _plans = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, (JsonObject? Session, DateTimeOffset ExpiresAt)> _secrets = new(StringComparer.Ordinal);
    private readonly ConcurrentQueue<string> _asked = new();
    private readonly string _run = RandomNumberGenerator.GetHexString(6, lowercase: true);
    private long _opened;

    internal OpenAITwin(SimulatorOptions options, Truth truths)
    {
        (_options, _truths) = (options, truths);
        Live = new LiveTwin(this, truths);
    }

    /// <summary>The provider's Live API.</summary>
    public LiveTwin Live { get; }

    /// <summary>What answers an offer, where a peer is there for its media: the answer's SDP.</summary>
    public Func<string, CancellationToken, Task<string>>? MediaPeer { get; set; }

    /// <summary>Every session, oldest first.</summary>
    public IReadOnlyList<RealtimeSession> Sessions => [.. _order];

    /// <summary>What its REST calls were asked, oldest first: the line of the request and its body. At most the newest thousand.</summary>
    public IReadOnlyList<string> Asked => [.. _asked];

    /// <summary>The only key that is let in; secrets made with it are too.</summary>
    public string ApiKey => _options.ApiKey;

    internal TimeProvider Time => _options.TimeProvider;

    /// <summary>Sets what goes wrong with the sessions of a model from now on.</summary>
    public void Plan(string model, RealtimePlan plan) => _plans[model] = plan;

    /// <summary>The session of that name, or null.</summary>
    public RealtimeSession? Find(string id) => _sessions.GetValueOrDefault(id);

    internal RealtimePlan PlanOf(string model) => _plans.GetValueOrDefault(model) ?? new RealtimePlan();

    internal static bool Serves(string? model) => model is not null && Models.Any(prefix => model.StartsWith(prefix, StringComparison.Ordinal));

    internal RealtimeSession Open(string model, JsonObject settings, bool isCall, string credential)
    {
        var id = $"{(isCall ? "rtc_" : "")}{_run}{Interlocked.Increment(ref _opened):x6}";
        var session = new RealtimeSession(id, model, settings, isCall, credential, PlanOf(model), _truths);
        _sessions[id] = session;
        _order.Enqueue(session);
        while (_order.Count > MaxSessions && _order.TryDequeue(out var oldest))
            _sessions.TryRemove(oldest.Id, out _);
        return session;
    }

    internal void Note(string asked)
    {
        _asked.Enqueue(asked);
        while (_asked.Count > 1_000)
            _asked.TryDequeue(out _);
    }

    internal (string Value, DateTimeOffset ExpiresAt) Mint(JsonObject? session, TimeSpan expiresIn)
    {
        var (value, expiresAt) = ($"ek_{RandomNumberGenerator.GetHexString(32, lowercase: true)}", _options.TimeProvider.GetUtcNow() + expiresIn);
        _secrets[value] = (session, expiresAt);
        return (value, expiresAt);
    }

    /// <summary>Whether a credential is let in; a secret brings its settings.</summary>
    internal bool LetsIn([NotNullWhen(true)] string? credential, out JsonObject? session)
    {
        session = null;
        if (credential is null)
            return false;
        if (credential == _options.ApiKey)
            return true;
        if (!_secrets.TryGetValue(credential, out var secret) || secret.ExpiresAt <= _options.TimeProvider.GetUtcNow())
            return false;
        session = secret.Session?.DeepClone().AsObject();
        return true;
    }

    internal void DropAll()
    {
        foreach (var session in Sessions.Concat<VoiceSession>(Live.Sessions))
            session.DropSidebands();
    }
}
