namespace Orchestrator.Domain.Policies;

/// <summary>
/// Names a field of a frame: names with dots between them, <c>[]</c> behind one whose elements are meant, such as
/// <c>item.content[].text</c>.
/// </summary>
public static class FieldPath
{
    /// <summary>The longest, in characters.</summary>
    public const int MaxLength = 128;

    /// <summary>How deep it may go.</summary>
    public const int MaxSteps = 8;

    private const string Elements = "[]";

    /// <summary>Whether it is one.</summary>
    public static bool IsValid(string? path) => path is { Length: > 0 and <= MaxLength } && StepsOf(path) is { Count: <= MaxSteps } steps
        && steps.All(step => step.Length == 0 || step.All(character => char.IsAsciiLetterOrDigit(character) || character is '_' or '-'))
        && path.Split('.').All(name => NameOf(name).Length > 0);

    /// <summary>Its steps from the frame on: names, and the empty text for all elements.</summary>
    public static IReadOnlyList<string> StepsOf(string path) =>
        [.. path.Split('.').SelectMany(name => name.EndsWith(Elements, StringComparison.Ordinal) ? [NameOf(name), ""] : new[] { name })];

    private static string NameOf(string name) => name.EndsWith(Elements, StringComparison.Ordinal) ? name[..^Elements.Length] : name;
}
