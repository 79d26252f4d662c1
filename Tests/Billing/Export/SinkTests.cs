using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Orchestrator.Domain.Billing;
using Orchestrator.Domain.Tenants;
using Orchestrator.Grains.Billing.Export;
using Orchestrator.Grains.Billing.Export.Sinks;
using Orchestrator.Grains.Dialling;
using Orchestrator.Grains.Providers;

namespace Orchestrator.Tests.Billing.Export;

/// <summary>The sinks beside Stripe: what they write, and what they make of trouble.</summary>
public sealed class SinkTests : IDisposable
{
    private const string Event =
        """{"specversion":"1.0","id":"v1:0123abcd:1","source":"/orchestrator/00000000000000000000000000000007","type":"generation.seconds",""" +
        "\"subject\":\"customer \\\"é\",\"time\":\"2026-03-01T12:00:05Z\",\"datacontenttype\":\"application/json\",\"data\":{\"seconds\":61}}";

    private static readonly TenantId Tenant = new(new Guid("00000000-0000-0000-0000-000000000007"));
    private static readonly DateTimeOffset At = new(2026, 3, 1, 12, 0, 5, TimeSpan.Zero);

    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("orchestrator-test-");

    public void Dispose() => _directory.Delete(recursive: true);

    [Fact]
    public void A_cloud_event_has_these_bytes()
    {
        var address = new SinkAddress(Tenant, "generation.seconds", "customer \"é");

        using var cloud = Cloud(allowsPrivate: false);

        Assert.Equal(Event, cloud.Freeze(new UsageToFreeze(address, "v1:0123abcd:1", 61, At)));
    }

    [Theory]
    [InlineData(204, null, "Accepted { }")]
    [InlineData(200, null, "Accepted { }")]
    [InlineData(400, null, "Rejected { Reason = HTTP 400 }")]
    [InlineData(401, null, "Rejected { Reason = HTTP 401 }")]
    [InlineData(302, null, "Rejected { Reason = HTTP 302 }")]
    [InlineData(409, null, "Retry { After = , IsUnknown = False, NewKey = False, Cause = HTTP 409 }")]
    [InlineData(429, "7", "Retry { After = 00:00:07, IsUnknown = False, NewKey = False, Cause = HTTP 429 }")]
    [InlineData(503, null, "Retry { After = , IsUnknown = True, NewKey = False, Cause = HTTP 503 }")]
    public async Task An_answer_over_http_means(int status, string? retryAfter, string outcome)
    {
        var seen = new List<string>();
        await using var receiver = await ReceiveAsync(async context =>
        {
            using var reader = new StreamReader(context.Request.Body);
            seen.Add($"{context.Request.Method} {context.Request.ContentType} {context.Request.Headers.Authorization} {await reader.ReadToEndAsync()}");
            context.Response.StatusCode = status;
            context.Response.Headers.RetryAfter = retryAfter;
        });
        using var cloud = Cloud(allowsPrivate: true);

        var told = await cloud.SendAsync(Frozen("a body", receiver.Urls.First() + "/events", "secret-token"), CancellationToken.None);

        Assert.Equal(outcome, told.ToString());
        Assert.Equal(["POST application/cloudevents+json; charset=utf-8 Bearer secret-token a body"], seen);
    }

    [Fact]
    public async Task Without_a_connection_nothing_was_sent()
    {
        using var closed = new TcpListener(IPAddress.Loopback, 0);
        closed.Start();
        var port = ((IPEndPoint)closed.LocalEndpoint).Port;
        closed.Stop();
        using var cloud = Cloud(allowsPrivate: true);

        var told = await cloud.SendAsync(Frozen("a body", $"http://127.0.0.1:{port}/", credential: null), CancellationToken.None);

        Assert.False(Assert.IsType<SendOutcome.Retry>(told).IsUnknown);
    }

    [Fact]
    public async Task A_name_that_leads_into_a_private_network_is_tried_again_later_and_an_address_there_never()
    {
        using var cloud = Cloud(allowsPrivate: false, (_, _) => Task.FromResult<IPAddress[]>([IPAddress.Parse("10.0.0.1")]));

        var name = await cloud.SendAsync(Frozen("a body", "https://meter.example/", credential: null), CancellationToken.None);
        var address = await cloud.SendAsync(Frozen("a body", "https://169.254.169.254/", credential: null), CancellationToken.None);

        Assert.Equal(new SendOutcome.Retry(null, IsUnknown: false, NewKey: false, "The name leads into a private network."), name);
        Assert.IsType<SendOutcome.Rejected>(address);
    }

    [Fact]
    public async Task A_line_is_written_once_and_one_that_a_crash_cut_short_is_written_anew()
    {
        var sink = File();

        Assert.IsType<SendOutcome.Accepted>(await sink.SendAsync(Frozen("{\"id\":\"1\"}", "usage", credential: null), CancellationToken.None));
        Assert.IsType<SendOutcome.Duplicate>(await sink.SendAsync(Frozen("{\"id\":\"1\"}", "usage", credential: null), CancellationToken.None));
        var path = Path.Combine(_directory.FullName, Tenant.ToString(), "usage", "2026-03-01.ndjson");
        await System.IO.File.AppendAllTextAsync(path, "{\"id\":\"2");
        Assert.IsType<SendOutcome.Accepted>(await sink.SendAsync(Frozen("{\"id\":\"2\"}", "usage", credential: null), CancellationToken.None));

        Assert.Equal("{\"id\":\"1\"}\n{\"id\":\"2\"}\n", await System.IO.File.ReadAllTextAsync(path));
    }

    [Fact]
    public async Task Writers_at_once_wait_for_each_other()
    {
        var line = Frozen("{\"id\":\"1\"}", "usage", credential: null);

        var outcomes = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Task.Run(() => File().SendAsync(line, CancellationToken.None))));

        Assert.Single(outcomes.OfType<SendOutcome.Accepted>());
        Assert.DoesNotContain(outcomes, outcome => outcome is SendOutcome.Rejected);
        Assert.Single(await System.IO.File.ReadAllLinesAsync(Path.Combine(_directory.FullName, Tenant.ToString(), "usage", "2026-03-01.ndjson")));
    }

    [Theory]
    [InlineData("../../usage")]
    [InlineData("..")]
    [InlineData("usage/../../x")]
    [InlineData("a\\b")]
    [InlineData("a\0b")]
    [InlineData("a.b")]
    [InlineData("")]
    [InlineData(null)]
    public async Task A_name_leads_nowhere_else(string? name)
    {
        var outcome = await File().SendAsync(Frozen("{}", name, credential: null), CancellationToken.None);

        Assert.IsType<SendOutcome.Rejected>(outcome);
        Assert.Empty(_directory.EnumerateFileSystemInfos());
    }

    private static FrozenUsage Frozen(string body, string? endpoint, string? credential) => new(
        new SinkAddress(Tenant, "generation.seconds", "customer") { Endpoint = endpoint, Credential = credential is null ? null : new Secret(credential) },
        "v1:0123abcd:1", body, SHA256.HashData(Encoding.UTF8.GetBytes(body)), KeyChanges: 0, At);

    private FileSink File() => new(Options.Create(new ExportOptions { Directory = _directory.FullName }));

    private static CloudEventsSink Cloud(bool allowsPrivate, ResolveName? resolve = null) => new(
        new GuardedDialer(Options.Create(new DiallingOptions { AllowPrivate = allowsPrivate })) { Resolve = resolve ?? Dns.GetHostAddressesAsync },
        Options.Create(new ExportOptions()), TimeProvider.System);

    private static async Task<WebApplication> ReceiveAsync(RequestDelegate handle)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Logging.ClearProviders();
        var app = builder.Build();
        app.Run(handle);
        await app.StartAsync();
        return app;
    }
}
