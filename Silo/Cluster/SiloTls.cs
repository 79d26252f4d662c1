using System.Security.Cryptography.X509Certificates;
using Orleans.Connections.Security;

namespace Orchestrator.Silo.Cluster;

/// <summary>TLS between the processes of a cluster: each shows a certificate, and takes only those that our authority signed.</summary>
internal static class SiloTls
{
    public static void UseSiloTls(this ISiloBuilder silo, ClusterTlsOptions options)
    {
        if (options.IsOn)
            silo.UseTls(tls => Configure(tls, options));
    }

    public static void UseSiloTls(this IClientBuilder client, ClusterTlsOptions options)
    {
        if (options.IsOn)
            client.UseTls(tls => Configure(tls, options));
    }

    private static void Configure(TlsOptions tls, ClusterTlsOptions options)
    {
        var authority = X509CertificateLoader.LoadCertificateFromFile(options.CaPath!);
        var certificate = X509Certificate2.CreateFromPemFile(options.CertificatePath!, options.KeyPath);
        tls.LocalCertificate = certificate;
        tls.RemoteCertificateMode = RemoteCertificateMode.RequireCertificate;
        tls.ClientCertificateMode = RemoteCertificateMode.RequireCertificate;
        tls.RemoteCertificateValidation = (remote, _, _) => IsSigned(remote, authority);
        // Every process has the authority's word, whatever address it is reached at.
        tls.OnAuthenticateAsClient = (_, client) => client.TargetHost = certificate.GetNameInfo(X509NameType.DnsName, forIssuer: false);
    }

    private static bool IsSigned(X509Certificate2 remote, X509Certificate2 authority)
    {
        using var chain = new X509Chain();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.CustomTrustStore.Add(authority);
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        return chain.Build(remote);
    }
}
