using System.Globalization;
using System.Text.RegularExpressions;

namespace Orchestrator.Simulator.Stripe.Metering;

/// <summary>A rule that an event breaks, under its names in v1 and v2.</summary>
internal sealed record BrokenRule(string Message, string Param, string V2Code, string? V1Code = null);

/// <summary>What the payload and the instant of a meter event must be: pure.</summary>
internal static partial class EventRules
{
    public const int MaxDigits = 15;
    private const int MaxPayloadValue = 100;
    private const int PastDays = 35;
    private static readonly TimeSpan Future = TimeSpan.FromMinutes(5);

    public static BrokenRule? CheckPayload(IEnumerable<KeyValuePair<string, string>> payload) =>
        payload.Where(entry => entry.Value.Length > MaxPayloadValue).Select(entry => new BrokenRule(
            $"The value of payload[{entry.Key}] is longer than {MaxPayloadValue} characters.", $"payload[{entry.Key}]", "payload_invalid_value")).FirstOrDefault();

    public static BrokenRule? CheckCustomer(string? customer, string key) => customer is { Length: > 0 }
        ? null
        : new($"The payload must have a reference to the customer under the key '{key}'.", "payload", "payload_no_customer_defined");

    /// <summary>v1 takes decimals and, as corrections, negative ones; v2 only positive integers.</summary>
    public static BrokenRule? CheckValue(string? text, string key, bool v2, out decimal value)
    {
        value = 0;
        if (text is null)
            return new($"The payload must have a value under the key '{key}'.", "payload", "payload_no_value_defined");
        if (v2 ? !PositiveInteger().IsMatch(text) : !Decimal().IsMatch(text))
            return new(v2 ? "The value must be a positive integer." : $"Invalid value '{text}': it must be a number.", $"payload[{key}]", "payload_invalid_value");
        if (text.Where(char.IsAsciiDigit).SkipWhile(digit => digit == '0').Count() > MaxDigits)
            return new($"The value has more than {MaxDigits} significant digits.", $"payload[{key}]", "payload_invalid_value", "meter_event_value_too_many_digits");

        value = decimal.Parse(text, NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture);
        return null;
    }

    public static BrokenRule? CheckTimestamp(DateTimeOffset timestamp, DateTimeOffset now) =>
        timestamp > now + Future ? new("The timestamp must be at most 5 minutes in the future.", "timestamp", "timestamp_in_future", "timestamp_in_future")
        : timestamp < now.AddDays(-PastDays) ? new("The timestamp must be within the past 35 calendar days.", "timestamp", "timestamp_too_far_in_past", "timestamp_too_far_in_past")
        : null;

    [GeneratedRegex(@"^-?[0-9]{1,60}(\.[0-9]{1,27})?$", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Decimal();

    [GeneratedRegex("^0*[1-9][0-9]{0,60}$", RegexOptions.None, matchTimeoutMilliseconds: 1000)]
    private static partial Regex PositiveInteger();
}
