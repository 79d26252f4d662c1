using Orchestrator.Simulator;
using Orchestrator.Simulator.Scripts;

namespace Orchestrator.Benchmarks.Faults;

/// <summary>How the provider counts: as it should, and in all the ways in which ticks go wrong on their way.</summary>
internal static class FaultScripts
{
    private const int Seconds = 240;

    /// <summary>The models, each of which a provider plays in its own way.</summary>
    public static IReadOnlyList<string> Models { get; } = ["flt-plain", "flt-fast", "flt-twice", "flt-shuffled", "flt-late", "flt-ends", "flt-drops", "flt-two-runs"];

    /// <summary>Teaches the provider all of them.</summary>
    public static void Play(ProviderSimulator provider)
    {
        provider.Play("flt-plain", Begin.TicksForever(TimeSpan.FromSeconds(1)));
        provider.Play("flt-fast", Begin.TicksForever(TimeSpan.FromMilliseconds(400), from: 0.4m, step: 0.4m));
        provider.Play("flt-twice", Each(Begin, (script, second) => script.Tick(second).Tick(second)));
        provider.Play("flt-shuffled", Each(Begin, (script, second) => second % 3 == 0 ? script.Tick(second).Tick(second - 2).Tick(second - 1) : script.Tick(second)));
        provider.Play("flt-late", Each(Begin, (script, second) => second % 3 == 0 ? script.Tick(second - 2).Tick(second - 1).Tick(second) : script));
        provider.Play("flt-ends", Each(Begin, (script, second) => script.Tick(second), until: 20).GenerationEnded("timeout", 20).Close(1000));
        provider.Play("flt-drops", Each(Begin, (script, second) => script.Tick(second), until: 25).Drop());
        provider.Play("flt-two-runs", Each(
            Each(Begin, (script, second) => script.Tick(second), until: 10).GenerationEnded("disconnect", 10).Wait(TimeSpan.FromSeconds(1)).GenerationStarted(),
            (script, second) => script.Tick(10 + second)));
    }

    private static Script Begin => Script.Begin.SendSessionId().GenerationStarted();

    private static Script Each(Script script, Func<Script, int, Script> tick, int until = Seconds)
    {
        for (var second = 1; second <= until; second++)
            script = tick(script.Wait(TimeSpan.FromSeconds(1)), second);
        return script;
    }
}
