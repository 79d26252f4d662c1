using Orchestrator.Simulator.Stripe.Faults;

namespace Orchestrator.Simulator.Stripe.Oracles;

/// <summary>One request, without its secrets.</summary>
/// <param name="Number">Counts from 1 in the order of the answers.</param>
/// <param name="At">When it was answered, on the virtual clock.</param>
/// <param name="Account">For which account; null when it was not let in.</param>
/// <param name="Method">Its method.</param>
/// <param name="Path">Its path with the query.</param>
/// <param name="IdempotencyKey">Its key, if it had one.</param>
/// <param name="Identifier">The identifier in its body, if it had one.</param>
/// <param name="BodySha256">Hash of its body's bytes, lower case: equal for what was sent again unchanged.</param>
/// <param name="Status">What it was answered with; 0 when the connection was cut.</param>
/// <param name="Replayed">The answer came from its idempotency key.</param>
/// <param name="Fault">The fault it met.</param>
public sealed record StripeRequest(
    long Number, DateTimeOffset At, string? Account, string Method, string Path, string? IdempotencyKey, string? Identifier, string BodySha256, int Status,
    bool Replayed, StripeFaultKind? Fault);

/// <summary>A request as it is kept.</summary>
internal readonly record struct LoggedRequest(
    DateTimeOffset At, string? Account, string Method, string Path, string? IdempotencyKey, string? Identifier, byte[] BodyHash, int Status, bool Replayed, StripeFaultKind? Fault);

/// <summary>The newest requests. Its owner's lock guards it.</summary>
internal sealed class RequestLog(int limit)
{
    private readonly Queue<LoggedRequest> _requests = [];
    private long _forgotten;

    public long Add(LoggedRequest request)
    {
        _requests.Enqueue(request);
        if (_requests.Count > limit)
        {
            _requests.Dequeue();
            _forgotten++;
        }

        return _forgotten + _requests.Count;
    }

    /// <summary>Those with a number above, oldest first.</summary>
    public StripeRequest[] Read(long after, int most)
    {
        var skipped = Math.Max(0, after - _forgotten);
        return
        [
            .. _requests.Skip((int)Math.Min(int.MaxValue, skipped)).Take(most).Select((one, i) => new StripeRequest(
                _forgotten + skipped + i + 1, one.At, one.Account, one.Method, one.Path, one.IdempotencyKey, one.Identifier,
                Convert.ToHexStringLower(one.BodyHash), one.Status, one.Replayed, one.Fault)),
        ];
    }
}

/// <summary>The first contract violations, with their text. Its owner's lock guards it.</summary>
internal sealed class ViolationLog(int limit)
{
    private readonly List<string> _texts = [];

    public IReadOnlyList<string> Texts => [.. _texts];

    public void Add(string text)
    {
        if (_texts.Count < limit)
            _texts.Add(text);
    }
}
