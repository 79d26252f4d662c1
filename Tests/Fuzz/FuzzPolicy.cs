using System.Text;
using System.Text.Json;
using Orchestrator.Domain.Policies;

namespace Orchestrator.Tests.Fuzz;

/// <summary>
/// A policy with a rule of every kind about frames of every dialect, and what it says of a frame: by the engine's own decision, and beside it by a
/// reader that knows nothing of the engine.
/// </summary>
internal sealed class FuzzPolicy
{
    private const int MaxPrompt = 24;
    private const int PerSession = 20;

    private static readonly string[] Denied = ["set_passthrough", "answer", "response.cancel", "session_start"];
    private static readonly string[] Withheld = ["status", "rate_limits.updated", "server_provisioning"];
    private static readonly string[] Rated = ["ice-candidate", "candidate", "input_audio_buffer.append"];

    private readonly FrameRules _rules = new(PolicyCombination.Of([Policy], PolicyMode.Enforce)!);
    private readonly RateCounts _counts;

    public FuzzPolicy() => _counts = new RateCounts(_rules.Rates);

    /// <summary>The policy. Its rates hardly fill again while a session lasts.</summary>
    public static FramePolicy Policy { get; } = new(
        Client: new TypeList(Denied: Denied),
        Upstream: new TypeList(Denied: Withheld),
        Locked: [new("session.update", "session.instructions"), new("prompt", "enhance_prompt"), new("offer", "payload.data")],
        Texts: [new TextRule(MaxPrompt)],
        Images: [new ImageRule(64, [ImageFormat.Png])],
        Rates: [.. Rated.Select(type => new RateRule(type, PerSession, 3_600_000))]);

    /// <summary>What the engine says of the next frame of the client; what naive readers would say otherwise fails.</summary>
    public FrameVerdict OfClient(FuzzMessage message)
    {
        var verdict = message.IsText && FrameType.TryRead(message.Frame, out var type)
            ? _rules.JudgeClient(type, message.Frame, _counts, now: 0)
            : new FrameVerdict(PolicyRule.Unreadable);
        Assert.True(
            WhatIsPlain(message) is not { } plain || (plain == PolicyRule.None) == verdict.IsPass,
            $"The engine says {verdict.Rule}, and it is plainly {WhatIsPlain(message)}: {FuzzSeed.Show(message.Frame)}");
        return verdict;
    }

    /// <summary>Whether the client hears a frame of the provider.</summary>
    public bool PassesUpstream(FuzzMessage message) => _rules.LetsUpstreamPass(message.IsText ? FrameType.First(message.Frame) : default);

    /// <summary>What anybody can see of a frame: that a rule is broken, or that none is about its type; null where that takes a closer look.</summary>
    private static PolicyRule? WhatIsPlain(FuzzMessage message)
    {
        if (!message.IsText)
            return PolicyRule.Unreadable;
        JsonDocument document;
        try
        {
            document = JsonDocument.Parse(message.Frame);
        }
        catch (JsonException)
        {
            // Broken off, perhaps behind a type that no rule is about.
            return null;
        }

        using (document)
        {
            if (document.RootElement.ValueKind is not JsonValueKind.Object)
                return PolicyRule.Unreadable;
            try
            {
                return OfObject(document.RootElement, Encoding.UTF8.GetString(message.Frame).Contains('\\', StringComparison.Ordinal));
            }
            catch (InvalidOperationException)
            {
                // Half a pair somewhere.
                return null;
            }
        }
    }

    private static PolicyRule? OfObject(JsonElement frame, bool isEscaped)
    {
        var types = frame.EnumerateObject().Where(member => member.Name == "type").Select(member => member.Value).ToList();
        if (types is not [{ ValueKind: JsonValueKind.String } only])
            return PolicyRule.Unreadable;
        var type = only.GetString()!;
        if (Denied.Contains(type))
            return PolicyRule.Type;
        if (frame.EnumerateObject().Any(member => IsBroken(type, member)))
            return PolicyRule.LockedField;
        // What is written with escapes may be refused for that alone; what other rules are about, the engine looks at more closely.
        return isEscaped || Named.Contains(type) ? null : PolicyRule.None;
    }

    private static readonly HashSet<string> Named =
    [
        .. Rated, .. ContentPlaces.Prompts.Select(place => place.Type), .. ContentPlaces.Images.Select(place => place.Type), "offer",
    ];

    private static bool IsBroken(string type, JsonProperty member) => (type, member.Name) switch
    {
        ("prompt", "enhance_prompt")           => true,
        ("prompt" or "set_image", "prompt")    => member.Value.ValueKind is JsonValueKind.String && member.Value.GetString()!.Length > MaxPrompt,
        ("session.update", "session")          => member.Value.ValueKind is not JsonValueKind.Object || member.Value.EnumerateObject().Any(below => below.Name == "instructions"),
        _                                      => false,
    };
}
