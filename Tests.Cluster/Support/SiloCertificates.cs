using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Orchestrator.Tests.Support;

/// <summary>An authority made for a test, and a certificate that it signed, as the files that a silo is told of.</summary>
internal sealed class SiloCertificates : IDisposable
{
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("orchestrator-tls-");

    public SiloCertificates()
    {
        var now = TimeProvider.System.GetUtcNow();
        using var authorityKey = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var authority = new CertificateRequest("CN=authority", authorityKey, HashAlgorithmName.SHA256);
        authority.CertificateExtensions.Add(new X509BasicConstraintsExtension(certificateAuthority: true, hasPathLengthConstraint: false, pathLengthConstraint: 0, critical: true));
        using var signer = authority.CreateSelfSigned(now.AddDays(-1), now.AddDays(2));

        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=silo", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName("silo");
        request.CertificateExtensions.Add(names.Build());
        using var certificate = request.Create(signer, now.AddDays(-1), now.AddDays(1), RandomNumberGenerator.GetBytes(8));

        File.WriteAllText(PathOf("ca.pem"), signer.ExportCertificatePem());
        File.WriteAllText(PathOf("silo.pem"), certificate.ExportCertificatePem());
        File.WriteAllText(PathOf("silo.key"), key.ExportPkcs8PrivateKeyPem());
    }

    /// <summary>What a silo finds in its settings.</summary>
    public (string Name, string Value)[] Settings =>
        [("Cluster:Tls:CertificatePath", PathOf("silo.pem")), ("Cluster:Tls:KeyPath", PathOf("silo.key")), ("Cluster:Tls:CaPath", PathOf("ca.pem"))];

    public void Dispose() => _directory.Delete(recursive: true);

    private string PathOf(string name) => Path.Combine(_directory.FullName, name);
}
