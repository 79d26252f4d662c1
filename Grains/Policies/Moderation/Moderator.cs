using System.Net;
using System.Net.Http.Headers;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Orchestrator.Domain.Policies;
using Orchestrator.Grains.Dialling;
using Orchestrator.Grains.Providers;
using Orchestrator.Grains.Sessions.Policies;

namespace Orchestrator.Grains.Policies.Moderation;

/// <summary>
/// Asks tenants' webhooks about what clients say. Their addresses are tenants', so they are dialled through the guard; whatever one
/// does in place of an answer, it counts as none, and within its time.
/// </summary>
public sealed partial class Moderator : IDisposable
{
    private readonly GuardedDialer _dialer;
    private readonly ISecretBox _secrets;
    private readonly PolicyMetrics _metrics;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly HttpMessageInvoker _invoker;
    private readonly ModerationSlots _slots;
    private readonly long _mostKept;
    private long _kept;

    /// <summary>Takes the bounds.</summary>
    public Moderator(GuardedDialer dialer, ISecretBox secrets, IOptions<ModerationOptions> options, PolicyMetrics metrics, TimeProvider time, ILogger<Moderator> logger)
    {
        (_dialer, _secrets, _metrics, _time, _logger) = (dialer, secrets, metrics, time, logger);
        _slots = new ModerationSlots(options.Value);
        _mostKept = options.Value.Bytes;
        _invoker = dialer.CreateInvoker(TimeSpan.FromMilliseconds(PolicyCheck.MaxTimeoutMs));
    }

    /// <inheritdoc/>
    public void Dispose() => _invoker.Dispose();

    /// <summary>Room for a copy of a frame that is judged beside, while it has gone on.</summary>
    internal bool TryKeep(int bytes)
    {
        if (Interlocked.Add(ref _kept, bytes) <= _mostKept)
            return true;
        Release(bytes);
        return false;
    }

    /// <summary>Gives it back.</summary>
    internal void Release(int bytes) => Interlocked.Add(ref _kept, -bytes);

    /// <summary>What all who are to be asked say: one who denies is enough, and so is one who fails and is to fail closed. Never throws.</summary>
    internal async Task<ModerationAnswer> AskAsync(ModerationQuestion question, CancellationToken over)
    {
        var rules = question.Rules.Moderations;
        var answers = rules.Count == 1 ? [await AskAsync(question, rules[0], over)] : await Task.WhenAll(rules.Select(rule => AskAsync(question, rule, over)));
        return answers.FirstOrDefault(answer => answer.Outcome is ModerationOutcome.Denied)
            ?? answers.FirstOrDefault(answer => answer.IsRefusal)
            ?? answers.FirstOrDefault(answer => answer.Outcome is ModerationOutcome.Failed)
            ?? ModerationAnswer.Allowed;
    }

    private async Task<ModerationAnswer> AskAsync(ModerationQuestion question, ModerationRule rule, CancellationToken over)
    {
        var from = _time.GetTimestamp();
        var answer = await TryAskAsync(question, rule, over);
        _metrics.Judged(answer.Cause ?? PolicyMetrics.WordOf(answer.Outcome), _time.GetElapsedTime(from));
        if (answer.Cause is { } cause && !over.IsCancellationRequested)
            LogFailed(_logger, question.Tenant.ToString(), cause);
        return answer;
    }

    private async Task<ModerationAnswer> TryAskAsync(ModerationQuestion question, ModerationRule rule, CancellationToken over)
    {
        // Rules change, and so may the installation that a document is restored to.
        if (_dialer.Flaw(rule.Webhook) is not null || rule.Secret is null || _secrets.Unprotect(rule.Secret) is not { } secret)
            return ModerationAnswer.Failed("misconfigured", rule.OnFailure);
        using var place = _slots.TryEnter(question.Tenant, question.Frame.Length);
        if (place is null)
            return ModerationAnswer.Failed("overloaded", rule.OnFailure);

        using var timeout = new CancellationTokenSource(TimeSpan.FromMilliseconds(rule.TimeoutMs), _time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, over);
        try
        {
            await place.WaitAsync(either.Token);
            if (ModerationBody.Question(question, rule, Guid.CreateVersion7(_time.GetUtcNow())) is not { } body)
                return ModerationAnswer.Allowed;
            return await SendAsync(rule, secret, body, either.Token);
        }
        catch (OperationCanceledException)
        {
            return ModerationAnswer.Failed("timeout", rule.OnFailure);
        }
#pragma warning disable CA1031 // Whatever a stranger's server brings about, a frame waits for the outcome.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            var cause = either.IsCancellationRequested ? "timeout" : exception.InnerException is DialRefusedException ? "address_refused" : "unreachable";
            return ModerationAnswer.Failed(cause, rule.OnFailure);
        }
    }

    private async Task<ModerationAnswer> SendAsync(ModerationRule rule, Secret secret, byte[] body, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, rule.Webhook) { Content = new ByteArrayContent(body) };
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json", "utf-8");
        request.Headers.TryAddWithoutValidation(ModerationBody.SignatureHeader, ModerationBody.Sign(secret, _time.GetUtcNow(), body));
        using var response = await _invoker.SendAsync(request, cancellationToken);
        // A redirect is not followed, and no more of an answer than any other status.
        if (response.StatusCode is not HttpStatusCode.OK)
            return ModerationAnswer.Failed("status", rule.OnFailure);
        if (response.Content.Headers.ContentType?.MediaType is not "application/json" || response.Content.Headers.ContentLength > ModerationBody.MaxAnswer)
            return ModerationAnswer.Failed("garbage", rule.OnFailure);

        await using var stream = await response.Content.ReadAsStreamAsync(cancellationToken);
        var buffer = new byte[ModerationBody.MaxAnswer + 1];
        var length = await stream.ReadAtLeastAsync(buffer, buffer.Length, throwOnEndOfStream: false, cancellationToken);
        return (length <= ModerationBody.MaxAnswer ? ModerationBody.Answer(buffer.AsMemory(0, length)) : null) ?? ModerationAnswer.Failed("garbage", rule.OnFailure);
    }

    // At Debug: one that is down would otherwise write a line for every prompt; the metrics tell.
    [LoggerMessage(1192, LogLevel.Debug, "A webhook of tenant {Tenant} judged nothing: {Cause}")]
    private static partial void LogFailed(ILogger logger, string tenant, string cause);
}
