using System.Text.Json;
using System.Text.Json.Serialization;

namespace Orchestrator.Benchmarks.Faults;

/// <summary>What faults cost, in seconds.</summary>
/// <param name="SessionSeconds">What the provider sent, in all.</param>
/// <param name="Faults">How often something went wrong.</param>
/// <param name="Duplicated">What is recorded twice, or beyond what was sent: must be nothing.</param>
/// <param name="Lost">What ticks sent at least a second before a kill reported and the ledger lacks: must be nothing.</param>
/// <param name="WorstLostPerCrash">How old, at a kill, the oldest tick was whose seconds are missing, of any session.</param>
/// <param name="WorstOverrun">By how much a session outran its hold, what it went on blind left out.</param>
/// <param name="Unexplained">What marks, ledger, wallets, export and the sink's own count disagree about: must be nothing.</param>
/// <param name="LostDatabaseAway">The same as lost, for kills between the loss of the database and the first good flush after it.</param>
internal sealed record FaultTotals(
    [property: JsonPropertyName("session_seconds")] decimal SessionSeconds,
    [property: JsonPropertyName("faults")] int Faults,
    [property: JsonPropertyName("duplicated")] decimal Duplicated,
    [property: JsonPropertyName("lost")] decimal Lost,
    [property: JsonPropertyName("worst_lost_per_crash")] decimal WorstLostPerCrash,
    [property: JsonPropertyName("worst_overrun")] decimal WorstOverrun,
    [property: JsonPropertyName("unexplained")] decimal Unexplained,
    [property: JsonPropertyName("lost_database_away")] decimal LostDatabaseAway)
{
    /// <summary>How long a session may outrun its hold.</summary>
    public const decimal OverrunBound = 1;

    /// <summary>Before anything happened.</summary>
    public static FaultTotals None { get; } = new(0, 0, 0, 0, 0, 0, 0, 0);

    /// <summary>Whether the promises held.</summary>
    [JsonIgnore]
    public bool Hold => Duplicated == 0 && Lost == 0 && Unexplained == 0 && WorstOverrun <= OverrunBound;

    /// <summary>As JSON, on one line.</summary>
    [JsonIgnore]
    public string Json => JsonSerializer.Serialize(this);

    /// <summary>Both together.</summary>
    public FaultTotals And(FaultTotals other) => new(
        SessionSeconds + other.SessionSeconds, Faults + other.Faults, Duplicated + other.Duplicated, Lost + other.Lost,
        Math.Max(WorstLostPerCrash, other.WorstLostPerCrash), Math.Max(WorstOverrun, other.WorstOverrun),
        Unexplained + other.Unexplained, LostDatabaseAway + other.LostDatabaseAway);
}
