namespace Orchestrator.Simulator.Stripe.Contract;

/// <summary>What a value must look like: the part of a JSON schema that Stripe's description uses.</summary>
internal sealed record Schema
{
    /// <summary>Name of a schema of the contract that stands here.</summary>
    public string? Ref { get; init; }

    /// <summary>One of them must fit.</summary>
    public IReadOnlyList<Schema>? AnyOf { get; init; }

    public string? Type { get; init; }
    public string? Format { get; init; }
    public int? MaxLength { get; init; }
    public bool Nullable { get; init; }

    /// <summary>Values allowed; strings, but for <c>true</c> in a deleted object.</summary>
    public IReadOnlyList<System.Text.Json.Nodes.JsonNode>? Enum { get; init; }

    public IReadOnlyDictionary<string, Schema> Properties { get; init; } = new Dictionary<string, Schema>();
    public IReadOnlyList<string> Required { get; init; } = [];

    /// <summary>Members that have no schema here are refused.</summary>
    public bool Closed { get; init; }

    /// <summary>Schema of the members of a map.</summary>
    public Schema? Values { get; init; }

    /// <summary>Schema of the elements of a list.</summary>
    public Schema? Items { get; init; }
}
