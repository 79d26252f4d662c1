using Orchestrator.Simulator.Oracles;
using Orchestrator.Simulator.Providers.Decart;
using Orchestrator.Simulator.Scripts;

namespace Orchestrator.Simulator.Providers.LiveStyler;

/// <summary>The provider's one WebSocket path. Who may stay shows in the first frame, so everybody is let in and plays a script.</summary>
internal sealed class LiveStylerEndpoint(SimulatorOptions options, ScriptLibrary scripts, Truth truth, ConnectionBook connections)
    : StreamEndpoint(options, scripts, truth, connections)
{
    /// <summary>Where the provider's clients connect.</summary>
    public const string ClientPath = "/client";

    private readonly ScriptLibrary _scripts = scripts;

    /// <inheritdoc/>
    protected override string IdPrefix => "sim-ls";

    /// <inheritdoc/>
    protected override Script ScriptFor(ConnectionRequest request) =>
        // A model that nobody described is a mistake of the test's, and is not to look like a refusal that the provider knows.
        _scripts.Find(request.Model is "" ? LiveStylerScripts.Usual : request.Model) ?? Script.Begin.Close(1011, "No such model");
}
