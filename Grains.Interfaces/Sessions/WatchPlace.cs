namespace Orchestrator.Grains.Interfaces.Sessions;

/// <summary>Where others may watch a session at its provider, as the provider told its client. Only we go there.</summary>
/// <param name="Upstream">The provider's name of the session.</param>
/// <param name="Address">The provider's server that has it.</param>
/// <param name="Port">Its port.</param>
/// <param name="Room">The room that its client was sent to.</param>
public sealed record WatchPlace(string? Upstream = null, string? Address = null, int? Port = null, string? Room = null);

/// <summary>Somebody of the tenant's who is to watch a session at its provider.</summary>
/// <param name="Actor">Who, for the timeline.</param>
/// <param name="Way">In which way, such as <c>subscribe</c>.</param>
public sealed record Watcher(string Actor, string Way);

/// <summary>Whether a session can be watched, and where.</summary>
/// <param name="Found">Whether the session's relay is in the process that was asked, and the session not over.</param>
/// <param name="Place">What its provider told of it; null where it told nothing.</param>
public sealed record WatchAnswer(bool Found, WatchPlace? Place)
{
    /// <summary>There is no relay here.</summary>
    public static WatchAnswer Gone { get; } = new(Found: false, Place: null);
}
