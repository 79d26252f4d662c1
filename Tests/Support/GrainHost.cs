using System.Collections.Concurrent;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Orchestrator.Grains.Hosting.InProcess;

namespace Orchestrator.Tests.Support;

/// <summary>An in-process host with journals, a clock and a log that tests can read.</summary>
internal sealed class GrainHost : IAsyncDisposable
{
    private readonly ServiceProvider _services;
    private readonly List<GrainRegistration> _registrations;

    private GrainHost(InProcessGrainsOptions options, Action<IServiceCollection> addGrains, TimeProvider? time)
    {
        var services = new ServiceCollection();
        services.AddLogging(logging => logging.AddProvider(Log).SetMinimumLevel(LogLevel.Warning));
        services.AddSingleton(time ?? Time).AddSingleton(Journals);
        services.AddInProcessGrains(options);
        addGrains(services);
        _services = services.BuildServiceProvider(new ServiceProviderOptions { ValidateScopes = true });
        _registrations = [.. _services.GetServices<GrainRegistration>()];
        Grains = _services.GetRequiredService<InProcessGrains>();
    }

    public InProcessGrains Grains { get; }
    public Journals Journals { get; } = new();
    public TestTimeProvider Time { get; } = new();
    public RecordedLog Log { get; } = new();

    /// <summary>How many keys the host remembers, whether their grains are alive or not.</summary>
    public int Places => _registrations.Sum(registration => registration.Activations.Count);

    /// <summary>Starts a host of those grains; without a clock of its own it has one that stands still.</summary>
    public static GrainHost Start(InProcessGrainsOptions options, Action<IServiceCollection> addGrains, TimeProvider? time = null) =>
        new(options, addGrains, time);

    /// <summary>Ends every grain. One that hangs fails its test rather than the whole run.</summary>
    public async ValueTask DisposeAsync() => await _services.DisposeAsync().AsTask().WaitAsync(TimeSpan.FromSeconds(20));

    /// <summary>Moves the clock on, minute by minute, until that has happened.</summary>
    public Task IdleUntilAsync(Task happened) => DriveAsync(TimeSpan.FromMinutes(1), happened);

    /// <summary>Moves the clock on, step by step, until that is so.</summary>
    public async Task DriveUntilAsync(TimeSpan step, Func<bool> happened, string missing)
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(10));
        while (!happened())
        {
            if (patience.IsCancellationRequested)
                throw new TimeoutException($"Never came: {missing}.");
            Time.Advance(step);
            await Task.Yield();
        }
    }

    /// <summary>Moves the clock on, step by step, until that has happened.</summary>
    public async Task DriveAsync(TimeSpan step, Task happened)
    {
        var bounded = happened.WaitAsync(TimeSpan.FromSeconds(10));
        while (!bounded.IsCompleted)
        {
            Time.Advance(step);
            await Task.Yield();
        }

        await bounded;
    }
}

/// <summary>Keeps what is logged.</summary>
internal sealed class RecordedLog : ILoggerProvider, ILogger
{
    private readonly ConcurrentQueue<string> _lines = new();

    /// <summary>Level, event id and message of each entry.</summary>
    public IReadOnlyCollection<string> Lines => _lines;

    public ILogger CreateLogger(string categoryName) => this;
    public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;
    public bool IsEnabled(LogLevel logLevel) => true;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
        _lines.Enqueue($"{logLevel} {eventId.Id} {formatter(state, exception)}");

    public void Dispose() { }
}
