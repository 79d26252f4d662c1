using System.Text.Json;

namespace Orchestrator.Simulator.Demo;

/// <summary>How an event of the gateway's timeline reads in the story.</summary>
internal static class TimelineTeller
{
    /// <summary>The last event of every session.</summary>
    public const string Ended = "session_ended";

    /// <summary>The step that the event belongs to, and a sentence. The claim proves the step before it.</summary>
    public static IEnumerable<(DemoStep Step, string Text)> Tell(TimelineView.Happening happening, SessionView session) => happening.Kind == "session_claimed"
        ? [
            (DemoStep.Authenticate, "The gateway finds the token genuine, unexpired and good for this model."),
            (DemoStep.Claim, $"Session {session.Id} has its row; the provider '{session.Upstream.Provider}' serves its model."),
        ]
        : [Sentence(happening)];

    private static (DemoStep Step, string Text) Sentence(TimelineView.Happening happening)
    {
        string Detail(string name) => happening.Detail is { ValueKind: JsonValueKind.Object } detail && detail.TryGetProperty(name, out var value) ? value.ToString() : "?";

        return happening.Kind switch
        {
            "admitted"            => (DemoStep.Admit, "Admitted: the tenant may have this session, and the gateway dials at once."),
            "upstream_opened"     => (DemoStep.Dial,  "The provider's socket is open, dialled with the platform's own key."),
            "upstream_failed"     => (DemoStep.Dial,  $"The provider could not be reached: {Detail("code")}."),
            "upstream_named"      => (DemoStep.Dial,  $"The provider calls its session {Detail("upstream")}."),
            "node_reported"       => (DemoStep.Relay, $"The provider's node is {Detail("status")}{Meaning(Detail("status"))}."),
            "queued"              => (DemoStep.Relay, $"Queue: place {Detail("position")} of {Detail("size")}."),
            "media_offered"       => (DemoStep.Relay, "The client's offer passes to the provider."),
            "media_answered"      => (DemoStep.Relay, "The provider's answer passes to the client: media may flow between the two."),
            "provider_complained" => (DemoStep.Relay, $"The provider complains: {Detail("message")}"),
            "generation_started"  => (DemoStep.Meter, $"Run {Detail("run")} begins to count, at the price that is valid now."),
            "generation_stalled"  => (DemoStep.Meter, $"Run {Detail("run")} stands still."),
            "generation_resumed"  => (DemoStep.Meter, $"Run {Detail("run")} counts again."),
            "generation_ended"    => (DemoStep.Meter, $"Run {Detail("run")} ended: {Detail("reason")}."),
            "meter_anomaly"       => (DemoStep.Meter, $"The provider's count did not add up: {Detail("anomaly")}."),
            "close_requested"     => (DemoStep.End,   $"The session is to end: {Detail("code")}."),
            "client_left"         => (DemoStep.End,   "The client is gone, so the provider's session is ended too."),
            "upstream_left"       => (DemoStep.End,   "The provider is gone, so the client's socket is closed too."),
            Ended                 => (DemoStep.End,   $"The session is over: {Detail("reason")}. Its books are closed."),
            var kind              => (DemoStep.Relay, $"{kind} {happening.Detail}".TrimEnd()),
        };
    }

    private static string Meaning(string node) => node switch
    {
        "pending" => ": not ready yet",
        "waiting" => ": it is ready, and waits for the client",
        "full"    => ": it has no place",
        _         => "",
    };
}
