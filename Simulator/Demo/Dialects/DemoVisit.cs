namespace Orchestrator.Simulator.Demo.Dialects;

/// <summary>What an end user is given: an address, a token, and somebody to tell.</summary>
/// <param name="gateway">The gateway's address, as <c>http</c> or <c>https</c>.</param>
/// <param name="token">The client token; it stands in no line of the story.</param>
/// <param name="story">Where the story is told.</param>
/// <param name="time">The clock.</param>
internal sealed class DemoVisit(Uri gateway, string token, Story story, TimeProvider time)
{
    /// <summary>The gateway's address, as <c>http</c> or <c>https</c>.</summary>
    public Uri Gateway => gateway;

    /// <summary>The client token; it stands in no line of the story.</summary>
    public string Token => token;

    /// <summary>The clock.</summary>
    public TimeProvider Time => time;

    /// <summary>What the end user waits for, to be named when it takes too long.</summary>
    public string WaitsFor { get; set; } = "the gateway to accept the client";

    /// <summary>A path of the gateway as a WebSocket's address.</summary>
    public Uri WebSocket(string path) => new UriBuilder(gateway) { Scheme = gateway.Scheme == "https" ? "wss" : "ws", Path = path }.Uri;

    /// <summary>Something that happens now.</summary>
    public void Tell(DemoStep step, string text) => story.Tell(step, text);
}
