using System.Buffers.Text;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.Extensions.Options;
using Orchestrator.Domain.Sessions;

namespace Orchestrator.Gateway.Sessions.Http;

/// <summary>
/// Tokens that open the events of one session and nothing else, for readers that can set no header: sealed with the key ring
/// that every process shares, so nothing is stored.
/// </summary>
internal sealed class EventTokens(IDataProtectionProvider protection, IOptions<HttpSessionsOptions> options, TimeProvider time)
{
    private const int MaxLength = 1_024;

    private readonly IDataProtector _protector = protection.CreateProtector("Orchestrator.EventToken.v1");

    /// <summary>A token for the events of that session, and until when it opens them. A stream that is open then goes on.</summary>
    public (string Token, DateTimeOffset ExpiresAt) Write(SessionId session)
    {
        var expires = DateTimeOffset.FromUnixTimeSeconds((time.GetUtcNow() + options.Value.EventTokenLifetime).ToUnixTimeSeconds());
        var content = Encoding.ASCII.GetBytes($"{session} {expires.ToUnixTimeSeconds()}");
        return (Base64Url.EncodeToString(_protector.Protect(content)), expires);
    }

    /// <summary>Whether the token opens the events of that session now.</summary>
    public bool Opens(string token, SessionId session)
    {
        if (token.Length is 0 or > MaxLength || !Base64Url.IsValid(token))
            return false;
        try
        {
            var content = Encoding.ASCII.GetString(_protector.Unprotect(Base64Url.DecodeFromChars(token))).Split(' ');
            return content is [var named, var until] && named == session.ToString()
                && long.Parse(until, CultureInfo.InvariantCulture) > time.GetUtcNow().ToUnixTimeSeconds();
        }
        catch (Exception exception) when (exception is CryptographicException or FormatException)
        {
            return false;
        }
    }
}
