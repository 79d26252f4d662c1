using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.FileProviders;
using Microsoft.Extensions.Hosting;
using Orchestrator.Gateway.Security;

namespace Orchestrator.Tests.Security;

public sealed class MasterKeyFileTests : IDisposable
{
    private const int Processes = 16;

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory();

    [Fact]
    public async Task Processes_that_start_at_once_end_up_with_one_key()
    {
        for (var round = 0; round < 20; round++)
        {
            var path = Path.Combine(_folder.FullName, $"{round}", "master.key");
            using var start = new Barrier(Processes);

            var keys = await Task.WhenAll(Enumerable.Range(0, Processes).Select(_ => Task.Factory.StartNew(
                () =>
                {
                    Assert.True(start.SignalAndWait(TimeSpan.FromSeconds(10)), "Not every loader was ready to start within 10 s.");
                    return Load(path);
                },
                CancellationToken.None,
                TaskCreationOptions.LongRunning,
                TaskScheduler.Default)));

            var wrapped = keys[0].Wrap("secret"u8);
            Assert.All(keys, key => Assert.Equal("secret"u8.ToArray(), key.Unwrap(wrapped)));
            Assert.Equal(path, Assert.Single(Directory.GetFiles(Path.GetDirectoryName(path)!)));
        }
    }

    [Fact]
    public void The_file_is_for_its_owner_alone()
    {
        var path = Path.Combine(_folder.FullName, "master.key");

        Load(path);

        if (!OperatingSystem.IsWindows())
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(path));
    }

    public void Dispose() => _folder.Delete(recursive: true);

    private static MasterKey Load(string path) =>
        MasterKey.Load(new ConfigurationBuilder().AddInMemoryCollection([new("MasterKeyFile", path)]).Build(), new Development());

    private sealed class Development : IHostEnvironment
    {
        public string EnvironmentName { get; set; } = Environments.Development;
        public string ApplicationName { get; set; } = "";
        public string ContentRootPath { get; set; } = "";
        public IFileProvider ContentRootFileProvider { get; set; } = new NullFileProvider();
    }
}
