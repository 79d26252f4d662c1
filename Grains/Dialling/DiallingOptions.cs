namespace Orchestrator.Grains.Dialling;

/// <summary>Where addresses that tenants give us may lead. Section <c>Dialling</c>.</summary>
public sealed class DiallingOptions
{
    /// <summary>Whether they may lead into private networks and to this machine, and without TLS: for a laptop and for tests. Default: no.</summary>
    public bool AllowPrivate { get; init; }
}
