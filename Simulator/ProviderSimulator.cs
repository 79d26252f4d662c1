using Orchestrator.Simulator.Control;
using Orchestrator.Simulator.Oracles;
using Orchestrator.Simulator.Providers.Decart;
using Orchestrator.Simulator.Providers.Decart.Http;
using Orchestrator.Simulator.Providers.Decart.Watching;
using Orchestrator.Simulator.Providers.LiveStyler;
using Orchestrator.Simulator.Providers.OpenAI;
using Orchestrator.Simulator.Scripts;
using Orchestrator.Simulator.Stripe;
using Orchestrator.Simulator.Stripe.Control;

namespace Orchestrator.Simulator;

/// <summary>
/// A provider that speaks dialect A and dialect B's control plane, plays scripts, can go wrong in every way we know of, and
/// keeps the truth about what it sent, with a fake Stripe beside it. Runs inside a test as well as in a process of its own. Safe for any thread.
/// </summary>
public sealed class ProviderSimulator : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    private readonly WebApplication _app;
    private readonly ScriptLibrary _scripts;
    private readonly ConnectionBook _connections;
    private readonly HttpSignaling _http;
    private readonly SubscribeEndpoint _subscribe;

    private ProviderSimulator(SimulatorOptions options)
    {
        ApiKey = options.ApiKey;
        Truth = new(options);
        Filters = new(options.ApiKey);
        _scripts = new(options.Pace);
        _connections = new(options.MaxEndedConnections);

        var stream = new StreamEndpoint(options, _scripts, Truth, _connections);
        _app = SimulatorHost.Build(options);
        _app.MapGet(StreamEndpoint.Path, stream.HandleAsync);
        // With a book of its own: what a watcher is sent is no session.
        _subscribe = new(options, _scripts, new(options), _connections);
        _app.MapGet(SubscribeEndpoint.SubscribePath, _subscribe.HandleAsync);
        Rooms = new(_connections, options.ApiKey);
        _app.MapPost("/watch-stream/{room}", Rooms.Join);
        _app.MapGet(LiveStylerEndpoint.ClientPath, new LiveStylerEndpoint(options, _scripts, Truth, _connections).HandleAsync);
        _app.MapGet(FilterList.Path, Filters.HandleAsync);
        _app.MapGet(FilterList.Pictures + "{name}", Filters.ShowAsync);
        _http = new(options, _scripts, Truth);
        _http.Map(_app);
        _app.MapControl(new(_scripts, Truth, _connections, options.ApiKey));

        OpenAI = new(options, Truth);
        _app.MapOpenAI(OpenAI);
        _app.MapOpenAIControl(OpenAI);

        Stripe = new(options.Stripe, options.TimeProvider, _app.Lifetime.ApplicationStopping);
        Stripe.Map(_app);
        _app.MapStripeControl(Stripe);
    }

    /// <summary>Where it listens, as <c>http</c>.</summary>
    public Uri Address => new(_app.Urls.First());

    /// <summary>Where it listens, as <c>ws</c>: what a client takes for the provider's base address.</summary>
    public Uri WebSocketAddress => new UriBuilder(Address) { Scheme = Uri.UriSchemeWs }.Uri;

    /// <summary>What it expects in <c>api_key</c>.</summary>
    public string ApiKey { get; }

    /// <summary>What every connection was really sent.</summary>
    public Truth Truth { get; }

    /// <summary>Rooms of dialect B that others are let into.</summary>
    public Rooms Rooms { get; }

    /// <summary>When set, those who come to watch a session of dialect A get this HTTP status and no socket.</summary>
    public int? SubscribeStatus
    {
        get => _subscribe.Status;
        set => _subscribe.Status = value;
    }

    /// <summary>LiveStyler's list of filters at the same address.</summary>
    public FilterList Filters { get; }

    /// <summary>The provider of OpenAI's Realtime API at the same address.</summary>
    public OpenAITwin OpenAI { get; }

    /// <summary>The fake Stripe at the same address.</summary>
    public FakeStripe Stripe { get; }

    /// <summary>The open connections and the newest of those that ended, oldest first.</summary>
    public IReadOnlyList<ProviderConnection> Connections => _connections.Snapshot();

    /// <summary>The sessions that were opened over HTTP, oldest first.</summary>
    public IReadOnlyList<HttpProviderSession> HttpSessions => _http.Sessions;

    /// <summary>Starts a simulator; it listens when the task completes.</summary>
    public static async Task<ProviderSimulator> StartAsync(SimulatorOptions? options = null, CancellationToken cancellationToken = default)
    {
        var simulator = new ProviderSimulator(options ?? new());
        try
        {
            await simulator._app.StartAsync(cancellationToken);
            return simulator;
        }
        catch
        {
            await simulator.DisposeAsync();
            throw;
        }
    }

    /// <summary>The full address of a client's connection for that model, with the right key unless another is given.</summary>
    public Uri StreamFor(string model, string? apiKey = null) =>
        new(WebSocketAddress, $"{StreamEndpoint.Path}?api_key={Uri.EscapeDataString(apiKey ?? ApiKey)}&model={Uri.EscapeDataString(model)}");

    /// <summary>Sets what a model plays from the next connection on; a model of any name may be made so.</summary>
    public void Play(string model, Script script)
    {
        if (ScriptRules.FirstProblem(script) is { } problem)
            throw new ArgumentException(problem, nameof(script));
        _scripts.Set(model, script);
    }

    /// <summary>
    /// The oldest connection that was not given out before, refused ones included. Throws a <see cref="TimeoutException"/> that
    /// says which connections there are when none comes.
    /// </summary>
    /// <param name="model">Only one for this model.</param>
    /// <param name="timeout">How long to wait. Default: 5 seconds.</param>
    public Task<ProviderConnection> NextConnectionAsync(string? model = null, TimeSpan? timeout = null) =>
        _connections.NextAsync(model, timeout ?? Patience);

    /// <summary>Cuts every connection and stops listening, within a second.</summary>
    public async ValueTask DisposeAsync()
    {
        foreach (var connection in Connections)
            connection.Drop();
        OpenAI.DropAll();
        await _app.StopAsync();
        await _app.DisposeAsync();
        Stripe.Dispose();
    }
}
