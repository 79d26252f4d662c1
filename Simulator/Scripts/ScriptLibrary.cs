using System.Collections.Concurrent;
using Orchestrator.Simulator.Providers.Decart.Http;
using Orchestrator.Simulator.Providers.LiveStyler;

namespace Orchestrator.Simulator.Scripts;

/// <summary>Which script each model plays now. A change concerns the connections opened after it.</summary>
internal sealed class ScriptLibrary(TimeSpan pace)
{
    private readonly ConcurrentDictionary<string, Script> _scripts =
        new(BuiltInScripts.All(pace).Concat(LiveStylerScripts.All(pace)).Concat(HttpScripts.All(pace)).Select(builtIn =>
            KeyValuePair.Create(builtIn.Model, builtIn.Script)), StringComparer.Ordinal);

    /// <summary>The model's script, or null for a model that nobody described.</summary>
    public Script? Find(string model) => _scripts.GetValueOrDefault(model);

    /// <summary>Sets a model's script. Repeating it is harmless.</summary>
    public void Set(string model, Script script) => _scripts[model] = script;

    /// <summary>All models by name.</summary>
    public SortedDictionary<string, Script> Snapshot() => new(_scripts, StringComparer.Ordinal);
}
