using System.Text.Json;
using System.Text.Json.Nodes;
using Orchestrator.Domain.Policies;
using Orchestrator.Grains.Providers.OpenAI;

namespace Orchestrator.Grains.Sessions.Policies;

/// <summary>
/// Holds the settings of a session against one set of rules: each change is judged as the update that would have made it, by the rules that such
/// an update is judged by where it passes us. Not for several threads.
/// </summary>
internal sealed class SettingsHold(FrameRules rules, PolicyMode mode)
{
    private const string Model = "model";

    /// <summary>Who changes them again and again is not changed back for ever.</summary>
    private const int MaxReverts = 10;

    private readonly Dictionary<string, JsonObject> _open = new(StringComparer.Ordinal);
    private JsonObject? _standing;
    private int _reverts;

    /// <summary>Whether something was to be changed back, and was not heard to be.</summary>
    public bool IsOpen => mode is PolicyMode.Enforce && _open.Count > 0;

    /// <summary>Takes what the settings are; adds what is against the rules, and answers what changes it back, if that is to be done.</summary>
    /// <param name="heard">As the provider has them.</param>
    /// <param name="begun">What the session was to begin with.</param>
    /// <param name="steered">What the tenant's server asked for since, that was not heard yet.</param>
    /// <param name="isNew">Whether they are told on a new connection: what was said on the last may have been lost with it.</param>
    /// <param name="changes">Takes what is against the rules.</param>
    public JsonObject? Look(JsonObject heard, JsonObject begun, IReadOnlyList<JsonObject> steered, bool isNew, List<SettingChange> changes)
    {
        if (_standing is null)
        {
            // Its client may have been faster than our first look. What nobody asked for is taken as it is.
            _standing = heard.DeepClone().AsObject();
            OpenAISettings.Lay(SettingsTree.Missing(begun, heard), _standing);
        }

        var difference = SettingsTree.Difference(_standing, heard);
        foreach (var asked in steered)
            SettingsTree.Forgive(difference, asked, _standing);

        var against = new JsonObject();
        var (isNews, isFinal, known) = (false, false, new HashSet<string>(StringComparer.Ordinal));
        while (difference.Count > 0 && Judge(difference) is { IsPass: false } verdict)
        {
            var key = verdict.Path ?? "";
            var part = TakeOut(difference, verdict.Path);
            OpenAISettings.Lay(part, against);
            var isFinalPart = rules.OnSideband is SidebandAnswer.End || _reverts >= MaxReverts || part.ContainsKey(Model);
            // A change that is on its way back, or would be, is told once.
            if (known.Add(key) && !(_open.TryGetValue(key, out var told) && JsonNode.DeepEquals(told, part)))
            {
                changes.Add(new SettingChange(verdict, mode, isFinalPart ? SidebandAnswer.End : SidebandAnswer.Revert));
                isNews = true;
            }

            isFinal |= isFinalPart;
            _open[key] = part;
        }

        foreach (var gone in _open.Keys.Except(known, StringComparer.Ordinal).ToList())
            _open.Remove(gone);
        var back = SettingsTree.Undo(against, _standing);
        _standing = heard.DeepClone().AsObject();
        OpenAISettings.Lay(back, _standing);
        if (isFinal || against.Count == 0 || !(isNews || isNew))
            return null;
        if (isNews)
            _reverts++;
        return mode is PolicyMode.Enforce ? back : null;
    }

    private FrameVerdict Judge(JsonObject difference)
    {
        var frame = JsonSerializer.SerializeToUtf8Bytes(new JsonObject { ["type"] = SettingsWatch.Update, [SettingsWatch.Session] = difference.DeepClone() });
        // How often it was said is not known here.
        return rules.JudgeClient("session.update"u8, frame, new RateCounts(rules.Rates), now: 0);
    }

    /// <summary>What of the difference a verdict is about; all of it, where it is about none of its fields.</summary>
    private static JsonObject TakeOut(JsonObject difference, string? path)
    {
        var steps = path is null ? [] : FieldPath.StepsOf(path).Skip(1).TakeWhile(step => step.Length > 0).ToArray();
        if (steps.Length > 0 && SettingsTree.Take(difference, steps) is { } part)
            return part;
        var all = difference.DeepClone().AsObject();
        difference.Clear();
        return all;
    }
}
