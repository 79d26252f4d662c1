using System.Text.Json;
using System.Text.Json.Nodes;
using Orchestrator.Domain.Policies;

namespace Orchestrator.Grains.Sessions.Policies;

/// <summary>What became of the settings of a session.</summary>
/// <param name="Path">A locked field that was changed.</param>
/// <param name="Mode">Whether that is enforced.</param>
/// <param name="Answer">What is to be done.</param>
internal sealed record SettingChange(string Path, PolicyMode Mode, SidebandAnswer Answer);

/// <summary>
/// Locked settings of a session whose client speaks to the provider on a way that does not pass us: what they are is what they were
/// when the session began, or what the tenant's own server has made of them since. The provider tells of every change on its sideband.
/// </summary>
internal sealed class SettingsWatch
{
    public const string Created = "session.created";
    public const string Updated = "session.updated";
    public const string Update = "session.update";

    private const string Session = "session";

    /// <summary>Who changes them again and again is not changed back for ever.</summary>
    private const int MaxReverts = 10;

    private readonly Lock _gate = new();
    private readonly List<(string[] Steps, string Path, PolicyMode Mode, SidebandAnswer Answer)> _locked;
    private readonly Dictionary<string, JsonNode?> _standing = new(StringComparer.Ordinal);
    private readonly Dictionary<string, JsonNode?> _tried = new(StringComparer.Ordinal);
    private readonly HashSet<string> _steered = new(StringComparer.Ordinal);
    private string? _kind;
    private bool _isKnown;
    private int _reverts;

    private SettingsWatch(List<(string[], string, PolicyMode, SidebandAnswer)> locked) => _locked = locked;

    /// <summary>The watch for these policies; null where they lock nothing of a session.</summary>
    public static SettingsWatch? Of(CompiledPolicy policy)
    {
        var locked = new List<(string[], string, PolicyMode, SidebandAnswer)>();
        foreach (var (rules, mode) in new (FrameRules?, PolicyMode)[] { (policy.Enforced, PolicyMode.Enforce), (policy.DryRun, PolicyMode.DryRun) })
        {
            foreach (var field in rules?.Locked ?? [])
            {
                var steps = FieldPath.StepsOf(field.Path).ToArray();
                if (field.Type == Update && steps is [Session, _, ..] && !steps.Contains(""))
                    locked.Add((steps, field.Path, mode, rules!.OnSideband));
            }
        }

        return locked.Count == 0 ? null : new SettingsWatch(locked);
    }

    /// <summary>Takes what the provider says of the settings; answers what is against the policy, and the frame that changes it back, if that is to be done.</summary>
    public (IReadOnlyList<SettingChange> Changes, byte[]? Revert) Look(ReadOnlySpan<byte> frame)
    {
        var type = FrameType.First(frame);
        var isFirst = type.SequenceEqual("session.created"u8) || type.SequenceEqual("session.started"u8);
        if ((!isFirst && !type.SequenceEqual("session.updated"u8)) || Parse(frame) is not { } session)
            return ([], null);
        lock (_gate)
        {
            _kind ??= session["type"]?.GetValueKind() is JsonValueKind.String ? session["type"]!.GetValue<string>() : null;
            if (!_isKnown)
            {
                _isKnown = true;
                foreach (var field in _locked)
                    _standing[field.Path] = At(session, field.Steps)?.DeepClone();
                return ([], null);
            }

            return Compare(session);
        }
    }

    /// <summary>The tenant's server changes settings: what the provider makes of it is what they are from then on.</summary>
    public void Steered(ReadOnlySpan<byte> frame)
    {
        if (!FrameType.First(frame).SequenceEqual("session.update"u8) || Parse(frame) is not { } session)
            return;
        lock (_gate)
        {
            foreach (var field in _locked.Where(field => Has(session, field.Steps)))
                _steered.Add(field.Path);
        }
    }

    private (IReadOnlyList<SettingChange>, byte[]?) Compare(JsonObject session)
    {
        var changes = new List<SettingChange>();
        JsonObject? revert = null;
        foreach (var field in _locked)
        {
            var now = At(session, field.Steps);
            if (_steered.Contains(field.Path))
                _standing[field.Path] = now?.DeepClone();
            if (JsonNode.DeepEquals(now, _standing[field.Path]))
            {
                _tried.Remove(field.Path);
                continue;
            }

            // A model cannot be changed back, and no provider lets it be changed.
            var answer = field.Answer is SidebandAnswer.End || _reverts >= MaxReverts || field.Path == "session.model" ? SidebandAnswer.End : SidebandAnswer.Revert;
            if (field.Mode is PolicyMode.DryRun)
            {
                // It stays as it is; enforced it would have been changed back, and would not be told again.
                if (_tried.TryGetValue(field.Path, out var known) && JsonNode.DeepEquals(now, known))
                    continue;
                _tried[field.Path] = now?.DeepClone();
            }

            changes.Add(new SettingChange(field.Path, field.Mode, answer));
            if (field.Mode is PolicyMode.Enforce && answer is SidebandAnswer.Revert)
                Put(revert ??= [], field.Steps, _standing[field.Path]?.DeepClone());
        }

        _steered.Clear();
        if (revert is null || changes.Exists(change => change is { Mode: PolicyMode.Enforce, Answer: SidebandAnswer.End }))
            return (changes, null);
        _reverts++;
        if (_kind is not null && revert[Session] is JsonObject settings)
            settings["type"] = _kind;
        return (changes, JsonSerializer.SerializeToUtf8Bytes(new JsonObject { ["type"] = Update, [Session] = revert[Session]!.DeepClone() }));
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

    private static JsonNode? At(JsonObject session, string[] steps)
    {
        JsonNode? node = session;
        foreach (var step in steps.AsSpan(1))
            node = (node as JsonObject)?[step];
        return node;
    }

    private static bool Has(JsonObject session, string[] steps)
    {
        var node = session;
        foreach (var step in steps.AsSpan(1))
        {
            if (!node.TryGetPropertyValue(step, out var next))
                return false;
            if (next is not JsonObject below)
                return true;
            node = below;
        }

        return true;
    }

    private static void Put(JsonObject root, string[] steps, JsonNode? value)
    {
        var node = root;
        foreach (var step in steps.AsSpan(0, steps.Length - 1))
        {
            if (node[step] is not JsonObject below)
                node[step] = below = [];
            node = below;
        }

        node[steps[^1]] = value;
    }
}
