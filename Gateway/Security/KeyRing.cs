using System.Security.Cryptography;
using System.Xml.Linq;
using Microsoft.AspNetCore.DataProtection.KeyManagement;
using Microsoft.AspNetCore.DataProtection.Repositories;
using Microsoft.AspNetCore.DataProtection.XmlEncryption;
using Microsoft.Extensions.Options;
using Orchestrator.Storage.Security;

namespace Orchestrator.Gateway.Security;

/// <summary>Data Protection's key ring in the database, every key wrapped with the master key, shared by all processes.</summary>
internal sealed class KeyRing(KeyRingStore store, MasterKey masterKey) : IXmlRepository, IXmlEncryptor, IConfigureOptions<KeyManagementOptions>
{
    /// <summary>Makes the framework keep its keys here.</summary>
    public void Configure(KeyManagementOptions options)
    {
        options.XmlRepository = this;
        options.XmlEncryptor = this;
    }

    /// <summary>
    /// Opens every key that there is. A process with another master key would add keys of its own to the ring that no other
    /// can open, and refuse everybody's tokens; it had better not start.
    /// </summary>
    public void Verify()
    {
        try
        {
            foreach (var wrapped in GetAllElements().SelectMany(key => key.Descendants("wrapped")))
                masterKey.Unwrap(Convert.FromBase64String(wrapped.Value));
        }
        catch (Exception exception) when (exception is CryptographicException or FormatException or OverflowException)
        {
            throw new StartException("MasterKey does not open the key ring in this database: it was made with another one. All processes on one database share one MasterKey.");
        }
    }

    /// <inheritdoc/>
    public IReadOnlyCollection<XElement> GetAllElements() => [.. store.Read().Select(XElement.Parse)];

    /// <inheritdoc/>
    public void StoreElement(XElement element, string friendlyName) => store.Add(friendlyName, element.ToString(SaveOptions.DisableFormatting));

    /// <inheritdoc/>
    public EncryptedXmlInfo Encrypt(XElement plaintextElement)
    {
        var wrapped = masterKey.Wrap(System.Text.Encoding.UTF8.GetBytes(plaintextElement.ToString(SaveOptions.DisableFormatting)));
        return new EncryptedXmlInfo(new XElement("wrapped", Convert.ToBase64String(wrapped)), typeof(KeyRingDecryptor));
    }
}

/// <summary>Unwraps a key of the ring. Named in the stored XML and made by the framework, so its name stays.</summary>
internal sealed class KeyRingDecryptor(IServiceProvider services) : IXmlDecryptor
{
    /// <inheritdoc/>
    public XElement Decrypt(XElement encryptedElement)
    {
        var plain = services.GetRequiredService<MasterKey>().Unwrap(Convert.FromBase64String(encryptedElement.Value));
        return XElement.Parse(System.Text.Encoding.UTF8.GetString(plain));
    }
}
