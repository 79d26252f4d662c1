using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;

namespace Orchestrator.Tests.Support;

/// <summary>Requests that no decent client sends, byte for byte, and upgrades whose answer is wanted rather than their socket.</summary>
internal static class RawHttp
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    /// <summary>Sends these bytes, one per character, and answers all that comes back until the server closes.</summary>
    public static async Task<string> AskAsync(Uri server, string request)
    {
        using var patience = new CancellationTokenSource(Patience);
        using var tcp = new TcpClient();
        await tcp.ConnectAsync(server.Host, server.Port, patience.Token);
        var answer = new MemoryStream();
        try
        {
            var stream = tcp.GetStream();
            await stream.WriteAsync(Encoding.Latin1.GetBytes(request), patience.Token);
            await stream.CopyToAsync(answer, patience.Token);
        }
        catch (IOException)
        {
            // A server that has read enough resets; what it said before counts.
        }
        catch (OperationCanceledException exception)
        {
            throw new TimeoutException($"The server kept the connection. It said: {Encoding.Latin1.GetString(answer.ToArray())}; it was asked: {request}", exception);
        }

        var line = request.Split(' ', 3);
        ProviderWatch.Look(server.Port, $"The answer to {line[0]}", answer.ToArray(), line.Length > 1 && ProviderWatch.IsTenants(line[0], line[1]));
        return Encoding.Latin1.GetString(answer.ToArray());
    }

    /// <summary>The status of such an answer; 0 when there was none.</summary>
    public static int StatusOf(string answer) => answer.StartsWith("HTTP/1.1 ", StringComparison.Ordinal) ? int.Parse(answer.AsSpan(9, 3)) : 0;

    /// <summary>Asks for a WebSocket and takes what the server says to that, be it the switch or a refusal.</summary>
    public static async Task<HttpResponseMessage> UpgradeAsync(HttpClient http, string pathAndQuery, params (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, pathAndQuery);
        request.Headers.TryAddWithoutValidation("Connection", "Upgrade");
        request.Headers.TryAddWithoutValidation("Upgrade", "websocket");
        request.Headers.TryAddWithoutValidation("Sec-WebSocket-Version", "13");
        request.Headers.TryAddWithoutValidation("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ==");
        foreach (var (name, value) in headers)
            request.Headers.TryAddWithoutValidation(name, value);
        return await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
    }

    /// <summary>Checks that the answer is a problem of that status and code, in the shape that all have.</summary>
    public static async Task AssertProblemAsync(HttpStatusCode status, string code, HttpResponseMessage answer)
    {
        var body = await answer.Content.ReadAsStringAsync();
        Assert.True(status == answer.StatusCode, $"{(int)answer.StatusCode} {body}");
        Assert.Equal("application/problem+json", answer.Content.Headers.ContentType?.MediaType);
        var problem = JsonElement.Parse(body);
        Assert.Equal(code, problem.GetProperty("code").GetString());
        Assert.Equal((int)status, problem.GetProperty("status").GetInt32());
        Assert.False(string.IsNullOrEmpty(problem.GetProperty("title").GetString()), body);
    }
}
