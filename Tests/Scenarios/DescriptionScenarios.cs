using System.Text.Json;
using System.Text.RegularExpressions;
using Orchestrator.Tests.Support;

namespace Orchestrator.Tests.Scenarios;

/// <summary>The OpenAPI document, as a client generator would read it.</summary>
public partial class DescriptionScenarios(World world) : IClassFixture<World>
{
    [Fact]
    public async Task Every_endpoint_is_described_with_a_name_its_parameters_and_its_refusals()
    {
        using var http = WatchedHttp.At(world.Gateway.Address);
        var document = JsonElement.Parse(await http.GetByteArrayAsync("/openapi/v1.json"));

        var described = document.GetProperty("paths").EnumerateObject()
            .SelectMany(path => path.Value.EnumerateObject().Select(operation => (Endpoint: $"{operation.Name.ToUpperInvariant()} {path.Name}", Operation: operation.Value)))
            .ToList();
        var mapped = (await MappedEndpoints.OfAsync(world))
            .Where(endpoint => endpoint.Contains(" /v1/", StringComparison.Ordinal) && !endpoint.StartsWith("OPTIONS ", StringComparison.Ordinal))
            .Select(endpoint => endpoint.Replace("ANY", "GET", StringComparison.Ordinal));

        Assert.StartsWith("3.", document.GetProperty("openapi").GetString(), StringComparison.Ordinal);
        Assert.Equal(mapped.Order(), described.Select(one => one.Endpoint).Where(endpoint => endpoint.Contains(" /v1/", StringComparison.Ordinal)).Order());
        Assert.Distinct(described.Select(one => one.Operation.GetProperty("operationId").GetString()));
        Assert.All(described, one => AssertWhole(one.Endpoint, one.Operation));
        AssertReferences(document);
        Assert.Equal(3, document.GetProperty("components").GetProperty("securitySchemes").EnumerateObject().Count());
    }

    private static void AssertWhole(string endpoint, JsonElement operation)
    {
        var inPath = Placeholders().Matches(endpoint).Select(match => match.Groups["name"].Value);
        var parameters = operation.TryGetProperty("parameters", out var all) ? all.EnumerateArray().ToList() : [];
        Assert.Equal(inPath.Order(), parameters.Where(one => one.GetProperty("in").GetString() == "path").Select(one => one.GetProperty("name").GetString()!).Order());
        if (!endpoint.Contains(" /v1/", StringComparison.Ordinal))
            return;

        Assert.False(string.IsNullOrEmpty(operation.GetProperty("summary").GetString()), endpoint);
        Assert.NotEmpty(operation.GetProperty("security").EnumerateArray());
        var responses = operation.GetProperty("responses").EnumerateObject().Select(response => response.Name).ToList();
        Assert.Contains("401", responses);
        Assert.Contains(responses, status => status is "101" or "200" or "201" or "204");
        if (endpoint.Split(' ')[0] is "PUT" or "PATCH")
            Assert.True(operation.TryGetProperty("requestBody", out _), endpoint);
    }

    /// <summary>Every reference leads somewhere.</summary>
    private static void AssertReferences(JsonElement document)
    {
        foreach (var reference in References().Matches(document.GetRawText()).Select(match => match.Groups["place"].Value).Distinct())
        {
            var place = document;
            foreach (var step in reference.Split('/'))
                Assert.True(place.TryGetProperty(step, out place), $"#/{reference} leads nowhere at {step}.");
        }
    }

    [GeneratedRegex(@"\{(?<name>\w+)\}", RegexOptions.None, matchTimeoutMilliseconds: 1_000)]
    private static partial Regex Placeholders();

    [GeneratedRegex("\"\\$ref\":\\s*\"#/(?<place>[^\"]+)\"", RegexOptions.None, matchTimeoutMilliseconds: 1_000)]
    private static partial Regex References();
}
