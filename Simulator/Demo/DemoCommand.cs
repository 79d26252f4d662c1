using System.CommandLine;
using System.Text.Json;
using Orchestrator.Simulator.Demo.Dialects;

namespace Orchestrator.Simulator.Demo;

/// <summary><c>demo</c>: plays one session through a gateway and tells what happens. Exits 0 only when what was generated is what was recorded.</summary>
internal static class DemoCommand
{
    private static readonly JsonSerializerOptions SnakeCase = new(JsonSerializerDefaults.Web) { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower };

    public static Command Create()
    {
        var gateway = Address("--gateway", "The gateway's address", "http://127.0.0.1:8080");
        var simulator = Address("--simulator", "The address of the simulator behind it", "http://127.0.0.1:8090");
        var others = new Option<string[]>("--other-simulator")
        {
            Description = "A simulator behind another gateway on the same database; may be repeated", DefaultValueFactory = _ => [],
        };
        var dialect = new Option<string>("--dialect") { Description = "What the end user's client speaks", DefaultValueFactory = _ => DemoDialects.All[0].Name };
        dialect.AcceptOnlyFromAmong([.. DemoDialects.All.Select(known => known.Name)]);
        var keyFile = new Option<FileInfo>("--key-file") { Description = "The file that holds an API key of a tenant", Required = true };
        var resellerKeyFile = new Option<FileInfo?>("--reseller-key-file")
        {
            Description = "The same of the tenant above it; the charge at both levels and Stripe are then audited",
        };
        var platform = new Option<string[]>("--operator")
        {
            Description = "The operator's program and its first arguments, which is then asked what the platform pays", AllowMultipleArgumentsPerToken = true,
            DefaultValueFactory = _ => [],
        };
        var command = new Command("demo", "Play one session through a gateway and tell what happens")
        {
            gateway, simulator, others, dialect, keyFile, resellerKeyFile, platform,
        };
        command.SetAction((parsed, stopping) => RunAsync(
            new()
            {
                Dialect = DemoDialects.Find(parsed.GetValue(dialect)!)!, Gateway = parsed.GetValue(gateway)!, Simulator = parsed.GetValue(simulator)!,
                OtherSimulators = [.. parsed.GetValue(others)!.Select(address => new Uri(address))],
                KeyFile = parsed.GetRequiredValue(keyFile), ResellerKeyFile = parsed.GetValue(resellerKeyFile), Operator = parsed.GetValue(platform)!,
            },
            Console.Out, Colours(), TimeProvider.System, stopping));
        return command;
    }

    /// <summary>Plays and tells; the last line is the verdict. Answers the exit code.</summary>
    public static async Task<int> RunAsync(DemoOptions options, TextWriter output, bool colours, TimeProvider time, CancellationToken stopping)
    {
        var story = new Story(output, colours, time);
        using var over = new CancellationTokenSource();
        var printing = story.PrintAsync(over.Token);
        var (status, verdict) = await PlayAsync(options, story, time, stopping);
        await over.CancelAsync();
        await printing;
        story.PrintAll();

        await output.WriteLineAsync(colours ? $"\e[1;{(status == 0 ? 32 : 31)}m{verdict}\e[0m" : verdict);
        await output.FlushAsync(CancellationToken.None);
        return status;
    }

    private static async Task<(int Status, string Verdict)> PlayAsync(DemoOptions options, Story story, TimeProvider time, CancellationToken stopping)
    {
        using var timeout = new CancellationTokenSource(options.Patience, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, stopping);
        using var provider = Simulator(options.Simulator);
        var others = options.OtherSimulators.Select(Simulator).ToList();
        DemoPlay? play = null;
        try
        {
            using var edge = await GatewayAsync(options, options.KeyFile, either.Token);
            using var above = options.ResellerKeyFile is { } file ? await GatewayAsync(options, file, either.Token) : null;
            var platform = options.Operator is [] ? null : new OperatorProgram(options.Operator);
            play = new DemoPlay(edge, provider, options.Dialect, above is null ? null : new MoneyAudit(edge, above, provider, others, platform, time), story, time);
            var figures = await play.PlayAsync(either.Token);
            return (figures.Agree ? 0 : 1, figures.Verdict);
        }
        catch (DemoException exception)
        {
            return (1, $"demo failed: {exception.Message}");
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            return (130, "demo stopped.");
        }
        catch (OperationCanceledException)
        {
            return (1, FormattableString.Invariant($"demo failed: it was not over after {options.Patience.TotalSeconds:0.###} s; it still waited for {play?.WaitsFor}."));
        }
        finally
        {
            others.ForEach(other => other.Dispose());
        }
    }

    private static JsonApi Simulator(Uri address) => new(address, "simulator", SnakeCase, apiKey: null);

    private static async Task<JsonApi> GatewayAsync(DemoOptions options, FileInfo keyFile, CancellationToken cancellationToken) =>
        new(options.Gateway, "gateway", JsonSerializerOptions.Web, await KeyAsync(keyFile, cancellationToken));

    private static async Task<string> KeyAsync(FileInfo file, CancellationToken cancellationToken)
    {
        try
        {
            var key = (await File.ReadAllTextAsync(file.FullName, cancellationToken)).Trim();
            return key.Length > 0 ? key : throw new DemoException($"The key file {file.FullName} is empty; ./run writes it.");
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new DemoException($"The key file cannot be read ({exception.Message.TrimEnd('.')}); ./run writes it.");
        }
    }

    private static Option<Uri> Address(string name, string description, string otherwise) => new(name)
    {
        Description = description,
        DefaultValueFactory = _ => new(otherwise),
        CustomParser = result =>
        {
            if (Uri.TryCreate(result.Tokens[0].Value, UriKind.Absolute, out var address) && address.Scheme is "http" or "https")
                return address;
            result.AddError($"{name} is an address such as {otherwise}, not '{result.Tokens[0].Value}'.");
            return null;
        },
    };

    private static bool Colours() =>
        Story.WantsColours(Console.IsOutputRedirected, Environment.GetEnvironmentVariable("NO_COLOR"), Environment.GetEnvironmentVariable("TERM"));
}
