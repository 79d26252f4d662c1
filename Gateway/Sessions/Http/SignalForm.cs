namespace Orchestrator.Gateway.Sessions.Http;

/// <summary>A form in which clients ask over HTTP.</summary>
/// <param name="Name">Its name on the session.</param>
/// <param name="Gathers">The answer has to hold the provider's candidates: there is no way to tell them later.</param>
/// <param name="MayBeSilent">Its clients ask nothing more once their media flow.</param>
/// <param name="OpenerOnly">Only the credential that opened a session may use it, and not the tenant's keys.</param>
internal sealed record SignalForm(string Name, bool Gathers = false, bool MayBeSilent = false, bool OpenerOnly = false)
{
    /// <summary>Our own: JSON, candidates by events.</summary>
    public static SignalForm Json { get; } = new("json");

    /// <summary>RFC 9725.</summary>
    public static SignalForm Whip { get; } = new("whip", Gathers: true, MayBeSilent: true);

    /// <summary>Decart's dialect C.</summary>
    public static SignalForm Decart { get; } = new("decart-c", OpenerOnly: true);
}
