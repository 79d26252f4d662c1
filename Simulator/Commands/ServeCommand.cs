using System.CommandLine;
using Orchestrator.Simulator.Stripe;

namespace Orchestrator.Simulator.Commands;

/// <summary><c>serve</c>: runs one simulator until the process is told to stop.</summary>
internal static class ServeCommand
{
    public static Command Create()
    {
        var urls = new Option<string>("--urls")
        {
            Description = "Where to listen, separated by semicolons",
            DefaultValueFactory = _ => "http://127.0.0.1:8090",
        };
        var apiKey = new Option<string>("--api-key")
        {
            Description = "The key that clients must send as api_key",
            DefaultValueFactory = _ => SimulatorOptions.DefaultApiKey,
        };
        var buffered = new Option<bool>("--buffer-sends")
        {
            Description = "Faster echoes for load tests; the truth is then dated a moment early",
        };
        var stripeKey = new Option<string>("--stripe-key")
        {
            Description = "The key of the fake Stripe's first account",
            DefaultValueFactory = _ => StripeOptions.DefaultKey,
        };

        var meters = new Option<string[]>("--stripe-meter")
        {
            Description = "An event name that the fake Stripe has a meter for from the start; may be repeated",
            DefaultValueFactory = _ => [],
        };
        var customers = new Option<string[]>("--stripe-customer")
        {
            Description = "A customer that it has from the start, with ACCOUNT/ before it one of a connected account, which has the meters too; may be repeated",
            DefaultValueFactory = _ => [],
        };

        var serve = new Command("serve", "Serve the built-in models, the fake Stripe and the control endpoints") { urls, apiKey, buffered, stripeKey, meters, customers };
        serve.SetAction((parsed, stopping) =>
            RunAsync(
                new()
                {
                    Urls = parsed.GetValue(urls)!, ApiKey = parsed.GetValue(apiKey)!, BufferSends = parsed.GetValue(buffered),
                    Stripe = new() { Key = parsed.GetValue(stripeKey)! },
                },
                new StripeSeeds(parsed.GetValue(meters)!, parsed.GetValue(customers)!), Console.Out, stopping));
        return serve;
    }

    private static async Task<int> RunAsync(SimulatorOptions options, StripeSeeds seeds, TextWriter output, CancellationToken stopping)
    {
        await using var simulator = await ProviderSimulator.StartAsync(options, stopping);
        seeds.Plant(simulator.Stripe);
        await output.WriteLineAsync($"Simulator listens on {simulator.Address}");

        await Task.Delay(Timeout.InfiniteTimeSpan, options.TimeProvider, stopping).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        return 0;
    }
}
