using System.ComponentModel.DataAnnotations;

namespace Orchestrator.Gateway.Sessions.Http;

/// <summary>Sessions whose clients speak to us over HTTP. Section <c>HttpSessions</c>; a wrong value stops the program at its start.</summary>
internal sealed class HttpSessionsOptions
{
    /// <summary>How long the answer to an offer may take, the provider's readiness and its look at a first prompt included. Default: 30 seconds.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "00:15:00")] public TimeSpan AnswerTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>How long the provider's candidates are waited for, to be written into an answer that cannot be added to. Default: 1 second.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "00:00:10")] public TimeSpan GatherTimeout { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>How long the provider may take to accept a prompt or an image. Default: 30 seconds.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "00:00:55")] public TimeSpan PromptTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>
    /// How long a client may neither ask anything nor read events before it counts as vanished. Clients of WHIP, which gives
    /// them nothing to ask, are exempt: their providers notice. Default: 2 minutes.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:01", "1.00:00:00")] public TimeSpan SilenceTimeout { get; init; } = TimeSpan.FromMinutes(2);

    /// <summary>After how long without an event a comment shows that the stream still lives. Default: 15 seconds.</summary>
    [Range(typeof(TimeSpan), "00:00:00.2", "00:05:00")] public TimeSpan KeepAliveInterval { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>How many streams of events one session may have open in this process. Default: 4.</summary>
    [Range(1, 1_000)] public int MaxStreams { get; init; } = 4;

    /// <summary>How long the token of a session's events opens them. Default: 1 hour.</summary>
    [Range(typeof(TimeSpan), "00:01:00", "7.00:00:00")] public TimeSpan EventTokenLifetime { get; init; } = TimeSpan.FromHours(1);

    /// <summary>How many bodies that may hold an image are under way at once. Default: 16.</summary>
    [Range(1, 1_000)] public int MaxLargeBodies { get; init; } = 16;
}
