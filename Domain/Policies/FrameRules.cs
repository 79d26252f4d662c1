using System.Text.Json;

namespace Orchestrator.Domain.Policies;

/// <summary>
/// A combined policy made ready for frames. For a frame whose type no rule names the decision is one look into a table by the bytes
/// of the type, without an allocation. It holds no state; what was sent before is kept by <see cref="RateCounts"/>.
/// </summary>
public sealed class FrameRules
{
    private readonly TypeTable<ClientType> _client = new();
    private readonly TypeTable<object> _upstreamNamed = new();
    private readonly bool _hasClientList;
    private readonly bool _hasUpstreamList;

    /// <summary>Makes it ready.</summary>
    public FrameRules(CombinedPolicy policy)
    {
        var rules = policy.Rules;
        Moderations = policy.Moderations;
        Rates = rules.Rates ?? [];
        OnSideband = rules.OnSideband ?? SidebandAnswer.Revert;
        Locked = rules.Locked ?? [];

        _hasClientList = rules.Client?.Allowed is not null;
        foreach (var type in rules.Client?.Allowed ?? [])
            Of(type).IsAllowed = true;
        foreach (var field in Locked.SelectMany(ContentPlaces.WithOffers))
            Of(field.Type).FieldsOrNew.Lock(field.Path);
        AddTexts(rules.Texts ?? []);
        AddImages(rules.Images ?? []);
        for (var i = 0; i < Rates.Count; i++)
            Of(Rates[i].Type).Rates = [.. Of(Rates[i].Type).Rates, i];
        foreach (var kind in Enum.GetValues<ContentKind>().Where(kind => Moderations.Any(moderation => moderation.IsAbout(kind))))
        {
            foreach (var place in ContentPlaces.Of(kind))
                Of(place.Type).FieldsOrNew.At(place.Path).Judged = kind;
        }

        foreach (var type in rules.Client?.Denied ?? [])
            (Of(type).IsAllowed, Of(type).IsDenied) = (false, true);

        // Upstream the table holds the types that differ from all others: those allowed, or those denied.
        _hasUpstreamList = rules.Upstream?.Allowed is not null;
        var denied = rules.Upstream?.Denied ?? [];
        foreach (var type in _hasUpstreamList ? rules.Upstream!.Allowed!.Except(denied, StringComparer.Ordinal) : denied)
            _upstreamNamed.At(type, () => type);
        LooksAtUpstream = _hasUpstreamList || _upstreamNamed.Count > 0;
        LooksAtClient = _hasClientList || _client.Count > 0;
    }

    /// <summary>All who judge what clients say.</summary>
    public IReadOnlyList<ModerationRule> Moderations { get; }

    /// <summary>How often frames may be sent.</summary>
    public IReadOnlyList<RateRule> Rates { get; }

    /// <summary>What is done where a locked field was changed on a way that does not pass us.</summary>
    public SidebandAnswer OnSideband { get; }

    /// <summary>What clients may not touch.</summary>
    public IReadOnlyList<LockedField> Locked { get; }

    /// <summary>Whether anything is said of what clients send.</summary>
    public bool LooksAtClient { get; }

    /// <summary>Whether anything is said of frames of this type that clients send.</summary>
    public bool NamesClient(ReadOnlySpan<byte> type) => _hasClientList || _client.Find(type) is not null;

    /// <summary>Whether anything is said of what providers send.</summary>
    public bool LooksAtUpstream { get; }

    /// <summary>Whether a frame of the client may pass, as far as it alone tells. Never throws.</summary>
    /// <param name="type">What <see cref="FrameType.TryRead"/> read.</param>
    /// <param name="frame">The text frame.</param>
    /// <param name="counts">What was sent before; a frame that passes is added to it.</param>
    /// <param name="now">The instant, in milliseconds of whatever clock the counts are kept by.</param>
    public FrameVerdict JudgeClient(ReadOnlySpan<byte> type, ReadOnlySpan<byte> frame, RateCounts counts, long now)
    {
        if (_client.Find(type) is not { } named)
            return _hasClientList ? new FrameVerdict(PolicyRule.Type) : FrameVerdict.Passes;
        if (named.IsDenied || (_hasClientList && !named.IsAllowed))
            return new FrameVerdict(PolicyRule.Type);
        if (named.Fields is { } fields && Judge(fields, frame) is { IsPass: false } verdict)
            return verdict;
        return named.Rates.Length == 0 || counts.TryAdd(named.Rates, now) ? FrameVerdict.Passes : new FrameVerdict(PolicyRule.Rate);
    }

    /// <summary>Shows what is to be judged by webhooks of a frame of the client that passed otherwise.</summary>
    public void Show(ReadOnlySpan<byte> type, ReadOnlySpan<byte> frame, FoundContent found)
    {
        if (Moderations.Count > 0)
            _client.Find(type)?.Fields?.Show(frame, found);
    }

    /// <summary>Whether a frame of the client that passed otherwise holds anything for a webhook to judge.</summary>
    public bool IsJudged(ReadOnlySpan<byte> type, ReadOnlySpan<byte> frame)
    {
        if (Moderations.Count == 0 || _client.Find(type)?.Fields is not { } fields)
            return false;
        var isJudged = false;
        fields.Show(frame, (_, text) => isJudged |= !text.IsEmpty);
        return isJudged;
    }

    /// <summary>Whether a frame of the provider may pass; its type is empty where it has none.</summary>
    public bool LetsUpstreamPass(ReadOnlySpan<byte> type) => _hasUpstreamList == (_upstreamNamed.Find(type) is not null);

    private static FrameVerdict Judge(FieldNode fields, ReadOnlySpan<byte> frame)
    {
        try
        {
            return fields.Judge(frame);
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException)
        {
            // The second is a text that is no Unicode: halves of pairs.
            return new FrameVerdict(PolicyRule.Unreadable);
        }
    }

    private void AddTexts(IReadOnlyList<TextRule> rules)
    {
        foreach (var rule in rules)
        {
            foreach (var place in PlacesOf(rule.Type, rule.Path, ContentKind.Prompts))
            {
                var node = Of(place.Type).FieldsOrNew.At(place.Path);
                node.MaxCharacters = PolicyCombination.Smaller(node.MaxCharacters, rule.MaxCharacters);
            }
        }
    }

    private void AddImages(IReadOnlyList<ImageRule> rules)
    {
        foreach (var rule in rules)
        {
            foreach (var place in PlacesOf(rule.Type, rule.Path, ContentKind.Images))
            {
                var node = Of(place.Type).FieldsOrNew.At(place.Path);
                node.Image = node.Image is { } other
                    ? new ImageRule(PolicyCombination.Smaller(other.MaxBytes, rule.MaxBytes), PolicyCombination.Common(other.Formats, rule.Formats))
                    : rule;
            }
        }
    }

    private static IReadOnlyList<FieldPlace> PlacesOf(string? type, string? path, ContentKind kind) =>
        type is null || path is null ? ContentPlaces.Of(kind) : [new FieldPlace(type, path)];

    private ClientType Of(string type) => _client.At(type, () => new ClientType());

    /// <summary>What is said of one type of the client's frames.</summary>
    private sealed class ClientType
    {
        public bool IsAllowed { get; set; }
        public bool IsDenied { get; set; }
        public FieldNode? Fields { get; private set; }
        public int[] Rates { get; set; } = [];
        public FieldNode FieldsOrNew => Fields ??= new FieldNode("");
    }
}
