namespace Orchestrator.Domain.Nodes;

/// <summary>What the provider says of the node that serves a session, in the providers' own words.</summary>
public enum NodeStatus
{
    /// <summary>Queued, or being provisioned.</summary>
    Pending,
    /// <summary>No node is free.</summary>
    Full,
    /// <summary>The node is ready and waits for the client.</summary>
    Waiting,
}
