namespace Orchestrator.Simulator.Demo.Dialects;

/// <summary>The dialects that the demo can be played in; adding one is adding its line here.</summary>
internal static class DemoDialects
{
    /// <summary>The first is played where none is named.</summary>
    public static IReadOnlyList<IDemoDialect> All { get; } =
    [
        new DecartADemo(),
        new DecartBDemo(),
        new LiveStylerDemo(),
        new HttpDemo(),
        new OpenAIDemo(),
        new LiveDemo(),
    ];

    /// <summary>The one of that name; null when there is none.</summary>
    public static IDemoDialect? Find(string name) => All.FirstOrDefault(dialect => dialect.Name == name);
}
