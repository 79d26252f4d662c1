using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Logging.Abstractions;
using Orchestrator.Domain.Sessions;
using Orchestrator.Grains.Providers;
using Orchestrator.Grains.Providers.LiveStyler;
using Orchestrator.Simulator;
using Orchestrator.Tests.Support;

namespace Orchestrator.Tests.Providers.LiveStyler;

/// <summary>What bounds the question for the list of filters.</summary>
public class FilterCategoriesTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    [Fact]
    public async Task A_provider_that_does_not_answer_is_given_up_in_time()
    {
        await using var provider = await ProviderSimulator.StartAsync();
        provider.Filters.Hangs = true;
        var time = new TestTimeProvider();
        using var categories = new FilterCategories(time, NullLogger<FilterCategories>.Instance);

        var reading = categories.ReadAsync(Entry(provider.Address, provider.ApiKey), CancellationToken.None);
        await Eventually.IsAsync("the provider is asked", () => Task.FromResult(provider.Filters.Asked.Count > 0));
        Assert.False(reading.IsCompleted);
        time.Advance(TimeSpan.FromSeconds(10));

        Assert.Equal(new FilterList(null, CloseCode.UpstreamUnavailable), await reading.WaitAsync(Patience));
    }

    [Fact]
    public async Task A_provider_that_is_not_there_is_unavailable()
    {
        using var categories = new FilterCategories(TimeProvider.System, NullLogger<FilterCategories>.Instance);

        var list = await categories.ReadAsync(Entry(new Uri("http://127.0.0.1:1/"), "sk_nobody"), CancellationToken.None).WaitAsync(Patience);

        Assert.Equal(new FilterList(null, CloseCode.UpstreamUnavailable), list);
    }

    [Theory]
    [InlineData("https://api.host", true)]
    [InlineData("http://api.host:8080/v1/", true)]
    [InlineData("wss://api.host", false)]
    [InlineData("https://api.host/?key=1", false)]
    [InlineData("https://user@api.host/", false)]
    [InlineData("/v1", false)]
    public void The_address_of_a_REST_API_is_checked_at_start(string address, bool isGood)
    {
        var options = new ProvidersOptions { ["one"] = Entry(new Uri(address, UriKind.RelativeOrAbsolute), "sk_nobody").Options };

        var problems = options.Validate(new ValidationContext(options)).Select(problem => problem.ErrorMessage!).ToList();

        Assert.Equal(isGood, problems.Count == 0);
        Assert.All(problems, problem => Assert.StartsWith("Providers:one:RestEndpoint ", problem, StringComparison.Ordinal));
    }

    private static ProviderEntry Entry(Uri rest, string key) => new(
        "one", new ProviderOptions { Endpoint = new Uri("ws://127.0.0.1:1/client"), RestEndpoint = rest, ApiKey = new Secret(key), Models = ["m"] }, new LiveStylerDialect());
}
