using System.Globalization;

namespace Orchestrator.Domain.Sessions;

/// <summary>One session, for ever. The text form is 32 lower-case hex digits; later sessions sort after earlier ones.</summary>
public readonly record struct SessionId(Guid Value) : IParsable<SessionId>
{
    /// <summary>A new id that sorts by <paramref name="now"/>.</summary>
    public static SessionId New(DateTimeOffset now) => new(Guid.CreateVersion7(now));

    /// <inheritdoc/>
    public static SessionId Parse(string s, IFormatProvider? provider) =>
        TryParse(s, provider, out var id) ? id : throw new FormatException("A session id is 32 hex digits.");

    /// <inheritdoc/>
    public static bool TryParse(string? s, IFormatProvider? provider, out SessionId result)
    {
        var ok = Guid.TryParseExact(s, "N", out var value);
        result = new(value);
        return ok;
    }

    /// <inheritdoc/>
    public override string ToString() => Value.ToString("N", CultureInfo.InvariantCulture);
}
