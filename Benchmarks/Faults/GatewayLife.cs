using Orchestrator.Benchmarks.Support;

namespace Orchestrator.Benchmarks.Faults;

/// <summary>One process that relayed, from its start to its end.</summary>
internal sealed class GatewayLife(ChildProcess process, int port) : IAsyncDisposable
{
    private long _killedAt;

    /// <summary>Where clients connect.</summary>
    public Uri Stream { get; } = new($"ws://127.0.0.1:{port}/v1/stream");

    /// <summary>When it was killed, by the clock that never steps; null while it lives.</summary>
    public long? KilledAt => Volatile.Read(ref _killedAt) is var at && at == 0 ? null : at;

    /// <summary>
    /// It was killed so soon after the database was away that it may have had no chance to say who of its sessions went on blind: what
    /// those generated beyond their holds is blind extension that nobody could count apart any more.
    /// </summary>
    public bool MayHaveBeenBlind { get; private set; }

    /// <summary>It was killed between the loss of the database and the first good flush after it.</summary>
    public bool WhileDatabaseWasAway { get; private set; }

    /// <summary>What its row calls it.</summary>
    public string Name { get; } = $"{Environment.MachineName}:{process.Id}";

    /// <summary>What it said last, for whoever asks why it failed.</summary>
    public string LastWords => process.LastWords;

    /// <summary>The fault that killed it.</summary>
    public Fault? Cause { get; private set; }

    /// <summary><c>kill -9</c>.</summary>
    public async Task KillAsync(Fault cause, bool whileDatabaseIsAway, bool mayHaveBeenBlind)
    {
        MayHaveBeenBlind = mayHaveBeenBlind;
        Cause = cause;
        WhileDatabaseWasAway = whileDatabaseIsAway;
        Volatile.Write(ref _killedAt, TimeProvider.System.GetTimestamp());
        await process.DisposeAsync();
    }

    /// <summary>Whether it answers and has its database.</summary>
    public async Task<bool> IsReadyAsync(HttpClient http)
    {
        try
        {
            using var answer = await http.GetAsync(new Uri($"http://127.0.0.1:{port}/healthz/ready"));
            return answer.IsSuccessStatusCode;
        }
        catch (Exception exception) when (exception is HttpRequestException or TaskCanceledException)
        {
            return false;
        }
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => process.DisposeAsync();
}
