using Orchestrator.Simulator.Scripts;

namespace Orchestrator.Simulator.Providers.Decart.Http;

/// <summary>Models that are meant to be asked for over HTTP; any other serves there too.</summary>
public static class HttpScripts
{
    /// <summary>The models, where a provider's second takes that long.</summary>
    public static IReadOnlyList<BuiltInScript> All(TimeSpan pace) =>
    [
        new("http-demo", "Answers at once, tells two candidates, and goes on until its client ends it", Script.Begin),
        new("http-ended", "The same, and ends by itself three seconds later", Script.Begin.Wait(3 * pace).Close(1000)),
    ];
}
