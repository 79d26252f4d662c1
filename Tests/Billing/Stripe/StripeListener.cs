using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Orchestrator.Tests.Billing.Stripe;

/// <summary>One request as it came over the wire: nothing between the socket and the test has an opinion of it.</summary>
public sealed record WireRequest(string Method, string Target, ILookup<string, string> Headers, byte[] Body)
{
    public string BodyText => Encoding.UTF8.GetString(Body);

    /// <summary>The only value of a header; null when it is not there.</summary>
    public string? Header(string name) => Headers[name].SingleOrDefault();
}

/// <summary>
/// Listens on loopback in Stripe's place, keeps every request and plays back the answers it was given; without one it takes
/// everything. Knows no HTTP but what the transports send: a head, and a body of a stated length.
/// </summary>
public sealed class StripeListener : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly ConcurrentQueue<string?> _answers = new();
    private readonly ConcurrentQueue<WireRequest> _heard = new();
    private readonly CancellationTokenSource _over = new();
    private readonly Task _listening;

    private StripeListener()
    {
        _listener.Start();
        Address = new Uri($"http://127.0.0.1:{((IPEndPoint)_listener.LocalEndpoint).Port}");
        _listening = ListenAsync();
    }

    public Uri Address { get; }

    /// <summary>Listens from now on, on a port of its own.</summary>
    public static StripeListener Start() => new();

    /// <summary>All requests so far, oldest first.</summary>
    public IReadOnlyList<WireRequest> Heard => [.. _heard];

    /// <summary>Answers the next request so.</summary>
    public StripeListener Answers(int status, string body, params (string Name, string Value)[] headers)
    {
        var bytes = Encoding.UTF8.GetByteCount(body);
        var lines = string.Concat(headers.Select(header => $"{header.Name}: {header.Value}\r\n"));
        _answers.Enqueue($"HTTP/1.1 {status} X\r\nContent-Type: application/json\r\nContent-Length: {bytes}\r\n{lines}\r\n{body}");
        return this;
    }

    /// <summary>Reads the next request and closes the connection without a word.</summary>
    public StripeListener Drops()
    {
        _answers.Enqueue("");
        return this;
    }

    /// <summary>Reads the next request and says nothing, for as long as the test runs.</summary>
    public StripeListener Hangs()
    {
        _answers.Enqueue(null);
        return this;
    }

    public async ValueTask DisposeAsync()
    {
        await _over.CancelAsync();
        await _listening;
        _listener.Stop();
        _over.Dispose();
    }

    private async Task ListenAsync()
    {
        var connections = new List<Task>();
        try
        {
            while (true)
                connections.Add(ServeAsync(await _listener.AcceptTcpClientAsync(_over.Token)));
        }
        catch (Exception exception) when (exception is OperationCanceledException or SocketException)
        {
            await Task.WhenAll(connections);
        }
    }

    private async Task ServeAsync(TcpClient client)
    {
        using var owned = client;
        try
        {
            var stream = client.GetStream();
            while (await ReadAsync(stream) is { } request)
            {
                _heard.Enqueue(request);
                if (!_answers.TryDequeue(out var answer))
                    answer = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}";
                if (answer is null)
                    await new TaskCompletionSource().Task.WaitAsync(_over.Token);
                if (answer is not { Length: > 0 })
                    return;
                await stream.WriteAsync(Encoding.UTF8.GetBytes(answer), _over.Token);
            }
        }
        catch (Exception exception) when (exception is OperationCanceledException or IOException)
        {
            // The client left, or the test is over.
        }
    }

    private async Task<WireRequest?> ReadAsync(NetworkStream stream)
    {
        var head = new List<byte>();
        var one = new byte[1];
        while (head is not [.., (byte)'\r', (byte)'\n', (byte)'\r', (byte)'\n'])
        {
            if (await stream.ReadAsync(one, _over.Token) == 0)
                return null;
            head.Add(one[0]);
        }

        var lines = Encoding.Latin1.GetString([.. head]).Split("\r\n", StringSplitOptions.RemoveEmptyEntries);
        var words = lines[0].Split(' ');
        var headers = lines.Skip(1).Select(line => line.Split(": ", 2)).ToLookup(parts => parts[0], parts => parts[1], StringComparer.OrdinalIgnoreCase);
        var body = new byte[int.Parse(headers["Content-Length"].SingleOrDefault() ?? "0")];
        await stream.ReadExactlyAsync(body, _over.Token);
        return new(words[0], words[1], headers, body);
    }
}
