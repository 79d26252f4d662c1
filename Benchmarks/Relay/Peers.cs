using System.Diagnostics;
using Orchestrator.Benchmarks.Support;

namespace Orchestrator.Benchmarks.Relay;

/// <summary>One way from a client to the echo and back.</summary>
/// <param name="Name">Its row.</param>
/// <param name="Address">Where clients connect.</param>
/// <param name="Processes">What runs for it, if anything does; the last is stopped last.</param>
internal sealed record Peer(string Name, Uri Address, params ChildProcess[] Processes) : IAsyncDisposable
{
    /// <summary>Processor time that its processes and their workers have used.</summary>
    public double ProcessorSeconds => Processes.Length == 0 ? 0 : ProcessTimes.All()
        .Where(process => Array.Exists(Processes, own => process.Id == own.Id || process.Parent == own.Id))
        .Sum(process => process.Own);

    /// <summary>Memory that its processes hold now, in bytes; their workers' is not in it.</summary>
    public long ResidentBytes => Processes.Sum(process => process.ResidentBytes);

    public async ValueTask DisposeAsync()
    {
        foreach (var process in Processes)
            await process.DisposeAsync();
    }
}

/// <summary>Proxies that others run in our place. Each passes frames on to the same echo; what is missing is installed, or named.</summary>
internal static class Peers
{
    private static readonly string[] Folders = ["/usr/sbin", "/usr/bin", "/usr/local/sbin", "/usr/local/bin"];

    public static async Task<Peer> StartPumpAsync(Uri upstream)
    {
        var port = Ports.Free();
        var process = ChildProcess.StartOwn("Orchestrator.Benchmarks.dll", ["pump", "--port", $"{port}", "--to", upstream.GetLeftPart(UriPartial.Path)]);
        return await ReadyAsync("pump", port, upstream, process);
    }

    public static async Task<Peer> StartHaproxyAsync(Uri upstream)
    {
        var port = Ports.Free();
        var configuration = Write("haproxy.cfg", $"""
            global
              nbthread {Environment.ProcessorCount}
            defaults
              mode http
              timeout connect 5s
              timeout client 60s
              timeout server 60s
              timeout tunnel 60s
            frontend clients
              bind 127.0.0.1:{port}
              default_backend provider
            backend provider
              server echo 127.0.0.1:{upstream.Port}
            """);
        return await ReadyAsync("haproxy", port, upstream, ChildProcess.Start(Installed("haproxy"), ["-db", "-f", configuration]));
    }

    public static async Task<Peer> StartNginxAsync(Uri upstream)
    {
        var port = Ports.Free();
        var folder = Directory.CreateTempSubdirectory("orchestrator-nginx-").FullName;
        var configuration = Write("nginx.conf", $$"""
            daemon off;
            worker_processes auto;
            pid {{folder}}/nginx.pid;
            error_log stderr error;
            events { worker_connections 4096; }
            http {
              access_log off;
              client_body_temp_path {{folder}}/body;
              proxy_temp_path {{folder}}/proxy;
              fastcgi_temp_path {{folder}}/fastcgi;
              uwsgi_temp_path {{folder}}/uwsgi;
              scgi_temp_path {{folder}}/scgi;
              server {
                listen 127.0.0.1:{{port}};
                location / {
                  proxy_pass http://127.0.0.1:{{upstream.Port}};
                  proxy_http_version 1.1;
                  proxy_set_header Upgrade $http_upgrade;
                  proxy_set_header Connection "upgrade";
                  proxy_read_timeout 60s;
                }
              }
            }
            """);
        return await ReadyAsync("nginx", port, upstream, ChildProcess.Start(Installed("nginx"), ["-c", configuration]));
    }

    public static async Task<Peer> StartPythonAsync(Uri upstream)
    {
        var port = Ports.Free();
        var script = Path.Combine(AppContext.BaseDirectory, "Relay", "proxy.py");
        return await ReadyAsync("python", port, upstream, ChildProcess.Start("/usr/bin/python3", [script, $"{port}", upstream.GetLeftPart(UriPartial.Authority)]));
    }

    /// <summary>Why a peer cannot be measured here, after an attempt to install its package; null when it can.</summary>
    public static string? WhyMissing(string package, Func<bool> isThere, bool mayInstall)
    {
        if (isThere())
            return null;
        if (!mayInstall || Environment.UserName != "root" || !File.Exists("/usr/bin/apt-get"))
            return $"not installed; install {package}";
        Terminal.Say($"installing {package}");
        Run("apt-get", "-qq", "update");
        Run("apt-get", "-qq", "-y", "--no-install-recommends", "-o", "DPkg::Lock::Timeout=60", "install", package);
        return isThere() ? null : $"{package} could not be installed";
    }

    public static bool HasProgram(string name) => Find(name) is not null;

    public static bool HasPythonWebsockets() => File.Exists("/usr/bin/python3") && Run("/usr/bin/python3", "-c", "import websockets") == 0;

    private static async Task<Peer> ReadyAsync(string name, int port, Uri upstream, ChildProcess process)
    {
        await process.WhenListeningAsync(port);
        return new Peer(name, new UriBuilder(upstream) { Port = port }.Uri, process);
    }

    private static string Installed(string program) => Find(program) ?? throw new InvalidOperationException($"{program} is not installed.");

    private static string? Find(string program) =>
        Folders.Select(folder => Path.Combine(folder, program)).FirstOrDefault(File.Exists);

    private static string Write(string name, string content)
    {
        var path = Path.Combine(Directory.CreateTempSubdirectory("orchestrator-bench-").FullName, name);
        File.WriteAllText(path, content + "\n");
        return path;
    }

    private static int Run(string program, params string[] arguments)
    {
        var start = new ProcessStartInfo(program, arguments) { UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment["DEBIAN_FRONTEND"] = "noninteractive";
        // Packages start their services where systemd runs; we want the programs only.
        start.Environment["SYSTEMD_OFFLINE"] = "1";
        using var process = Process.Start(start)!;
        process.OutputDataReceived += (_, _) => { };
        process.ErrorDataReceived += (_, _) => { };
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        process.WaitForExit();
        return process.ExitCode;
    }
}
