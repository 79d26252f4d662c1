using System.Diagnostics;
using Orchestrator.Domain.Sessions;
using Orchestrator.Tests.Scenarios;
using Orchestrator.Tests.Support;
using Xunit.Abstractions;

namespace Orchestrator.Tests.Faults;

/// <summary>A cluster that begins with the silo of an earlier build, on the tables of that build.</summary>
public sealed class RollingCluster : ClusterWorld
{
    /// <summary>The silo before the newest migration.</summary>
    public string OldProgram { get; private set; } = "";

    /// <summary>Brings the tables up to what this build wants, as an operator does before a roll.</summary>
    public Task<string> MigrateToThisBuildAsync() => MigrateAsync(Path.Combine(AppContext.BaseDirectory, ProgramUnderTest.Program));

    /// <inheritdoc/>
    protected override async Task MigrateAsync()
    {
        OldProgram = Environment.GetEnvironmentVariable("ORCHESTRATOR_OLD_SILO") is { Length: > 0 } given
            ? given
            : (await PrivatePostgres.ScriptAsync(TimeSpan.FromMinutes(15), "old-silo")).Trim();
        Database = await TestDatabase.CreateEmptyAsync();
        await MigrateAsync(OldProgram);
    }

    private async Task<string> MigrateAsync(string program)
    {
        var start = new ProcessStartInfo("dotnet", [program, "migrate"]) { UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment["ConnectionStrings__Orchestrator"] = Database.ConnectionString;
        start.Environment["ConnectionStrings__OrchestratorOwner"] = Database.OwnerConnectionString;
        using var process = Process.Start(start)!;
        using var patience = new CancellationTokenSource(TimeSpan.FromMinutes(1), TimeProvider.System);
        var (output, errors) = (process.StandardOutput.ReadToEndAsync(patience.Token), process.StandardError.ReadToEndAsync(patience.Token));
        await process.WaitForExitAsync(patience.Token);
        Assert.True(process.ExitCode == 0, await output + await errors);
        return (await output).Trim();
    }
}

/// <summary>A deploy: three silos of the former build give way to three of this one, one after the other, while sessions come and go.</summary>
[Trait("Category", "Slow"), Collection(FaultCollection.Name)]
public class RollingRestartTests(RollingCluster world, ITestOutputHelper output) : IClassFixture<RollingCluster>
{
    private const int Visitors = 30;
    private static readonly (string Name, string Value) Grace = ("Process:DrainGrace", "00:01:00");

    [Fact]
    public async Task A_roll_ends_no_session()
    {
        var silos = new List<ChildGateway>(await world.StartSilosAsync(3, world.OldProgram, Grace));
        var reseller = await world.NewPayerAsync();
        var visitors = new Visitors(world, reseller, silos);
        visitors.Come(Visitors);
        await visitors.CompletedAsync(Visitors);

        // Old and new build together. What the former build does when it is asked to stop is its own affair: nobody is sent to it
        // any more, and it is asked once its last session is over.
        var migrated = await world.MigrateToThisBuildAsync();
        await RollAsync(silos, visitors, $"old and new build together ({migrated})", async leaving =>
        {
            lock (silos)
                silos.Remove(leaving);
            await Eventually.SeesAsync($"live sessions of {leaving.Address} are none", () => world.LiveAsync(leaving), live => live == 0, TimeSpan.FromSeconds(60));
        });

        // This build is asked to stop among its sessions, and nobody is told beforehand.
        await RollAsync(silos, visitors, "this build, by SIGTERM alone", _ => Task.CompletedTask);

        await visitors.LeaveAsync();
        var books = await Eventually.SeesAsync(
            "every session has ended in the books", () => Books.ReadAsync(world.Database), books => books.All(book => book.EndedAt is not null));
        var members = await world.MembersAsync();
        Assert.Empty(visitors.Cut);
        Assert.All(books.Where(book => book.Upstream is not null), book => Assert.Equal((int)CloseCode.Completed, book.CloseCode));
        Assert.All(books, Books.AssertClosed);
        Assert.Equal((3, 6), (members.Count(member => member.Status == Member.Active), members.Count(member => member.Status == Member.Dead)));
        (await world.SettledAsync(reseller.Id)).AssertInOrder();
    }

    /// <summary>One silo after the other leaves and is followed by one of this build.</summary>
    private async Task RollAsync(List<ChildGateway> silos, Visitors visitors, string what, Func<ChildGateway, Task> beforeAsync)
    {
        var (began, completed, sentOn) = (TimeProvider.System.GetTimestamp(), visitors.Completed, visitors.SentOn);
        foreach (var leaving in silos.ToList())
        {
            await beforeAsync(leaving);
            await leaving.TerminateAsync();
            Assert.Equal(0, leaving.ExitCode);
            var next = await world.StartSiloAsync(ProgramUnderTest.Program, Grace);
            await ClusterWorld.ReadyAsync([next]);
            lock (silos)
            {
                silos.Remove(leaving);
                silos.Add(next);
            }

            await visitors.CompletedAsync(Visitors);
        }

        output.WriteLine(
            $"figure: rolling restart of three silos in {TimeProvider.System.GetElapsedTime(began).TotalSeconds:0} s, {what}: {visitors.Completed - completed} sessions completed, "
            + $"{visitors.Cut.Count} ended by the roll, {visitors.SentOn - sentOn} sent on before they began");
    }
}
