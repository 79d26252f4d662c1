namespace Orchestrator.Tests;

/// <summary>What is left out on a shape of the cluster is named with a reason, and is something that exists.</summary>
public class LeftOutTests
{
    [Fact]
    public async Task Whatever_is_left_out_exists_and_has_a_reason()
    {
        var lines = (await File.ReadAllLinesAsync(Path.Combine(AppContext.BaseDirectory, "left-out.txt"))).Where(line => !line.StartsWith('#'));
        var tests = typeof(LeftOutTests).Assembly.GetTypes().SelectMany(type => type.GetMethods().Select(method => $"{type.FullName}.{method.Name}")).ToList();

        Assert.All(lines, line =>
        {
            var parts = line.Split(' ', 3);
            Assert.Equal(3, parts.Length);
            Assert.Subset(new HashSet<string> { "one", "three", "gateway" }, parts[0].Split(',').ToHashSet());
            Assert.Contains(tests, test => test.Contains($".{parts[1]}", StringComparison.Ordinal));
        });
    }
}
