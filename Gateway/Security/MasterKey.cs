using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace Orchestrator.Gateway.Security;

/// <summary>
/// The operator's 256-bit key that wraps the key ring in the database: whoever copies the database cannot mint tokens.
/// Configuration <c>MasterKey</c> (base64) or <c>MasterKeyFile</c> (a file of mode 0600 that holds it).
/// </summary>
internal sealed class MasterKey(byte[] bytes)
{
    private const int Size = 32;
    private const int Nonce = 12;
    private const int Tag = 16;

    /// <summary>Reads the key; in development makes the file when it is missing. Fails with one sentence otherwise.</summary>
    public static MasterKey Load(IConfiguration configuration, IHostEnvironment environment)
    {
        if (configuration["MasterKey"] is { Length: > 0 } inline)
            return Parse(inline, "MasterKey");
        if (configuration["MasterKeyFile"] is not { Length: > 0 } path)
            throw new StartException("Set MasterKey, or MasterKeyFile, to 32 random bytes in base64 (openssl rand -base64 32): client tokens cannot be protected without it.");

        if (!File.Exists(path))
        {
            if (!environment.IsDevelopment())
                throw new StartException($"MasterKeyFile {path} does not exist; only in development is it made.");
            Create(path);
        }

        if (!OperatingSystem.IsWindows() && (File.GetUnixFileMode(path) & (UnixFileMode.GroupRead | UnixFileMode.OtherRead)) != UnixFileMode.None)
            throw new StartException($"MasterKeyFile {path} can be read by others; chmod 600 it.");
        return Parse(File.ReadAllText(path).Trim(), path);
    }

    /// <summary>Encrypts and seals: nonce, tag, cipher text.</summary>
    public byte[] Wrap(ReadOnlySpan<byte> plain)
    {
        var wrapped = new byte[Nonce + Tag + plain.Length];
        RandomNumberGenerator.Fill(wrapped.AsSpan(0, Nonce));
        using var aes = new AesGcm(bytes, Tag);
        aes.Encrypt(wrapped.AsSpan(0, Nonce), plain, wrapped.AsSpan(Nonce + Tag), wrapped.AsSpan(Nonce, Tag));
        return wrapped;
    }

    /// <summary>Opens what <see cref="Wrap"/> sealed; throws when it was sealed with another key or tampered with.</summary>
    public byte[] Unwrap(ReadOnlySpan<byte> wrapped)
    {
        var plain = new byte[wrapped.Length - Nonce - Tag];
        using var aes = new AesGcm(bytes, Tag);
        aes.Decrypt(wrapped[..Nonce], wrapped[(Nonce + Tag)..], wrapped.Slice(Nonce, Tag), plain);
        return plain;
    }

    /// <inheritdoc/>
    public override string ToString() => "***";

    /// <summary>Whole or not at all, and the first one stays: two processes that start at once must end up with one key.</summary>
    private static void Create(string path)
    {
        var directory = Path.GetDirectoryName(Path.GetFullPath(path))!;
        Directory.CreateDirectory(directory);
        var draft = Path.Combine(directory, Path.GetRandomFileName());
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        using (var file = new StreamWriter(draft, options))
            file.WriteLine(Convert.ToBase64String(RandomNumberGenerator.GetBytes(Size)));

        if (OperatingSystem.IsWindows())
            MoveUnlessThere(draft, path);
        else if (Link(draft, path) == 0 || File.Exists(path))
            File.Delete(draft);
        else
            throw new StartException($"MasterKeyFile {path} cannot be made; make it with: openssl rand -base64 32");
    }

    /// <summary>The one call that gives a file its name only if nobody has it; the framework's Move looks first and renames then.</summary>
    [DllImport("libc", EntryPoint = "link", CharSet = CharSet.Ansi, BestFitMapping = false, ThrowOnUnmappableChar = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Link(string existing, string name);

    private static void MoveUnlessThere(string draft, string path)
    {
        try
        {
            File.Move(draft, path, overwrite: false);
        }
        catch (IOException) when (File.Exists(path))
        {
            File.Delete(draft);
        }
    }

    private static MasterKey Parse(string base64, string source)
    {
        var key = new byte[Size + 1];
        return Convert.TryFromBase64String(base64, key, out var length) && length == Size
            ? new MasterKey(key[..Size])
            : throw new StartException($"{source} must be 32 bytes in base64; make one with: openssl rand -base64 32");
    }
}
