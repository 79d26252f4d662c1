using System.CommandLine;
using Orchestrator.Gateway.Security;
using Orchestrator.Storage;
using Orchestrator.Storage.Migrations;

namespace Orchestrator.Gateway.Commands;

/// <summary><c>orchestrator serve</c>: brings the schema up to date where it may, then serves until it is asked to stop.</summary>
internal static class ServeCommand
{
    public const string Name = "serve";

    public static Command Create(ProgramHost host)
    {
        var urls = new Option<string?>("--urls") { Description = "Addresses to listen on, such as http://127.0.0.1:8080" };
        var command = new Command(Name, "Serve clients and the API until asked to stop") { urls };
        command.SetAction((arguments, cancellationToken) => CommandErrors.ReportAsync(() => ServeAsync(host, arguments.GetValue(urls), cancellationToken)));
        return command;
    }

    private static async Task ServeAsync(ProgramHost host, string? urls, CancellationToken cancellationToken)
    {
        var builder = WebApplication.CreateBuilder(new WebApplicationOptions { ContentRootPath = AppContext.BaseDirectory });
        if (urls is not null)
            builder.WebHost.UseUrls(urls);
        host.Add(builder);
        var app = builder.Build();
        await SchemaStart.EnsureAsync(app.Services.GetRequiredService<Database>(), app.Configuration, cancellationToken);
        app.Services.GetRequiredService<KeyRing>().Verify();
        host.Map(app);
        await UntilStopped.ServeAsync(app, cancellationToken);
    }
}

/// <summary>The schema at the start of a program: migrated by whoever was given the owner's connection, checked by everybody.</summary>
internal static class SchemaStart
{
    /// <summary>Migrates or checks. Fails with one sentence.</summary>
    public static async Task EnsureAsync(Database database, IConfiguration configuration, CancellationToken cancellationToken)
    {
        if (GatewayConfiguration.OwnerConnectionString(configuration) is { } owner)
            await Migrator.MigrateAsync(owner, database.Role, cancellationToken);
        if (await Migrator.ComplaintAsync(database.Source, cancellationToken) is { } complaint)
            throw new StartException(complaint);
    }
}
