using System.Net;
using System.Text.Json;

namespace Orchestrator.Tests.Support;

/// <summary>One server-sent event as it came.</summary>
public sealed record ReadEvent(string? Id, string Name, string Data)
{
    /// <summary>Its data.</summary>
    public JsonElement Json => JsonElement.Parse(Data);
}

/// <summary>A reader of server-sent events, which says what came instead when it waits in vain.</summary>
public sealed class EventReader : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(15);

    private readonly HttpResponseMessage _answer;
    private readonly StreamReader _lines;
    private readonly List<ReadEvent> _all = [];
    private readonly List<string> _comments = [];

    private EventReader(HttpResponseMessage answer, Stream body) => (_answer, _lines) = (answer, new StreamReader(body));

    /// <summary>All that came so far.</summary>
    public IReadOnlyList<ReadEvent> All => _all;

    /// <summary>The comments among it.</summary>
    public IReadOnlyList<string> Comments => _comments;

    /// <summary>Begins to read; fails where the answer is no stream of events.</summary>
    public static async Task<EventReader> OpenAsync(HttpClient http, string address, string? after = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, address);
        if (after is not null)
            request.Headers.Add("Last-Event-ID", after);
        var answer = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        Assert.True(answer.StatusCode is HttpStatusCode.OK, $"{(int)answer.StatusCode} {await TextAsync(answer)}");
        Assert.Equal("text/event-stream", answer.Content.Headers.ContentType?.MediaType);
        return new EventReader(answer, await answer.Content.ReadAsStreamAsync());
    }

    /// <summary>The next event of that name; those before it are passed over.</summary>
    public async Task<ReadEvent> ExpectAsync(string name) =>
        await NextAsync(read => read.Name == name) ?? throw new InvalidOperationException($"The stream ended without '{name}'. {this}");

    /// <summary>Reads to the end.</summary>
    public async Task<IReadOnlyList<ReadEvent>> RestAsync()
    {
        await NextAsync(_ => false);
        return _all;
    }

    /// <inheritdoc/>
    public override string ToString() => $"Read: {string.Join(" | ", _all)}";

    /// <inheritdoc/>
    public void Dispose()
    {
        _lines.Dispose();
        _answer.Dispose();
    }

    private static async Task<string> TextAsync(HttpResponseMessage answer) =>
        answer.StatusCode is HttpStatusCode.OK ? "" : await answer.Content.ReadAsStringAsync();

    private async Task<ReadEvent?> NextAsync(Func<ReadEvent, bool> wanted)
    {
        using var patience = new CancellationTokenSource(Patience);
        var (id, name, data) = ((string?)null, "message", "");
        try
        {
            while (await _lines.ReadLineAsync(patience.Token) is { } line)
            {
                if (line.StartsWith(':'))
                    _comments.Add(line);
                else if (line.StartsWith("id: ", StringComparison.Ordinal))
                    id = line[4..];
                else if (line.StartsWith("event: ", StringComparison.Ordinal))
                    name = line[7..];
                else if (line.StartsWith("data: ", StringComparison.Ordinal))
                    data += line[6..];
                else if (line.Length == 0 && data.Length > 0)
                {
                    var read = new ReadEvent(id, name, data);
                    _all.Add(read);
                    (id, name, data) = (null, "message", "");
                    if (wanted(read))
                        return read;
                }
            }

            return null;
        }
        catch (OperationCanceledException exception)
        {
            throw new TimeoutException($"The awaited event did not come. {this}", exception);
        }
    }
}
