using System.Net;
using Npgsql;
using Orchestrator.Tests.Scenarios;
using Orchestrator.Tests.Support;

namespace Orchestrator.Tests.Faults;

/// <summary>Faults have the machine to themselves: what they measure would be their neighbours' noise otherwise.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class FaultCollection
{
    public const string Name = "faults";
}

/// <summary>A silo as the cluster's own table has it.</summary>
public sealed record Member(string Address, int Port, int Generation, int Status)
{
    public const int Active = 3;
    public const int Dead = 6;
}

/// <summary>A world in which each test starts the silos that it loses.</summary>
public class ClusterWorld : CreditWorld
{
    private readonly SiloPorts _ports = new();
    private readonly HashSet<ChildGateway> _withoutClients = [];

    /// <inheritdoc/>
    protected override bool StartsGateway => false;

    /// <inheritdoc/>
    protected override bool Serves(ChildGateway gateway) => !_withoutClients.Contains(gateway);

    /// <summary>Starts one silo, of this build unless another program is named.</summary>
    public Task<ChildGateway> StartSiloAsync(string program = ProgramUnderTest.Program, params (string Name, string Value)[] settings) =>
        StartGatewayAsync(all => ChildGateway.StartAsync(SiloLaunch.Silo(all, _ports, program)), settings);

    /// <summary>Starts one that hosts grains alone, for processes before it.</summary>
    public async Task<ChildGateway> StartSiloForGatewaysAsync()
    {
        var silo = await StartGatewayAsync(all => ChildGateway.StartAsync(SiloLaunch.SiloForGateways(all, _ports)));
        _withoutClients.Add(silo);
        return silo;
    }

    /// <summary>Starts a process that serves clients and hosts no grain.</summary>
    public Task<ChildGateway> StartGatewayOnlyAsync() => StartGatewayAsync(all => ChildGateway.StartAsync(SiloLaunch.Gateway(all)));

    /// <summary>Starts silos one after the other, and waits until all are members.</summary>
    public async Task<IReadOnlyList<ChildGateway>> StartSilosAsync(int count, string program = ProgramUnderTest.Program, params (string Name, string Value)[] settings)
    {
        var silos = new List<ChildGateway>();
        for (var i = 0; i < count; i++)
            silos.Add(await StartSiloAsync(program, settings));
        await ReadyAsync(silos);
        return silos;
    }

    /// <summary>Waits until all of them say that they take sessions.</summary>
    public static async Task ReadyAsync(IReadOnlyList<ChildGateway> silos, TimeSpan? timeout = null)
    {
        foreach (var silo in silos)
            await Eventually.IsAsync($"{silo.Address} is ready", async () => await HealthAsync(silo) is HttpStatusCode.OK, timeout ?? TimeSpan.FromSeconds(60));
    }

    /// <summary>Whether it takes sessions, as it says itself; who does not answer does not.</summary>
    public static async Task<HttpStatusCode> HealthAsync(ChildGateway silo)
    {
        using var http = new HttpClient { BaseAddress = silo.Address, Timeout = TimeSpan.FromSeconds(10) };
        try
        {
            using var answer = await http.GetAsync("/healthz/ready");
            return answer.StatusCode;
        }
        catch (Exception exception) when (exception is HttpRequestException or OperationCanceledException)
        {
            return HttpStatusCode.ServiceUnavailable;
        }
    }

    /// <summary>The silos of the cluster, dead ones too.</summary>
    public async Task<IReadOnlyList<Member>> MembersAsync()
    {
        await using var command = Database.Owner.CreateCommand("SELECT address, port, generation, status FROM OrleansMembershipTable ORDER BY starttime");
        await using var reader = await command.ExecuteReaderAsync();
        var members = new List<Member>();
        while (await reader.ReadAsync())
            members.Add(new Member(reader.GetString(0), reader.GetInt32(1), reader.GetInt32(2), reader.GetInt32(3)));
        return members;
    }

    /// <summary>Waits until that many of the cluster's silos are declared dead.</summary>
    public Task<IReadOnlyList<Member>> DeadAsync(int count) => Eventually.SeesAsync(
        $"{count} silos are declared dead", MembersAsync, members => members.Count(member => member.Status == Member.Dead) >= count, TimeSpan.FromSeconds(60));

    /// <summary>A tenant with so much in its wallet that nobody is stopped by it.</summary>
    public async Task<Reseller> NewPayerAsync(int? maxSessions = null, int? blindSeconds = 30)
    {
        var reseller = await NewTenantAsync(maxSessions: maxSessions);
        await GiveAsync(reseller.Id, seconds: 1_000_000, blindSeconds);
        return reseller;
    }

    /// <summary>How many sessions live on a silo.</summary>
    public Task<long> LiveAsync(ChildGateway silo) => Database.ReadAsync<long>(
        "SELECT count(*) FROM session s JOIN process p ON p.id = s.owner WHERE s.ended_at IS NULL AND p.name LIKE $1", $"%:{silo.Id}");

    /// <summary>What is still held or live of a tenant.</summary>
    public async Task<(long Live, long Holds)> ReservedAsync(Reseller reseller)
    {
        await using var command = Database.Owner.CreateCommand("""
            SELECT (SELECT count(*) FROM session WHERE tenant_id = $1 AND ended_at IS NULL),
                   (SELECT count(*) FROM hold h JOIN session s ON s.id = h.session_id WHERE s.tenant_id = $1)
            """);
        command.Parameters.Add(new NpgsqlParameter { Value = reseller.Id.Value });
        await using var reader = await command.ExecuteReaderAsync();
        await reader.ReadAsync();
        return (reader.GetInt64(0), reader.GetInt64(1));
    }
}
