using Microsoft.Extensions.DependencyInjection;

namespace Orchestrator.Grains.Providers.OpenAI;

/// <summary>The dialect's one registration.</summary>
internal static class OpenAIServices
{
    public static IServiceCollection AddOpenAI(this IServiceCollection services) => services
        .AddSingleton<OpenAIApi>()
        .AddSingleton<OpenAICalls>()
        .AddSingleton<ILingeringUpstreams>(provider => provider.GetRequiredService<OpenAICalls>())
        .AddSingleton<ICallHangUp, OpenAIHangUp>()
        .AddSingleton<IDialect, OpenAIDialect>()
        .AddSingleton<IDialectDialer, OpenAIDialer>();
}
