namespace Orchestrator.Domain.Tenants;

/// <summary>An address that belongs to a tenant.</summary>
/// <param name="Host">In lower case, without a port.</param>
/// <param name="Tenant">Whose it is.</param>
/// <param name="IsRemoved">It was taken away; the address is nobody's.</param>
public sealed record TenantHost(string Host, TenantId Tenant, bool IsRemoved);

/// <summary>Names of hosts.</summary>
public static class HostName
{
    /// <summary>The longest, in characters.</summary>
    public const int MaxLength = 253;

    private const int MaxLabel = 63;

    /// <summary>As it is compared: in lower case, without the dot at its end.</summary>
    public static string Normal(string host) => host.TrimEnd('.').ToLowerInvariant();

    /// <summary>Whether it can be a tenant's: a name of at least two labels, not an address of numbers.</summary>
    public static bool IsValid(string host)
    {
        var labels = host.Split('.');
        return host.Length is > 0 and <= MaxLength && labels.Length >= 2 && Array.TrueForAll(labels, IsLabel) && !labels[^1].All(char.IsAsciiDigit);
    }

    /// <summary>Whether it is a host, perhaps with a port.</summary>
    public static bool IsAuthority(string authority)
    {
        var at = authority.LastIndexOf(':');
        return at < 0 ? IsValid(authority) : IsValid(authority[..at]) && ushort.TryParse(authority.AsSpan(at + 1), out var port) && port > 0;
    }

    /// <summary>
    /// Whether a credential of a tenant counts at an address of another: both lie on one line of a tree, so that one sees the other.
    /// </summary>
    /// <param name="path">The tenants from the root down to the one whose credential it is.</param>
    /// <param name="ownerPath">The same of the one whose address it is.</param>
    public static bool Admits(IReadOnlyList<TenantId> path, IReadOnlyList<TenantId> ownerPath) =>
        path.Contains(ownerPath[^1]) || ownerPath.Contains(path[^1]);

    private static bool IsLabel(string label) =>
        label.Length is > 0 and <= MaxLabel && label[0] != '-' && label[^1] != '-' && label.All(c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c == '-');
}
