namespace Orchestrator.Tests.Support;

/// <summary>Waits for what shows only by looking: rows, metrics, another process.</summary>
internal static class Eventually
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(50);

    /// <summary>Looks again and again until it is so; fails with what was seen last.</summary>
    /// <param name="what">What is awaited, for the failure.</param>
    /// <param name="look">Looks once.</param>
    /// <param name="isSo">Whether that is it.</param>
    /// <param name="timeout">How long to look. Default: 15 seconds.</param>
    /// <returns>What was seen when it was so.</returns>
    public static async Task<T> SeesAsync<T>(string what, Func<Task<T>> look, Func<T, bool> isSo, TimeSpan? timeout = null)
    {
        var limit = timeout ?? TimeSpan.FromSeconds(15);
        var since = TimeProvider.System.GetTimestamp();
        using var timer = new PeriodicTimer(Interval);
        while (true)
        {
            var seen = await look();
            if (isSo(seen))
                return seen;
            if (TimeProvider.System.GetElapsedTime(since) > limit)
                throw new TimeoutException($"Never came to be within {limit.TotalSeconds} s: {what}. Last seen: {seen}");
            await timer.WaitForNextTickAsync();
        }
    }

    /// <summary>Looks again and again until it is so.</summary>
    public static Task<bool> IsAsync(string what, Func<Task<bool>> look, TimeSpan? timeout = null) => SeesAsync(what, look, isSo => isSo, timeout);
}
