namespace Orchestrator.Grains.Providers;

/// <summary>What the provider says to a hang-up.</summary>
public enum HangUpOutcome
{
    /// <summary>Nothing that settles it.</summary>
    Unknown,
    /// <summary>The call went on until now, and does no more.</summary>
    HungUp,
    /// <summary>There was no such call any more; since when, nobody knows.</summary>
    WasOver,
}

/// <summary>Ends calls of a dialect by their name, for a process that never had them: those of another that was lost go on without it.</summary>
public interface ICallHangUp
{
    /// <summary>The dialect's name.</summary>
    string Dialect { get; }

    /// <summary>Whether the upstream of that name is a call; what else a dialect opens dies with the process that did.</summary>
    bool IsCall(string upstream);

    /// <summary>Asks the provider once. Repeating it is harmless. Throws only when cancelled.</summary>
    Task<HangUpOutcome> HangUpAsync(ProviderEntry provider, string upstream, CancellationToken cancellationToken);
}
