using System.CommandLine;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Orchestrator.Gateway;

namespace Orchestrator.Benchmarks.Faults;

/// <summary>
/// <c>gateway</c>, which <c>./bench faults</c> starts and kills: the Gateway as it ships, but for the wall clock of its machine,
/// which is wrong by as much as it is told.
/// </summary>
internal static class SkewedGateway
{
    public static Command Create()
    {
        var urls = new Option<string>("--urls") { Required = true };
        var skew = new Option<int>("--skew-seconds");
        var command = new Command("gateway", "A Gateway whose wall clock is wrong") { urls, skew };
        command.Hidden = true;
        command.SetAction((arguments, cancellationToken) =>
            ServeAsync(arguments.GetRequiredValue(urls), TimeSpan.FromSeconds(arguments.GetValue(skew)), cancellationToken));
        return command;
    }

    private static async Task ServeAsync(string urls, TimeSpan skew, CancellationToken cancellationToken)
    {
        var builder = WebApplication.CreateBuilder(new WebApplicationOptions { ContentRootPath = AppContext.BaseDirectory });
        builder.WebHost.UseUrls(urls);
        builder.Services.AddSingleton<TimeProvider>(new WrongClock(skew));
        builder.AddGateway().AddInProcessHost();
        await using var app = builder.Build();
        await app.MapGateway().RunAsync(cancellationToken);
    }

    /// <summary>A wall clock that is wrong; what it measures is right.</summary>
    private sealed class WrongClock(TimeSpan skew) : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => System.GetUtcNow() + skew;
    }
}
