using System.Text.RegularExpressions;
using Orchestrator.Tests.Support;

namespace Orchestrator.Tests.Policies;

/// <summary>A client may come in by several ways; a token's policy comes in with it by each.</summary>
public partial class WaysInTests
{
    [Fact]
    public void Whoever_opens_a_session_says_what_its_token_is_held_to()
    {
        var ways = Directory.EnumerateFiles(Path.Combine(Checkout.Folder, "Gateway"), "*.cs", SearchOption.AllDirectories)
            .Select(file => (Name: Path.GetFileName(file), Text: File.ReadAllText(file)))
            .Where(file => Opens().IsMatch(file.Text))
            .ToList();

        Assert.NotEmpty(ways);
        Assert.All(ways, way => Assert.True(way.Text.Contains("TokenPolicy = ", StringComparison.Ordinal), $"{way.Name} opens a session without its token's policy."));
    }

    [GeneratedRegex(@"new OpenSession\(|OpenSession \w+\([^)]*\) => new\(", RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 1_000)]
    private static partial Regex Opens();
}
