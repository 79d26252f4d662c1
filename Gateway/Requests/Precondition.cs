using Microsoft.Net.Http.Headers;

namespace Orchestrator.Gateway.Requests;

/// <summary>What a change of a document says that it replaces.</summary>
/// <param name="IsFirst">There shall be none yet.</param>
/// <param name="ETag">Else this version; null for the one that nobody ever made.</param>
internal readonly record struct Precondition(bool IsFirst, string? ETag)
{
    /// <summary>The version of a document that nobody ever made.</summary>
    private const string Never = "none";

    /// <summary>Reads the two headers; null where they name no one version.</summary>
    public static Precondition? Read(string? ifMatch, string? ifNoneMatch)
    {
        if (ifMatch is null && ifNoneMatch?.Trim() == "*")
            return new Precondition(IsFirst: true, ETag: null);
        if (ifNoneMatch is not null || !EntityTagHeaderValue.TryParse(ifMatch, out var tag) || tag is not { IsWeak: false, Tag.Length: > 2 })
            return null;
        var named = tag.Tag.Substring(1, tag.Tag.Length - 2);
        return new Precondition(IsFirst: false, named == Never ? null : named);
    }

    /// <summary>The header that names a version.</summary>
    public static string HeaderOf(string? etag) => $"\"{etag ?? Never}\"";
}
