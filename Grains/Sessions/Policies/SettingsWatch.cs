using System.Text.Json;
using System.Text.Json.Nodes;
using Orchestrator.Domain.Policies;
using Orchestrator.Grains.Providers.OpenAI;

namespace Orchestrator.Grains.Sessions.Policies;

/// <summary>What became of the settings of a session.</summary>
/// <param name="Verdict">What it went against.</param>
/// <param name="Mode">Whether that is enforced.</param>
/// <param name="Answer">What is to be done.</param>
internal sealed record SettingChange(FrameVerdict Verdict, PolicyMode Mode, SidebandAnswer Answer);

/// <summary>
/// The settings of a session whose client speaks to the provider on a way that does not pass us: what they are is what the session was to begin
/// with, or what the tenant's own server has made of them since. The provider tells of every change on its sideband. Safe for several threads.
/// </summary>
internal sealed class SettingsWatch
{
    public const string Updated = "session.updated";
    public const string Update = "session.update";
    public const string Session = "session";

    /// <summary>How long the provider may take to change back what it is told to.</summary>
    public static readonly TimeSpan LongestRevert = TimeSpan.FromSeconds(10);

    /// <summary>How many updates of the tenant's server may be under way; of more, the oldest count as heard.</summary>
    private const int MaxSteered = 16;

    /// <summary>What the provider says of a session beside its settings.</summary>
    private static readonly string[] Told = ["id", "object", "expires_at", "client_secret", "type"];

    private readonly Lock _gate = new();
    private readonly IReadOnlyList<SettingsHold> _holds;
    private readonly TimeProvider _time;
    private readonly List<JsonObject> _steered = [];
    private readonly string? _sealed;
    private JsonObject _begun;
    private string? _kind;
    private long? _openSince;

    private SettingsWatch(IReadOnlyList<SettingsHold> holds, string? sealedSettings, TimeProvider time)
    {
        (_holds, _sealed, _time) = (holds, sealedSettings, time);
        _begun = Begun(asked: null);
    }

    /// <summary>Whether the provider has not changed back for too long what it was told to.</summary>
    public bool IsOverdue
    {
        get
        {
            lock (_gate)
                return _openSince is { } since && _time.GetElapsedTime(since) > LongestRevert;
        }
    }

    /// <summary>The watch for these policies; null where they say nothing of settings.</summary>
    /// <param name="policy">The policies.</param>
    /// <param name="sealedSettings">What the session begins with by its tenant's word; null for nothing.</param>
    /// <param name="time">For how long the provider may take.</param>
    public static SettingsWatch? Of(CompiledPolicy policy, string? sealedSettings, TimeProvider time)
    {
        var holds = new List<SettingsHold>();
        if (policy.Enforced?.NamesClient("session.update"u8) is true)
            holds.Add(new SettingsHold(policy.Enforced, PolicyMode.Enforce));
        if (policy.DryRun?.NamesClient("session.update"u8) is true)
            holds.Add(new SettingsHold(policy.DryRun, PolicyMode.DryRun));
        return holds.Count == 0 ? null : new SettingsWatch(holds, sealedSettings, time);
    }

    /// <summary>The client's offer goes on: what it asks for, the session begins with.</summary>
    public void Offered(ReadOnlySpan<byte> frame)
    {
        var session = Parse(frame);
        lock (_gate)
            _begun = Begun(session);
    }

    /// <summary>Takes what the provider says of the settings; answers what is against the policy, and the frame that changes it back, if that is to be done.</summary>
    public (IReadOnlyList<SettingChange> Changes, byte[]? Revert) Look(ReadOnlySpan<byte> frame)
    {
        var type = FrameType.First(frame);
        var isFirst = type.SequenceEqual("session.created"u8) || type.SequenceEqual("session.started"u8);
        if ((!isFirst && !type.SequenceEqual("session.updated"u8)) || Parse(frame) is not { } heard)
            return ([], null);
        lock (_gate)
        {
            _kind ??= heard["type"]?.GetValueKind() is JsonValueKind.String ? heard["type"]!.GetValue<string>() : null;
            foreach (var name in Told)
                heard.Remove(name);
            var changes = new List<SettingChange>();
            JsonObject? back = null;
            foreach (var hold in _holds)
                back = hold.Look(heard, _begun, _steered, isFirst, changes) ?? back;

            _steered.RemoveRange(0, _steered.FindLastIndex(asked => SettingsTree.Covers(asked, heard)) + 1);
            _openSince = _holds.Any(hold => hold.IsOpen) ? _openSince ?? _time.GetTimestamp() : null;
            return (changes, back is null ? null : OpenAISettings.Update(OpenAISettings.RestoredEvent, back, _kind));
        }
    }

    /// <summary>The tenant's server changes settings: as it asks is how they stand once the provider says so.</summary>
    public void Steered(ReadOnlySpan<byte> frame)
    {
        if (!FrameType.First(frame).SequenceEqual("session.update"u8) || Parse(frame) is not { } session)
            return;
        foreach (var name in Told)
            session.Remove(name);
        lock (_gate)
        {
            _steered.Add(session);
            if (_steered.Count > MaxSteered)
                _steered.RemoveAt(0);
        }
    }

    private JsonObject Begun(JsonObject? asked)
    {
        var begun = OpenAISettings.Merge(_sealed, above: null);
        if (asked is not null)
            OpenAISettings.Lay(asked, begun);
        foreach (var name in Told)
            begun.Remove(name);
        // The provider may call it by another of its names.
        begun.Remove("model");
        return begun;
    }

    private static JsonObject? Parse(ReadOnlySpan<byte> frame)
    {
        try
        {
            return JsonNode.Parse(frame, documentOptions: new JsonDocumentOptions { MaxDepth = 64, AllowDuplicateProperties = false })?[Session] as JsonObject;
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException or ArgumentException)
        {
            // Not of the form that is documented: nothing that could be held.
            return null;
        }
    }
}
