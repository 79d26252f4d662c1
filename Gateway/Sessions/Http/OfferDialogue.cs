using Microsoft.Extensions.Options;
using Orchestrator.Domain.Sessions;
using Orchestrator.Domain.Sessions.Signaling;
using Orchestrator.Grains.Providers;

namespace Orchestrator.Gateway.Sessions.Http;

/// <summary>How a dialogue about an offer ended: with an answer, or one of the others says why not.</summary>
/// <param name="Answer">The answer.</param>
/// <param name="IsDeclined">The provider did not take what the client wanted to begin with.</param>
/// <param name="Reason">Why, in its words.</param>
/// <param name="IsOver">The session is over.</param>
/// <param name="IsNotAllowed">The offer went no further, and the session waits for another that will not come.</param>
/// <param name="Refused">The provider has no place for it, in the catalogue's words.</param>
internal sealed record DialogueEnd(
    OfferAnswer? Answer, bool IsDeclined = false, string? Reason = null, bool IsOver = false, bool IsNotAllowed = false, CloseCode? Refused = null);

/// <summary>
/// The first words of a session over HTTP, from the client's side of the pipe: the provider's readiness, a first prompt and its
/// acceptance, offer and answer, and candidates for those who cannot be told them later.
/// </summary>
internal sealed class OfferDialogue(IOptions<HttpSessionsOptions> options, TimeProvider time)
{
    /// <summary>The most candidates that are written into an answer.</summary>
    private const int MaxCandidates = 64;

    private const int MaxIceServers = 8;

    /// <summary>How long a complaint may wait for the close that says more; one that none follows is all there is.</summary>
    private static readonly TimeSpan ComplaintTimeout = TimeSpan.FromSeconds(1);

    /// <summary>Holds it. Cancelled when it takes too long; what has not come by then does not come.</summary>
    public async Task<DialogueEnd> HoldAsync(HeldClient client, ISignaling words, OfferRequest offer, bool gathers, CancellationToken cancellationToken)
    {
        var servers = new List<string>();
        if (FirstWish(words, offer) is var (frames, kind))
        {
            // As published clients do: nothing is offered before the provider has taken what it is to begin with.
            await client.SayAsync(frames, cancellationToken);
            var wish = await UntilAsync(kind);
            if (wish is not { } taken || taken.Kind != kind)
                return EndOf(wish);
            if (!taken.IsTaken)
                return new DialogueEnd(null, IsDeclined: true, taken.Text);
        }

        var said = words.Offer(offer.Sdp);
        if (said.Count > 1)
        {
            await client.SayAsync([.. said.Take(said.Count - 1)], cancellationToken);
            var ready = await UntilAsync(SignalingWordKind.Ready);
            if (ready is not { Kind: SignalingWordKind.Ready })
                return EndOf(ready);
        }

        await client.SayAsync([said[^1]], cancellationToken);
        var answered = await UntilAsync(SignalingWordKind.Answer);
        if (answered is not { Kind: SignalingWordKind.Answer, Text: { } sdp })
            return EndOf(answered);

        var (candidates, isEnd) = gathers && !SdpText.HasCandidates(sdp) ? await GatherAsync(client, cancellationToken) : ([], false);
        return new DialogueEnd(new OfferAnswer(sdp, servers, candidates, isEnd));

        async Task<SignalingWord?> UntilAsync(SignalingWordKind wanted)
        {
            string? complaint = null;
            using var patience = new CancellationTokenSource(Timeout.InfiniteTimeSpan, time);
            using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, patience.Token);
            try
            {
                while (await client.NextAsync(either.Token) is { } word)
                {
                    if (word.Kind == wanted || word.Kind is SignalingWordKind.Full)
                        return word;
                    if (word is { Kind: SignalingWordKind.IceServer, Text: { } server } && servers.Count < MaxIceServers)
                        servers.Add(server);
                    if (word.Kind is not SignalingWordKind.Error || complaint is not null || wanted is not (SignalingWordKind.Answer or SignalingWordKind.Ready))
                        continue;
                    complaint = word.Text ?? "";
                    patience.CancelAfter(ComplaintTimeout);
                }

                return null;
            }
            catch (OperationCanceledException) when (complaint is not null && !cancellationToken.IsCancellationRequested)
            {
                return new SignalingWord(SignalingWordKind.Error, complaint);
            }
        }
    }

    private static DialogueEnd EndOf(SignalingWord? word) => word switch
    {
        { Kind: SignalingWordKind.Full }                    => new DialogueEnd(null, Refused: CloseCode.UpstreamFull),
        { Kind: SignalingWordKind.Error, Text: var reason } => new DialogueEnd(null, IsNotAllowed: true, Reason: reason),
        _                                                   => new DialogueEnd(null, IsOver: true),
    };

    /// <summary>Whether the dialect has words for what the client wants to begin with.</summary>
    public static bool CanBegin(ISignaling words, OfferRequest offer) => FirstWish(words, offer) is not ({ Count: 0 }, _);

    private static (IReadOnlyList<byte[]> Frames, SignalingWordKind Kind)? FirstWish(ISignaling words, OfferRequest offer) => offer switch
    {
        { Image: { } image }   => (words.Image(image, offer.Prompt, offer.Enhance), SignalingWordKind.ImageAnswer),
        { Prompt: { } prompt } => (words.Prompt(prompt, offer.Enhance), SignalingWordKind.PromptAnswer),
        _                      => null,
    };

    private async Task<(IReadOnlyList<IceCandidate>, bool)> GatherAsync(HeldClient client, CancellationToken cancellationToken)
    {
        var gathered = new List<IceCandidate>();
        using var limit = new CancellationTokenSource(options.Value.GatherTimeout, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        try
        {
            while (gathered.Count < MaxCandidates && await client.NextAsync(either.Token) is { } word)
            {
                if (word is { Kind: SignalingWordKind.Candidate, Text: null })
                    return (gathered, true);
                if (word.Kind is SignalingWordKind.Candidate && CandidateJson.Read(word.Text!) is { } candidate)
                    gathered.Add(candidate);
            }
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            // What has not come in time is not waited for: the client's own candidates reach the provider anyhow.
        }

        return (gathered, false);
    }
}
