using System.Security.Cryptography;
using System.Text;

namespace Orchestrator.Silo.Dashboard;

/// <summary>
/// Lets a browser in that came by the dashboard's own port, which no header can claim, and sends the operator's key as its
/// password, under whatever name.
/// </summary>
internal sealed class OperatorGate(int port, string key) : IEndpointFilter
{
    private const string Basic = "Basic ";
    private const int MaxHeader = 1024;

    private readonly byte[] _key = SHA256.HashData(Encoding.UTF8.GetBytes(key));

    /// <inheritdoc/>
    public ValueTask<object?> InvokeAsync(EndpointFilterInvocationContext context, EndpointFilterDelegate next)
    {
        if (context.HttpContext.Connection.LocalPort != port)
            return ValueTask.FromResult<object?>(Results.NotFound());
        if (IsOperator(context.HttpContext.Request.Headers.Authorization.ToString()))
            return next(context);
        context.HttpContext.Response.Headers.WWWAuthenticate = "Basic realm=\"operators\"";
        return ValueTask.FromResult<object?>(Results.StatusCode(StatusCodes.Status401Unauthorized));
    }

    private bool IsOperator(string header)
    {
        if (header.Length > MaxHeader || !header.StartsWith(Basic, StringComparison.OrdinalIgnoreCase))
            return false;
        Span<byte> text = stackalloc byte[MaxHeader];
        if (!Convert.TryFromBase64String(header[Basic.Length..], text, out var length))
            return false;
        var colon = text[..length].IndexOf((byte)':');
        return colon >= 0 && CryptographicOperations.FixedTimeEquals(SHA256.HashData(text[(colon + 1)..length]), _key);
    }
}
