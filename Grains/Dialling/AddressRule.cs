using System.Net;
using System.Net.Sockets;

namespace Orchestrator.Grains.Dialling;

/// <summary>Which addresses belong to the internet at large. The ranges are those of the IANA special-purpose registries (RFC 6890).</summary>
public static class AddressRule
{
    private static readonly IPNetwork[] Special =
    [
        .. new[]
        {
            "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24",
            "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4",
            "::/128", "::1/128", "64:ff9b:1::/48", "100::/64", "2001::/23", "2001:db8::/32", "3fff::/20", "5f00::/16", "fc00::/7", "fe80::/10", "fec0::/10", "ff00::/8",
        }.Select(IPNetwork.Parse),
    ];

    private static readonly IPNetwork Global6 = IPNetwork.Parse("2000::/3");
    private static readonly IPNetwork Nat64 = IPNetwork.Parse("64:ff9b::/96");
    private static readonly IPNetwork SixToFour = IPNetwork.Parse("2002::/16");

    /// <summary>Whether anybody may be sent there. One address written inside another counts as the inner one.</summary>
    public static bool IsPublic(IPAddress address)
    {
        if (address.IsIPv4MappedToIPv6)
            return IsPublic(address.MapToIPv4());
        if (address.AddressFamily is AddressFamily.InterNetwork)
            return !IsSpecial(address);
        if (address.AddressFamily is not AddressFamily.InterNetworkV6)
            return false;
        if (Nat64.Contains(address))
            return IsPublic(new IPAddress(address.GetAddressBytes()[12..]));
        if (SixToFour.Contains(address))
            return IsPublic(new IPAddress(address.GetAddressBytes()[2..6]));
        return Global6.Contains(address) && !IsSpecial(address);
    }

    private static bool IsSpecial(IPAddress address)
    {
        foreach (var network in Special)
        {
            if (network.Contains(address))
                return true;
        }

        return false;
    }
}
