using System.Text.Json.Serialization;
using System.Text.RegularExpressions;
using Orchestrator.Simulator.Scripts;
using Orchestrator.Tests.Support;

namespace Orchestrator.Tests.Simulator;

public partial class ReadmeTests
{
    private static readonly string Readme = File.ReadAllText(Path.Combine(Checkout.Folder, "Simulator", "README.md"));

    [Fact]
    public void Its_table_has_a_row_for_every_model_in_this_order()
    {
        var rows = Readme.Split('\n').Where(line => line.StartsWith("| `sim-", StringComparison.Ordinal));

        Assert.Equal(BuiltInScripts.All(TimeSpan.FromSeconds(1)).Select(builtIn => $"| `{builtIn.Model}` | {builtIn.Summary} |"), rows);
    }

    [Fact]
    public void Its_scripts_can_be_played_and_show_every_step()
    {
        var scripts = JsonBlock().Matches(Readme).Select(block => ScriptJson.Parse(block.Groups["script"].Value)).ToArray();

        var known = typeof(Step).GetCustomAttributes(typeof(JsonDerivedTypeAttribute), inherit: false).Cast<JsonDerivedTypeAttribute>();
        Assert.Equal(
            known.Select(kind => kind.DerivedType.Name).Order(),
            scripts.SelectMany(script => script.Steps).Select(step => step.GetType().Name).Distinct().Order());
    }

    [GeneratedRegex("```json\n(?<script>.*?)```", RegexOptions.Singleline | RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex JsonBlock();
}
