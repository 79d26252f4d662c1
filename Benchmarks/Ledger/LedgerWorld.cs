using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Orchestrator.Benchmarks.Support;
using Orchestrator.Domain.Billing;
using Orchestrator.Domain.Tenants;
using Orchestrator.Grains.Billing;
using Orchestrator.Grains.Hosting.InProcess;
using Orchestrator.Grains.Interfaces.Billing;
using Orchestrator.Grains.Processes;
using Orchestrator.Grains.Sessions;
using Orchestrator.Grains.Sessions.Journal;
using Orchestrator.Storage;
using Orchestrator.Storage.Billing;
using Orchestrator.Storage.Tenants;

namespace Orchestrator.Benchmarks.Ledger;

/// <summary>A tenant that opens sessions.</summary>
internal sealed record Customer(IReadOnlyList<TenantId> Path, Guid KeyId);

/// <summary>
/// The part of the program that money goes through, over a real database and the in-process host: all of a Gateway's own classes but
/// its sockets. Sessions live by a clock of their own; calls and transactions by the machine's, as their time-outs are about it.
/// </summary>
internal sealed class LedgerWorld : IAsyncDisposable
{
    private const string Actor = "bench";

    private readonly BenchSchema _schema;
    private readonly ServiceProvider _services;

    private LedgerWorld(BenchSchema schema, ServiceProvider services) => (_schema, _services) = (schema, services);

    /// <summary>The string of the role that owns the tables.</summary>
    public string Owner => _schema.Owner;

    /// <summary>Those who open sessions, in turn: eight of ten have a wallet, and so has the reseller above them; two are of a tree without.</summary>
    public IReadOnlyList<Customer> Customers { get; private set; } = [];

    /// <summary>One of the program's parts.</summary>
    public T The<T>() where T : notnull => _services.GetRequiredService<T>();

    /// <summary>A schema of its own, the tenants, and a process with a lease.</summary>
    public static async Task<LedgerWorld> StartAsync()
    {
        var schema = await BenchSchema.CreateAsync("ledger");
        var world = new LedgerWorld(schema, Services(schema.Application));
        await world.The<ProcessLease>().RegisterAsync(CancellationToken.None);
        world.Customers = await world.AddTenantsAsync();
        return world;
    }

    /// <summary>What settles long runs, by the clock of the sessions.</summary>
    public Settler SettlerBy(TimeProvider clock) => new(The<Settlements>(), The<MarkBook>(), The<BillingMetrics>(), clock, NullLogger<Settler>.Instance);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _services.DisposeAsync();
        await _schema.DisposeAsync();
    }

    private static ServiceProvider Services(string application)
    {
        var services = new ServiceCollection();
        services.AddSingleton(TimeProvider.System);
        services.AddLogging(logging => logging.SetMinimumLevel(LogLevel.Warning).AddProvider(new StandardError()));
        services.AddMetrics();
        services.AddStorage(application);
        services.AddGrain<IBillingGrain, BillingGrain>();
        services.AddInProcessGrains(new InProcessGrainsOptions());
        services.AddSingleton<SessionRegistry>().AddSingleton<SessionClaims>().AddSingleton<SessionJournal>().AddSingleton<SessionMetrics>();
        services.AddSingleton<MarkBook>().AddSingleton<MarkFlusher>().AddSingleton<Settlements>().AddSingleton<TokenCharges>().AddSingleton<BillingMetrics>();
        services.AddSingleton<ProcessLease>();
        return services.BuildServiceProvider();
    }

    private async Task<IReadOnlyList<Customer>> AddTenantsAsync()
    {
        var admin = new TenantAdmin(The<Database>(), TimeProvider.System);
        var customers = new List<Customer>();
        foreach (var (hasWallets, count) in new[] { (true, 8), (false, 2) })
        {
            var reseller = await AddTenantAsync(admin, parent: null, new Price(700m, Rounding.Default), hasWallets);
            for (var i = 0; i < count; i++)
            {
                var customer = await AddTenantAsync(admin, reseller, new Price(1_234.5m, Rounding.Default), hasWallets);
                customers.Add(new Customer([reseller, customer], (await admin.AddKeyAsync(customer, "bench")).Id));
            }
        }

        return customers;
    }

    private async Task<TenantId> AddTenantAsync(TenantAdmin admin, TenantId? parent, Price price, bool hasWallet)
    {
        var tenant = await admin.AddTenantAsync("bench", "USD", parent);
        await admin.SetPriceAsync(tenant, model: null, price);
        if (hasWallet)
        {
            var wallets = The<WalletStore>();
            await wallets.PutAsync(tenant, creditLimit: 0, blindSeconds: 0, thresholds: [1_000_000], Actor);
            await wallets.PostAsync(tenant, new WalletPosting("bench", WalletEntryKind.TopUp, WalletStore.MaxMicros / 1_000, Actor, "bench"));
        }

        return tenant;
    }

    /// <summary>What the program has to complain of.</summary>
    private sealed class StandardError : ILoggerProvider, ILogger
    {
        public ILogger CreateLogger(string categoryName) => this;

        public void Dispose()
        {
            // Nothing is kept open.
        }

        public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Warning;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (IsEnabled(logLevel))
                Terminal.Say($"{formatter(state, exception)} {exception?.Message}");
        }
    }
}
