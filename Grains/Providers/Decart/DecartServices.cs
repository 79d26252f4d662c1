using Microsoft.Extensions.DependencyInjection;
using Orchestrator.Grains.Providers.Decart.Http;
using Orchestrator.Grains.Providers.Decart.Watching;

namespace Orchestrator.Grains.Providers.Decart;

/// <summary>The dialect's one registration.</summary>
internal static class DecartServices
{
    public static IServiceCollection AddDecart(this IServiceCollection services) => services
        .AddSingleton<IDialect, DecartDialect>()
        .AddSingleton<DecartHttp>()
        .AddSingleton<DecartWatching>()
        .AddSingleton<IDialectDialer, DecartDialer>();
}
