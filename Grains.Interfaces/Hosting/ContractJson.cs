using System.Text.Json;
using System.Text.Json.Serialization;

namespace Orchestrator.Grains.Interfaces.Hosting;

/// <summary>How messages between grains are written, in tests by the in-process host and in a cluster on the wire.</summary>
public static class ContractJson
{
    /// <summary>The one set of options. Members may be added to a message and are then absent in older ones; none is renamed.</summary>
    public static JsonSerializerOptions Options { get; } = Create();

    private static JsonSerializerOptions Create()
    {
        var options = new JsonSerializerOptions(JsonSerializerDefaults.Web)
        {
            DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
            Converters = { new JsonStringEnumConverter(JsonNamingPolicy.SnakeCaseLower) },
        };
        options.MakeReadOnly(populateMissingResolver: true);
        return options;
    }
}
