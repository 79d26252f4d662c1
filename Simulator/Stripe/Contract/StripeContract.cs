using System.Text.Json;

namespace Orchestrator.Simulator.Stripe.Contract;

/// <summary>The operations and shapes that the fake speaks, read once from stripe-metering.json in this assembly.</summary>
internal sealed record StripeContract(IReadOnlyList<Operation> Operations, IReadOnlyDictionary<string, Schema> Schemas)
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web);

    public static StripeContract Instance { get; } = Load();

    /// <summary>The operation of that method and path, with what stands in the path's free part; null when there is none.</summary>
    public (Operation Operation, string Id)? Find(string method, string path)
    {
        foreach (var operation in Operations)
            if (operation.Method == method && operation.Match(path) is { } id)
                return (operation, id);
        return null;
    }

    public Schema Resolve(Schema schema) => schema.Ref is { } name ? Schemas[name] : schema;

    private static StripeContract Load()
    {
        using var stream = typeof(StripeContract).Assembly.GetManifestResourceStream("stripe-metering.json")
            ?? throw new InvalidOperationException("The assembly lacks its resource stripe-metering.json.");
        return JsonSerializer.Deserialize<StripeContract>(stream, Json) ?? throw new InvalidOperationException("stripe-metering.json is empty.");
    }
}
