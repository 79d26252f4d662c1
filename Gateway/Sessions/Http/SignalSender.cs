using Microsoft.Extensions.Options;
using Orchestrator.Domain.Sessions.Signaling;
using Orchestrator.Grains.Interfaces.Hosting;
using Orchestrator.Grains.Interfaces.Sessions;
using Orchestrator.Grains.Providers;

namespace Orchestrator.Gateway.Sessions.Http;

/// <summary>Says a client's words on its running session, from whatever process its request came to.</summary>
internal sealed class SignalSender(
    ProviderCatalog providers, IGrains grains, SessionFrames frames, IOptions<HttpSessionsOptions> options, TimeProvider time)
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(100);

    /// <summary>The words of a session's dialect.</summary>
    public ISignaling? WordsOf(SessionCall call) =>
        providers.TryFind(call.Request.Dialect, call.Request.Model, out var provider) ? provider.Signaling : null;

    /// <summary>A session's dialect; null where this process no longer knows its provider.</summary>
    public IDialect? DialectOf(SessionCall call) =>
        providers.TryFind(call.Request.Dialect, call.Request.Model, out var provider) ? provider.Dialect : null;

    /// <summary>Passes candidates on; answers how often there were some, or why they are not taken.</summary>
    /// <param name="context">The request.</param>
    /// <param name="call">The session.</param>
    /// <param name="candidates">What the client found.</param>
    /// <param name="isEnd">Whether that is all.</param>
    /// <param name="revision">They follow on so many others; null where that does not matter.</param>
    public async Task<(long Revision, IResult? Problem)> TrickleAsync(
        HttpContext context, SessionCall call, IReadOnlyList<IceCandidate> candidates, bool isEnd, long? revision = null)
    {
        if (WordsOf(call) is not { } words)
            return (0, SignalProblems.NoWord("candidates"));
        List<byte[]> said = [.. candidates.SelectMany(candidate => words.Candidate(CandidateJson.Write(candidate)))];
        if (isEnd)
            said.AddRange(words.Candidate(candidate: null));
        if (said.Count == 0)
            return (revision ?? 0, null);

        var answer = await SignalAsync(call, new ClientSignal(said, Turn: null, revision ?? -1), options.Value.PromptTimeout, context.RequestAborted);
        return (answer.Revision, answer.Outcome is SignalOutcome.Sent ? null : Problem(context, answer.Outcome));
    }

    /// <summary>Says a prompt or sets a picture, and answers what the provider says to it.</summary>
    public async Task<IResult> AskAsync(HttpContext context, SessionCall call, PromptRequest wish)
    {
        if (WordsOf(call) is not { } words)
            return SignalProblems.NoWord("prompts");
        var said = wish.HasImage ? words.Image(wish.Image, wish.Prompt, wish.Enhance) : words.Prompt(wish.Prompt!, wish.Enhance);
        if (said.Count == 0)
            return SignalProblems.NoWord(wish.HasImage ? "images" : "prompts");

        // What the provider says to a picture has no name, so it is to one of them only: one at a time.
        var turn = Guid.CreateVersion7(time.GetUtcNow());
        var sent = await SignalAsync(call, new ClientSignal(said, turn), options.Value.PromptTimeout, context.RequestAborted);
        if (sent.Outcome is not SignalOutcome.Sent)
            return Problem(context, sent.Outcome);
        try
        {
            return await AnswerAsync(call, words, sent.From, wish.HasImage ? SignalingWordKind.ImageAnswer : SignalingWordKind.PromptAnswer, context.RequestAborted) switch
            {
                { IsTaken: true }                                 => TypedResults.Ok(new PromptResponse(Success: true)),
                { Kind: SignalingWordKind.Other }                 => SignalProblems.Gone,
                { } refused                                       => SignalProblems.Declined(refused.Text),
                null                                              => SignalProblems.NoAnswer,
            };
        }
        finally
        {
            await grains.Get<ISessionGrain>(call.Session.ToString()).SignalAsync(new ClientSignal([], turn), CancellationToken.None);
        }
    }

    /// <summary>What the provider says, or we in its place; nothing when it takes too long, a word of no kind when the session ends.</summary>
    private async Task<SignalingWord?> AnswerAsync(SessionCall call, ISignaling words, long from, SignalingWordKind wanted, CancellationToken cancellationToken)
    {
        var since = time.GetTimestamp();
        while (options.Value.PromptTimeout - time.GetElapsedTime(since) is var left && left > TimeSpan.Zero)
        {
            var page = await frames.ReadAsync(call.Session, from, left, cancellationToken);
            foreach (var frame in page.Frames.Where(frame => frame.IsText && frame.From is ObservedFrom.Upstream or ObservedFrom.Us))
            {
                if (words.Read(frame.Payload) is var word && word.Kind == wanted)
                    return word;
            }

            if (page.IsOver)
                return new SignalingWord(SignalingWordKind.Other);
            from = page.Next;
        }

        return null;
    }

    /// <summary>Sends once nobody else has the turn and there is room.</summary>
    private async Task<SignalAnswer> SignalAsync(SessionCall call, ClientSignal signal, TimeSpan patience, CancellationToken cancellationToken)
    {
        var grain = grains.Get<ISessionGrain>(call.Session.ToString());
        var since = time.GetTimestamp();
        while (true)
        {
            var answer = await grain.SignalAsync(signal, cancellationToken);
            if (answer.Outcome is not (SignalOutcome.Busy or SignalOutcome.Full) || time.GetElapsedTime(since) > patience)
                return answer;
            await Task.Delay(Pause, time, cancellationToken);
        }
    }

    private static IResult Problem(HttpContext context, SignalOutcome outcome) => outcome switch
    {
        SignalOutcome.Busy  => SignalProblems.Busy(context),
        SignalOutcome.Stale => SignalProblems.TagStale,
        SignalOutcome.Full  => SignalProblems.Full(context),
        _                   => SignalProblems.Gone,
    };
}
