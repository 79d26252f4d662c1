using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Orchestrator.Tests.Support;

namespace Orchestrator.Tests.Deploy;

/// <summary>HAProxy with the configuration that ships, and certificates as deploy/prepare makes them, before nodes of the test's.</summary>
internal sealed class Edge : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    // Root's programs are not on everybody's path.
    private static readonly string[] Folders = ["/usr/sbin", "/usr/local/sbin", "/usr/bin", "/usr/local/bin"];

    private readonly ConcurrentQueue<string> _log = new();
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("orchestrator-edge-");
    private readonly SslClientAuthenticationOptions _trust = new() { TargetHost = "localhost" };
    private readonly List<IDisposable> _owned = [];
    private Process? _process;

    private Edge(int port) => Address = new Uri($"https://localhost:{port}");

    /// <summary>Where it listens.</summary>
    public Uri Address { get; }

    /// <summary>All that it printed so far.</summary>
    public string Log => string.Join('\n', _log);

    /// <summary>A client that trusts its certificate, and no other.</summary>
    public HttpClient Http { get; private set; } = null!;

    /// <summary>Starts one that listens when the task completes.</summary>
    public static async Task<Edge> StartAsync(params Uri[] nodes)
    {
        var edge = new Edge(FreePort());
        try
        {
            await edge.PrepareAsync();
            await edge.RunAsync(nodes);
            return edge;
        }
        catch
        {
            await edge.DisposeAsync();
            throw;
        }
    }

    /// <summary>Sends these bytes through TLS, one per character, and answers what comes back until the connection closes.</summary>
    public async Task<string> AskAsync(string request)
    {
        using var patience = new CancellationTokenSource(Patience);
        using var tcp = new TcpClient();
        await tcp.ConnectAsync(IPAddress.Loopback, Address.Port, patience.Token);
        await using var tls = new SslStream(tcp.GetStream());
        await tls.AuthenticateAsClientAsync(_trust, patience.Token);
        var answer = new MemoryStream();
        try
        {
            await tls.WriteAsync(Encoding.Latin1.GetBytes(request), patience.Token);
            await tls.CopyToAsync(answer, patience.Token);
        }
        catch (IOException)
        {
            // Who has read enough resets; what was said before counts.
        }

        return Encoding.Latin1.GetString(answer.ToArray());
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (_process is { HasExited: false })
            _process.Kill(entireProcessTree: true);
        if (_process is not null)
            await _process.WaitForExitAsync();
        _process?.Dispose();
        _owned.ForEach(owned => owned.Dispose());
        _folder.Delete(recursive: true);
    }

    private async Task PrepareAsync()
    {
        using var prepare = Start(Path.Combine(Checkout.Folder, "deploy", "prepare"), ["--certificates", _folder.FullName]);
        using var patience = new CancellationTokenSource(Patience);
        await prepare.WaitForExitAsync(patience.Token);
        Assert.True(prepare.ExitCode == 0, $"deploy/prepare failed: {Log}");

        var authority = X509CertificateLoader.LoadCertificateFromFile(Path.Combine(_folder.FullName, "ca.pem"));
        _trust.CertificateChainPolicy = new X509ChainPolicy
        {
            TrustMode = X509ChainTrustMode.CustomRootTrust, CustomTrustStore = { authority }, RevocationMode = X509RevocationMode.NoCheck,
        };
        Http = new HttpClient(new SocketsHttpHandler { SslOptions = _trust }) { BaseAddress = Address, Timeout = Patience };
        _owned.AddRange([Http, authority]);
    }

    private async Task RunAsync(Uri[] nodes)
    {
        var shipped = Path.Combine(Checkout.Folder, "deploy", "haproxy");
        var backend = (await File.ReadAllLinesAsync(Path.Combine(shipped, "nodes.cfg")))
            .SkipWhile(line => !line.StartsWith("backend ", StringComparison.Ordinal)).TakeWhile(line => !line.StartsWith("    server ", StringComparison.Ordinal))
            .Select(line => line.Replace(" resolvers engine", "", StringComparison.Ordinal))
            .Concat(nodes.Select((node, i) => $"    server node{i + 1} {node.Authority} check"));
        var file = Path.Combine(_folder.FullName, "nodes.cfg");
        await File.WriteAllLinesAsync(file, backend);

        var program = Folders.Select(folder => Path.Combine(folder, "haproxy")).FirstOrDefault(File.Exists)
            ?? throw new InvalidOperationException("HAProxy is not installed: ./test --all installs it where it may, and leaves these tests out where it may not.");
        _process = Start(program, ["-db", "-f", Path.Combine(shipped, "haproxy.cfg"), "-f", file]);
        await Eventually.IsAsync("HAProxy listens", () => Task.FromResult(Listens() || _process.HasExited));
        Assert.False(_process.HasExited, Log);
    }

    private Process Start(string program, IEnumerable<string> arguments)
    {
        var start = new ProcessStartInfo(program, arguments) { UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment["EDGE_BIND"] = $"127.0.0.1:{Address.Port}";
        start.Environment["EDGE_CERTIFICATE"] = Path.Combine(_folder.FullName, "edge.pem");
        var process = new Process { StartInfo = start };
        process.OutputDataReceived += (_, line) => Keep(line.Data);
        process.ErrorDataReceived += (_, line) => Keep(line.Data);
        process.Start();
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        return process;
    }

    private void Keep(string? line)
    {
        if (line is not null)
            _log.Enqueue(line);
    }

    private bool Listens()
    {
        using var socket = new TcpClient();
        try
        {
            socket.Connect(IPAddress.Loopback, Address.Port);
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
