namespace Orchestrator.Domain.Policies;

/// <summary>Something wrong with a policy.</summary>
/// <param name="Member">Where, such as <c>texts[2].maxCharacters</c>.</param>
/// <param name="What">What it must be, to follow the member's name.</param>
public sealed record PolicyFlaw(string Member, string What);

/// <summary>Whether a policy says what can be held. All that is wrong is said at once.</summary>
public static class PolicyCheck
{
    /// <summary>The most types of a list, or rules of a kind.</summary>
    public const int MaxItems = 64;

    /// <summary>The longest type, in characters.</summary>
    public const int MaxTypeLength = 64;

    /// <summary>The largest that a number may be which bounds a text or an image.</summary>
    public const int MaxSize = 16 * 1024 * 1024;

    /// <summary>The longest span of a rate.</summary>
    public const int MaxSpanMs = 3_600_000;

    /// <summary>The shortest and longest that a webhook gets; a client whose frame is judged is not read meanwhile, so not long.</summary>
    public const int MinTimeoutMs = 100, MaxTimeoutMs = 10_000;

    private const int MaxCount = 10_000;

    /// <summary>What is wrong with it, if anything is. Whether the webhook may be dialled is not looked at.</summary>
    /// <param name="policy">The policy.</param>
    /// <param name="prefix">What its members' names begin with, such as <c>policy.</c></param>
    public static IReadOnlyList<PolicyFlaw> FlawsOf(FramePolicy policy, string prefix = "")
    {
        var flaws = new List<PolicyFlaw>();
        Types("client", policy.Client);
        Types("upstream", policy.Upstream);
        Each("locked", policy.Locked, (name, rule) =>
        {
            Type($"{name}.type", rule.Type);
            Path($"{name}.path", rule.Path);
        });
        Each("texts", policy.Texts, (name, rule) =>
        {
            Place(name, rule.Type, rule.Path);
            Number($"{name}.maxCharacters", rule.MaxCharacters, 0, MaxSize);
        });
        Each("images", policy.Images, (name, rule) =>
        {
            Place(name, rule.Type, rule.Path);
            if (rule.MaxBytes is { } bytes)
                Number($"{name}.maxBytes", bytes, 0, MaxSize);
            if (rule.Formats is { Count: 0 })
                Wrong($"{name}.formats", "must name at least one format; deny the type to take no image at all");
        });
        Each("rates", policy.Rates, (name, rule) =>
        {
            Type($"{name}.type", rule.Type);
            Number($"{name}.count", rule.Count, 1, MaxCount);
            Number($"{name}.perMs", rule.PerMs, 100, MaxSpanMs);
        });
        if (policy.Moderation is { } moderation)
        {
            Number("moderation.timeoutMs", moderation.TimeoutMs, MinTimeoutMs, MaxTimeoutMs);
            if (moderation.Judges is { Count: 0 })
                Wrong("moderation.judges", "must name prompts, images or both");
        }

        return flaws;

        void Wrong(string member, string what) => flaws.Add(new PolicyFlaw(prefix + member, what));

        void Number(string member, int value, int min, int max)
        {
            if (value < min || value > max)
                Wrong(member, $"must be a whole number from {min} to {max}");
        }

        void Type(string member, string? type)
        {
            if (!FrameType.IsPlain(type))
                Wrong(member, $"must be a type of 1 to {MaxTypeLength} letters, digits, dots, dashes and underscores");
        }

        void Path(string member, string? path)
        {
            if (!FieldPath.IsValid(path))
                Wrong(member, $"must be names with dots between them, [] behind a list, at most {FieldPath.MaxSteps} of them");
        }

        void Place(string member, string? type, string? path)
        {
            if (type is null && path is null)
                return;
            Type($"{member}.type", type);
            Path($"{member}.path", path);
        }

        void Types(string member, TypeList? list)
        {
            Each($"{member}.allowed", list?.Allowed, Type);
            Each($"{member}.denied", list?.Denied, Type);
        }

        void Each<T>(string member, IReadOnlyList<T>? items, Action<string, T> check) where T : class
        {
            if (items?.Count > MaxItems)
            {
                Wrong(member, $"must have at most {MaxItems} items");
                return;
            }

            for (var i = 0; i < items?.Count; i++)
            {
                if (items[i] is { } item)
                    check($"{member}[{i}]", item);
                else
                    Wrong($"{member}[{i}]", "is required");
            }
        }
    }
}
