using System.Collections.Concurrent;
using System.Diagnostics;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Orchestrator.Tests.Clients;

/// <summary>
/// The process in which published client libraries run: Node, and Chromium where a library wants a browser. Commands and
/// answers are JSON lines; js/bridge.mjs is the other side.
/// </summary>
internal sealed class ClientBridge : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly Lock _gate = new();
    private readonly Process _process;
    private readonly ConcurrentDictionary<int, TaskCompletionSource<JsonElement>> _answers = new();
    private readonly ConcurrentDictionary<string, RealClient> _clients = new(StringComparer.Ordinal);
    private readonly ConcurrentQueue<string> _complaints = new();
    private int _commands;

    /// <summary>Starts it.</summary>
    public ClientBridge()
    {
        var start = new ProcessStartInfo("node")
        {
            RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true, UseShellExecute = false,
            WorkingDirectory = RealClients.Folder, ArgumentList = { "bridge.mjs" },
        };
        _process = new Process { StartInfo = start };
        _process.OutputDataReceived += (_, line) => Take(line.Data);
        _process.ErrorDataReceived += (_, line) => _complaints.Enqueue(line.Data ?? "");
        _process.Start();
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
    }

    /// <summary>What the clients and the browser print, for failures.</summary>
    public string Complaints => string.Join('\n', _complaints.TakeLast(30));

    /// <summary>Opens a page of the browser.</summary>
    public Task<RealClient> OpenPageAsync(string page, string? name = null) => OpenAsync(name ?? page, new JsonObject { ["page"] = page });

    /// <summary>Opens a module of Node.</summary>
    public Task<RealClient> OpenModuleAsync(string module, string? name = null) => OpenAsync(name ?? module, new JsonObject { ["module"] = module });

    /// <summary>Which library ran, and where, by name and version; <c>./test</c> prints it.</summary>
    public async Task<string> WhoAsync(string package, string where)
    {
        var versions = await AskAsync(new JsonObject { ["versions"] = package });
        return $"figure: real client {versions.GetProperty("name")} {versions.GetProperty("version")} in {where} {versions.GetProperty(where)}";
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        _process.StandardInput.Close();
        try
        {
            await _process.WaitForExitAsync().WaitAsync(TimeSpan.FromSeconds(10));
        }
        catch (TimeoutException)
        {
            _process.Kill(entireProcessTree: true);
        }

        _process.Dispose();
    }

    /// <summary>Sends a command and waits for its answer; throws what the client threw.</summary>
    internal async Task<JsonElement> AskAsync(JsonObject command, TimeSpan? patience = null)
    {
        var id = Interlocked.Increment(ref _commands);
        var answer = _answers.GetOrAdd(id, _ => new(TaskCreationOptions.RunContinuationsAsynchronously));
        command["id"] = id;
        Send(command.ToJsonString());

        JsonElement said;
        try
        {
            said = await answer.Task.WaitAsync(patience ?? Patience);
        }
        catch (TimeoutException exception)
        {
            throw new TimeoutException($"No answer to {command.ToJsonString()}. The clients printed:\n{Complaints}", exception);
        }

        return said.GetProperty("ok").GetBoolean() ? said.GetProperty("value") : throw ClientErrorException.Of(said.GetProperty("error"));
    }

    private async Task<RealClient> OpenAsync(string name, JsonObject command)
    {
        var client = _clients[name] = new RealClient(this, name);
        command["open"] = name;
        await AskAsync(command);
        return client;
    }

    private void Send(string line)
    {
        lock (_gate)
        {
            _process.StandardInput.WriteLine(line);
            _process.StandardInput.Flush();
        }
    }

    private void Take(string? line)
    {
        if (line is null)
            return;
        var said = JsonElement.Parse(line);
        if (said.TryGetProperty("id", out var id) && _answers.TryRemove(id.GetInt32(), out var answer))
            answer.TrySetResult(said);
        else if (said.TryGetProperty("event", out var happened) && _clients.TryGetValue(said.GetProperty("from").GetString()!, out var client))
            client.Hear(happened.GetString()!, said.GetProperty("value"));
    }
}
