using Microsoft.Extensions.DependencyInjection;

namespace Orchestrator.Grains.Providers.OpenAI;

/// <summary>The dialect's one registration.</summary>
internal static class OpenAIServices
{
    public static IServiceCollection AddOpenAI(this IServiceCollection services) => services
        .AddSingleton<OpenAIApi>()
        .AddSingleton<OpenAICalls>()
        .AddSingleton<ILingeringUpstreams>(provider => provider.GetRequiredService<OpenAICalls>())
        .AddCalls<RealtimeProtocol>()
        .AddSingleton<IDialect, OpenAIDialect>()
        .AddSingleton<IDialectDialer, OpenAIDialer>();

    /// <summary>A family of calls: those that are going on are kept, attended and hung up as all of them are.</summary>
    public static IServiceCollection AddCalls<T>(this IServiceCollection services) where T : ICallProtocol, new()
    {
        var protocol = new T();
        return services
            .AddSingleton<ICallProtocol>(protocol)
            .AddSingleton<ICallHangUp>(provider => new OpenAIHangUp(protocol, provider.GetRequiredService<OpenAIApi>()));
    }
}
