using System.Text.Json;

namespace Orchestrator.Storage;

/// <summary>How values of our enumerations are written in the database: as the API writes them.</summary>
internal static class StorageNames
{
    /// <summary>Such as <c>waiting</c> or <c>moderation_violation</c>.</summary>
    public static string Of<T>(T value) where T : struct, Enum => Names<T>.All[value];

    private static class Names<T> where T : struct, Enum
    {
        public static readonly IReadOnlyDictionary<T, string> All =
            Enum.GetValues<T>().ToDictionary(value => value, value => JsonNamingPolicy.SnakeCaseLower.ConvertName(value.ToString()));
    }
}
