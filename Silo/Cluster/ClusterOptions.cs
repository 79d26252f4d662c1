using System.ComponentModel.DataAnnotations;
using System.Net;

namespace Orchestrator.Silo.Cluster;

/// <summary>What a process is to its cluster.</summary>
public enum ClusterRole
{
    /// <summary>Serves clients and hosts grains: sessions live where their client's socket is.</summary>
    SiloAndGateway,
    /// <summary>Serves clients and hosts no grain: it relays to the silos. A client of the cluster, no member.</summary>
    Gateway,
    /// <summary>Hosts grains and serves no clients.</summary>
    Silo,
}

/// <summary>How a process takes part in a cluster. Section <c>Cluster</c>; a wrong value stops the program before it joins.</summary>
public sealed class ClusterOptions : IValidatableObject
{
    /// <summary><c>silo+gateway</c>, <c>gateway</c> or <c>silo</c>. Default: <c>silo+gateway</c>.</summary>
    public string Role { get; init; } = "silo+gateway";

    /// <summary>The environment's name: processes of one database with the same name are one cluster. Default: <c>orchestrator</c>.</summary>
    [Required, MaxLength(100)] public string Id { get; init; } = "orchestrator";

    /// <summary>The address that the other processes reach this one at. Default: loopback, for a cluster on one machine.</summary>
    public string AdvertisedAddress { get; init; } = "127.0.0.1";

    /// <summary>The port for silos. Whoever reaches it may call any grain: a private network, or TLS. Default: 11111.</summary>
    [Range(1, 65535)] public int SiloPort { get; init; } = 11111;

    /// <summary>The port for processes of role <c>gateway</c>; as private as the silo port. Default: 0, none.</summary>
    [Range(0, 65535)] public int GatewayPort { get; init; }

    /// <summary>The port of the dashboard, on the advertised address; it asks for <see cref="OperatorKey"/>. Default: 0, none.</summary>
    [Range(0, 65535)] public int DashboardPort { get; init; }

    /// <summary>What an operator's browser sends as password. At least 24 characters where there is a dashboard.</summary>
    public string? OperatorKey { get; init; }

    /// <summary>Certificates of the connections between processes; all three or none.</summary>
    public ClusterTlsOptions Tls { get; init; } = new();

    internal ClusterRole Kind => Role switch
    {
        "silo+gateway" => ClusterRole.SiloAndGateway,
        "gateway"      => ClusterRole.Gateway,
        "silo"         => ClusterRole.Silo,
        _              => throw new InvalidOperationException($"Cluster:Role is '{Role}'."),
    };

    internal IPAddress Address => IPAddress.Parse(AdvertisedAddress);

    /// <inheritdoc/>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (Role is not ("silo+gateway" or "gateway" or "silo"))
            yield return new ValidationResult($"Cluster:Role is '{Role}'; it is silo+gateway, gateway or silo.");
        if (!IPAddress.TryParse(AdvertisedAddress, out _))
            yield return new ValidationResult($"Cluster:AdvertisedAddress is '{AdvertisedAddress}', which is no IP address.");
        if (DashboardPort != 0 && OperatorKey is not { Length: >= 24 })
            yield return new ValidationResult("Cluster:DashboardPort needs a Cluster:OperatorKey of at least 24 characters, as `openssl rand -hex 16` prints one.");
        if (!Tls.IsWhole)
            yield return new ValidationResult("Cluster:Tls needs CertificatePath, KeyPath and CaPath, or none of them.");
    }
}

/// <summary>PEM files of this process's certificate, its key, and the authority that signed those of all processes.</summary>
public sealed class ClusterTlsOptions
{
    /// <summary>The certificate, good for server and client authentication.</summary>
    public string? CertificatePath { get; init; }

    /// <summary>Its key.</summary>
    public string? KeyPath { get; init; }

    /// <summary>The authority; nobody else's certificates are taken.</summary>
    public string? CaPath { get; init; }

    internal bool IsOn => CertificatePath is not null;

    internal bool IsWhole => (CertificatePath is null, KeyPath is null, CaPath is null) is (true, true, true) or (false, false, false);
}
