using System.CommandLine;
using Orchestrator.Domain.Billing;
using Orchestrator.Domain.Tenants;
using Orchestrator.Grains.Providers;
using Orchestrator.Storage;
using Orchestrator.Storage.Tenants;

namespace Orchestrator.Gateway.Commands;

/// <summary><c>orchestrator tenant</c>: makes tenants and their keys.</summary>
internal static class TenantCommand
{
    public static Command Create() => new("tenant", "Make tenants and their keys") { CreateAdd(), CreateDemo() };

    private static Command CreateAdd()
    {
        var name = new Argument<string>("name") { Description = "What to call it" };
        var currency = new Option<string>("--currency") { Description = "ISO 4217", DefaultValueFactory = _ => "USD" };
        var price = new Option<decimal>("--price") { Description = "Price of one second in units of the currency", Required = true };
        var parent = new Option<Guid?>("--parent") { Description = "The tenant above it; none makes a root" };
        var command = new Command("add", "Add a tenant with a price for every model, and print its first API key, once") { name, currency, price, parent };
        command.SetAction((arguments, cancellationToken) => CommandErrors.ReportAsync(() => WithAdminAsync(async admin =>
        {
            var above = arguments.GetValue(parent) is { } id ? new TenantId(id) : (TenantId?)null;
            var tenant = await admin.AddTenantAsync(
                arguments.GetRequiredValue(name), arguments.GetRequiredValue(currency), above, cancellationToken: cancellationToken);
            await admin.SetPriceAsync(tenant, model: null, new Price(arguments.GetValue(price) * 1_000_000m, Rounding.Default), cancellationToken);
            var key = await admin.AddKeyAsync(tenant, "first key", cancellationToken);
            Console.WriteLine($"tenant  {tenant}");
            Console.WriteLine($"API key {key.Key}   (shown once)");
        }, cancellationToken)));
        return command;
    }

    private static Command CreateDemo()
    {
        var keyFile = new Option<FileInfo>("--key-file") { Description = "Where the customer's key is kept, readable by you alone", Required = true };
        var resellerKeyFile = new Option<FileInfo>("--reseller-key-file") { Description = "Where the reseller's key is kept, likewise", Required = true };
        var command = new Command("demo", "Make sure that the demo's reseller and customer exist, can pay, and have keys in these files") { keyFile, resellerKeyFile };
        command.SetAction((arguments, cancellationToken) => OperatorDatabase.RunAsync(async database =>
        {
            var tree = await new DemoTenants(database).EnsureAsync(cancellationToken);
            // Without Stripe nothing is exported.
            if (Environment.GetEnvironmentVariable("Stripe__ApiKey") is { Length: > 0 } stripeKey)
                await new DemoTargets(database, new Secret(stripeKey)).EnsureAsync(tree, cancellationToken);
            var admin = new TenantAdmin(database, TimeProvider.System);
            await EnsureKeyAsync(admin, "reseller", tree.Reseller, arguments.GetRequiredValue(resellerKeyFile), cancellationToken);
            await EnsureKeyAsync(admin, "customer", tree.Customer, arguments.GetRequiredValue(keyFile), cancellationToken);
        }, cancellationToken));
        return command;
    }

    private static async Task EnsureKeyAsync(TenantAdmin admin, string who, TenantId tenant, FileInfo file, CancellationToken cancellationToken)
    {
        if (file.Exists && await admin.IsKeyOfAsync(tenant, (await File.ReadAllTextAsync(file.FullName, cancellationToken)).Trim(), cancellationToken))
            return;

        var key = await admin.AddKeyAsync(tenant, "demo", cancellationToken);
        await PrivateFile.WriteAsync(file.FullName, key.Key, cancellationToken);
        Console.WriteLine($"demo {who} {tenant}, API key {key.Key} (shown this once, kept in {file.Name})");
    }

    private static async Task WithAdminAsync(Func<TenantAdmin, Task> action, CancellationToken cancellationToken)
    {
        var configuration = new ConfigurationBuilder().AddEnvironmentVariables().Build();
        await using var database = new Database(GatewayConfiguration.ConnectionString(configuration));
        await SchemaStart.EnsureAsync(database, configuration, cancellationToken);
        await action(new TenantAdmin(database, TimeProvider.System));
    }
}
