using Microsoft.Extensions.DependencyInjection;

namespace Orchestrator.Grains.Providers.LiveStyler;

/// <summary>The dialect's one registration.</summary>
internal static class LiveStylerServices
{
    public static IServiceCollection AddLiveStyler(this IServiceCollection services) => services
        .AddSingleton<IDialect, LiveStylerDialect>()
        .AddSingleton<IDialectDialer, LiveStylerDialer>()
        .AddSingleton<FilterCategories>()
        .AddSingleton<FilterImages>();
}
