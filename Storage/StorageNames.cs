using System.Text.Json;

namespace Orchestrator.Storage;

/// <summary>How values of our enumerations are written in the database: as the API writes them.</summary>
internal static class StorageNames
{
    /// <summary>Such as <c>waiting</c> or <c>moderation_violation</c>.</summary>
    public static string Of<T>(T value) where T : struct, Enum => Names<T>.All[value];

    /// <summary>The value that is written so; the database admits no other.</summary>
    public static T Parse<T>(string name) where T : struct, Enum => Names<T>.Values[name];

    private static class Names<T> where T : struct, Enum
    {
        public static readonly IReadOnlyDictionary<T, string> All =
            Enum.GetValues<T>().ToDictionary(value => value, value => JsonNamingPolicy.SnakeCaseLower.ConvertName(value.ToString()));

        public static readonly IReadOnlyDictionary<string, T> Values = All.ToDictionary(pair => pair.Value, pair => pair.Key);
    }
}
