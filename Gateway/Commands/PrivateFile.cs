namespace Orchestrator.Gateway.Commands;

/// <summary>Files that hold a secret: readable by their owner alone, from their first byte on.</summary>
internal static class PrivateFile
{
    /// <summary>Writes the file anew.</summary>
    public static async Task WriteAsync(string path, string content, CancellationToken cancellationToken)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(path))!);
        File.Delete(path);
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        await using var file = new StreamWriter(path, options);
        await file.WriteLineAsync(content.AsMemory(), cancellationToken);
    }
}
