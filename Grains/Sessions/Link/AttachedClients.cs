using System.Collections.Concurrent;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Orchestrator.Domain.Sessions;
using Orchestrator.Grains.Hosting;
using Orchestrator.Grains.Interfaces.Hosting;
using Orchestrator.Grains.Sessions.Relay;

namespace Orchestrator.Grains.Sessions.Link;

/// <summary>The linked clients of this process, and the one loop that keeps their links alive.</summary>
public sealed partial class AttachedClients : IAttachedClients, IAsyncDisposable
{
    /// <summary>How often links are looked at: the most that a beat is late, or a lost link is noticed late.</summary>
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(500);

    private readonly ConcurrentDictionary<SessionId, LinkedClient> _clients = new();
    private readonly Periodic _loop;
    private readonly IGrains _grains;
    private readonly RelayOptions _options;
    private readonly InFlightBudget _memory;
    private readonly TimeProvider _time;
    private readonly ILogger<AttachedClients> _logger;

    /// <summary>None yet.</summary>
    public AttachedClients(IGrains grains, IOptions<RelayOptions> options, TimeProvider time, ILogger<AttachedClients> logger)
    {
        _grains = grains;
        _options = options.Value;
        _memory = new InFlightBudget(_options.LinkBytes, maxMessage: 0);
        _time = time;
        _logger = logger;
        _loop = new Periodic("links of clients", Interval, CheckAsync, time, logger);
        _loop.Start();
    }

    /// <inheritdoc/>
    public int Count => _clients.Count;

    /// <summary>A client that is to be attached to that session; disposed by whoever serves it.</summary>
    public LinkedClient Open(SessionId session)
    {
        var client = new LinkedClient(session, _grains, _options, _memory, _time, _logger, Forget);
        _clients[session] = client;
        return client;
    }

    /// <inheritdoc/>
    public async Task WhenNoneAsync(CancellationToken cancellationToken)
    {
        while (_clients.Values is { Count: > 0 } clients)
            await Task.WhenAll(clients.Select(client => client.Completion)).WaitAsync(cancellationToken);
    }

    /// <inheritdoc/>
    public async Task EndAllAsync(CloseCode code, CancellationToken cancellationToken)
    {
        var clients = _clients.Values.ToList();
        try
        {
            await Task.WhenAll(clients.Select(client => client.EndAsync(code, cancellationToken))).WaitAsync(cancellationToken);
            await Task.WhenAll(clients.Select(client => client.Completion)).WaitAsync(cancellationToken);
        }
        catch (OperationCanceledException)
        {
            LogCut(clients.Count(client => !client.Completion.IsCompleted));
            foreach (var client in clients)
                client.Cut();
        }
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _loop.DisposeAsync();

    private void Forget(LinkedClient client) => _clients.TryRemove(KeyValuePair.Create(client.Session, client));

    private Task CheckAsync(CancellationToken cancellationToken)
    {
        foreach (var client in _clients.Values)
            client.Check();
        return Task.CompletedTask;
    }

    [LoggerMessage(1163, LogLevel.Warning, "{Clients} clients did not leave in time and are cut")]
    private partial void LogCut(int clients);
}

/// <summary>How a program says that it serves clients of sessions in other processes.</summary>
public static class LinkServices
{
    /// <summary>Linked clients. <c>IGrains</c> and <see cref="RelayOptions"/> are the host's to add.</summary>
    public static IServiceCollection AddAttachedClients(this IServiceCollection services)
    {
        services.TryAddSingleton<AttachedClients>();
        services.TryAddSingleton<IAttachedClients>(provider => provider.GetRequiredService<AttachedClients>());
        return services;
    }
}
