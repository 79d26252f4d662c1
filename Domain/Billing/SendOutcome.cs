namespace Orchestrator.Domain.Billing;

/// <summary>What one attempt at a sink came to.</summary>
public abstract record SendOutcome
{
    private SendOutcome() { }

    /// <summary>Taken.</summary>
    public sealed record Accepted : SendOutcome;

    /// <summary>The sink says that it has this one already.</summary>
    /// <param name="Identifier">The one it names.</param>
    public sealed record Duplicate(string Identifier) : SendOutcome;

    /// <summary>To be sent again, byte for byte.</summary>
    /// <param name="After">Not before this long, where the sink says so.</param>
    /// <param name="IsUnknown">Whether the sink may have taken it all the same.</param>
    /// <param name="NewKey">Whether the sink would answer the next attempt from what it kept of this one, unless the header's key changes.</param>
    /// <param name="Cause">Why, in a few words.</param>
    public sealed record Retry(TimeSpan? After, bool IsUnknown, bool NewKey, string Cause) : SendOutcome;

    /// <summary>Refused for good.</summary>
    /// <param name="Reason">In the sink's words.</param>
    public sealed record Rejected(string Reason) : SendOutcome;
}
