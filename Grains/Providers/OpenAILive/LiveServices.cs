using Microsoft.Extensions.DependencyInjection;
using Orchestrator.Grains.Providers.OpenAI;

namespace Orchestrator.Grains.Providers.OpenAILive;

/// <summary>The dialect's one registration; its calls are kept and attended as those of its elder.</summary>
internal static class LiveServices
{
    public static IServiceCollection AddOpenAILive(this IServiceCollection services) => services
        .AddCalls<LiveProtocol>()
        .AddSingleton<IDialect, LiveDialect>()
        .AddSingleton<IDialectDialer, LiveDialer>();
}
