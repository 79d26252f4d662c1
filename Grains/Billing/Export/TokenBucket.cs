namespace Orchestrator.Grains.Billing.Export;

/// <summary>So many requests per second to each account, a second's worth at once at most.</summary>
public sealed class TokenBucket(int perSecond, TimeProvider time)
{
    private readonly Lock _gate = new();
    private readonly Dictionary<string, (double Tokens, long At)> _accounts = new(StringComparer.Ordinal);

    /// <summary>Takes one token, or says after how long there will be one.</summary>
    public TimeSpan Take(string account)
    {
        lock (_gate)
        {
            var now = time.GetTimestamp();
            var (tokens, at) = _accounts.GetValueOrDefault(account, (perSecond, now));
            tokens = Math.Min(perSecond, tokens + time.GetElapsedTime(at, now).TotalSeconds * perSecond);
            var isThere = tokens >= 1;
            _accounts[account] = (isThere ? tokens - 1 : tokens, now);
            if (_accounts.Count > 10_000)
                ForgetFull(now);
            return isThere ? TimeSpan.Zero : TimeSpan.FromSeconds((1 - tokens) / perSecond);
        }
    }

    /// <summary>A bucket that is full again is like one that never was.</summary>
    private void ForgetFull(long now)
    {
        foreach (var (account, (tokens, at)) in _accounts.ToList())
        {
            if (tokens + time.GetElapsedTime(at, now).TotalSeconds * perSecond >= perSecond)
                _accounts.Remove(account);
        }
    }
}
