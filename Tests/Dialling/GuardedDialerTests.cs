using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Options;
using Orchestrator.Grains.Dialling;

namespace Orchestrator.Tests.Dialling;

public sealed class GuardedDialerTests : IDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);

    public GuardedDialerTests() => _listener.Start();

    public void Dispose() => _listener.Dispose();

    [Theory]
    [InlineData("https://meter.example.com/events", false, true)]
    [InlineData("https://8.8.8.8/", false, true)]
    [InlineData("http://meter.example.com/events", false, false)]
    [InlineData("http://meter.example.com/events", true, true)]
    [InlineData("https://127.0.0.1/", false, false)]
    [InlineData("https://127.0.0.1/", true, true)]
    [InlineData("https://2130706433/", false, false)]
    [InlineData("https://0x7f.1/", false, false)]
    [InlineData("https://[::1]/", false, false)]
    [InlineData("https://[::ffff:10.0.0.1]/", false, false)]
    [InlineData("https://user:word@meter.example.com/", true, false)]
    [InlineData("https://meter.example.com/#part", true, false)]
    [InlineData("ftp://meter.example.com/", true, false)]
    [InlineData("file:///etc/passwd", true, false)]
    [InlineData("/events", true, false)]
    [InlineData("", true, false)]
    [InlineData(null, true, false)]
    public void An_address_is_tried_only_if_it_may_lead_somewhere(string? address, bool allowsPrivate, bool mayBeTried) =>
        Assert.Equal(mayBeTried, Dialer(allowsPrivate).Flaw(address) is null);

    [Fact]
    public async Task A_name_that_leads_into_a_private_network_is_not_connected_to()
    {
        ResolveName inwards = (_, _) => Task.FromResult<IPAddress[]>([IPAddress.Loopback, IPAddress.Parse("10.0.0.1")]);
        using var invoker = Dialer(allowsPrivate: false, inwards).CreateInvoker(TimeSpan.FromSeconds(5));

        var refused = await Assert.ThrowsAnyAsync<Exception>(() => GetAsync(invoker));

        Assert.Contains(Chain(refused), exception => exception is DialRefusedException);
        Assert.False(_listener.Pending());
    }

    [Fact]
    public async Task What_a_name_meant_a_moment_ago_counts_for_nothing()
    {
        var answers = new Queue<IPAddress[]>([[IPAddress.Loopback], [IPAddress.Loopback]]);
        var asked = 0;
        ResolveName resolve = (_, _) =>
        {
            asked++;
            return Task.FromResult(answers.Dequeue());
        };
        using var invoker = Dialer(allowsPrivate: true, resolve).CreateInvoker(TimeSpan.FromSeconds(5));

        for (var i = 0; i < 2; i++)
        {
            var answer = GetAsync(invoker);
            using var peer = await _listener.AcceptTcpClientAsync();
            await AnswerAsync(peer, "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n");
            using var ok = await answer;
            Assert.Equal(HttpStatusCode.OK, ok.StatusCode);
        }

        Assert.Equal(2, asked);
    }

    [Fact]
    public async Task Nobody_is_led_elsewhere()
    {
        using var invoker = Dialer(allowsPrivate: true, (_, _) => Task.FromResult<IPAddress[]>([IPAddress.Loopback])).CreateInvoker(TimeSpan.FromSeconds(5));

        var answer = GetAsync(invoker);
        using var peer = await _listener.AcceptTcpClientAsync();
        await AnswerAsync(peer, "HTTP/1.1 307 Temporary Redirect\r\nLocation: http://elsewhere.example/\r\nContent-Length: 0\r\n\r\n");

        using var redirect = await answer;
        Assert.Equal(HttpStatusCode.TemporaryRedirect, redirect.StatusCode);
    }

    private static GuardedDialer Dialer(bool allowsPrivate, ResolveName? resolve = null) =>
        new(Options.Create(new DiallingOptions { AllowPrivate = allowsPrivate })) { Resolve = resolve ?? Dns.GetHostAddressesAsync };

    private Task<HttpResponseMessage> GetAsync(HttpMessageInvoker invoker) => invoker.SendAsync(
        new HttpRequestMessage(HttpMethod.Get, $"http://meter.example:{((IPEndPoint)_listener.LocalEndpoint).Port}/"), CancellationToken.None);

    private static async Task AnswerAsync(TcpClient peer, string answer)
    {
        var stream = peer.GetStream();
        var buffer = new byte[4096];
        Assert.True(await stream.ReadAsync(buffer) > 0, "The request did not arrive.");
        await stream.WriteAsync(System.Text.Encoding.ASCII.GetBytes(answer));
        await stream.FlushAsync();
    }

    private static IEnumerable<Exception> Chain(Exception? exception)
    {
        for (; exception is not null; exception = exception.InnerException)
            yield return exception;
    }
}
