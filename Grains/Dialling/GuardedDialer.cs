using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Options;

namespace Orchestrator.Grains.Dialling;

/// <summary>An address that a tenant gave us led where it may not.</summary>
public sealed class DialRefusedException(string message) : IOException(message);

/// <summary>Whom a name stands for, now.</summary>
public delegate Task<IPAddress[]> ResolveName(string host, CancellationToken cancellationToken);

/// <summary>
/// Dials addresses that tenants gave us. The name is resolved anew for every connection and only public addresses are
/// connected to, by number: what a name meant a moment ago counts for nothing. Nobody is led elsewhere by a redirect or a proxy.
/// </summary>
public sealed class GuardedDialer(IOptions<DiallingOptions> options)
{
    private readonly bool _allowsPrivate = options.Value.AllowPrivate;

    /// <summary>How names are resolved. Default: as the system does.</summary>
    internal ResolveName Resolve { get; init; } = Dns.GetHostAddressesAsync;

    /// <summary>Why this address may not be dialled, as a sentence; null when it may be tried.</summary>
    public string? Flaw(string? address)
    {
        if (address is not { Length: <= 2_000 } || !Uri.TryCreate(address, UriKind.Absolute, out var uri))
            return "The address must be an absolute URL of at most 2000 characters.";
        if (uri.Scheme != Uri.UriSchemeHttps && !(_allowsPrivate && uri.Scheme == Uri.UriSchemeHttp))
            return "The address must begin with https://.";
        if (uri.UserInfo.Length > 0 || uri.Fragment.Length > 0)
            return "The address must hold no user and no fragment; a credential has a place of its own.";
        return IPAddress.TryParse(uri.DnsSafeHost, out var number) && !IsAllowed(number) ? "The address must not lead into a private network." : null;
    }

    /// <summary>A client whose every connection is checked.</summary>
    public HttpMessageInvoker CreateInvoker(TimeSpan connectTimeout) => new(new SocketsHttpHandler
    {
        ConnectCallback = ConnectAsync,
        ConnectTimeout = connectTimeout,
        // What a name means is looked up again after a while.
        PooledConnectionLifetime = TimeSpan.FromMinutes(2),
        AllowAutoRedirect = false,
        UseProxy = false,
        UseCookies = false,
        MaxResponseHeadersLength = 16,
        // A trace of ours names our tenants; it is nobody else's to see.
        ActivityHeadersPropagator = null,
    });

    private bool IsAllowed(IPAddress address) => _allowsPrivate || AddressRule.IsPublic(address);

    private async ValueTask<Stream> ConnectAsync(SocketsHttpConnectionContext context, CancellationToken cancellationToken)
    {
        var (host, port) = (context.DnsEndPoint.Host, context.DnsEndPoint.Port);
        var found = IPAddress.TryParse(host, out var number) ? [number] : await Resolve(host, cancellationToken);
        var allowed = Array.FindAll(found, IsAllowed);
        if (allowed.Length == 0)
            throw new DialRefusedException(found.Length == 0 ? "The name stands for no address." : "The name leads into a private network.");

        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(allowed, port, cancellationToken);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }
}
