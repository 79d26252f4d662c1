using System.ComponentModel;
using System.Globalization;
using System.Text;

namespace Orchestrator.Grains.Providers;

/// <summary>A value that must not be seen: it prints as stars wherever it goes by accident.</summary>
[TypeConverter(typeof(SecretConverter))]
public sealed class Secret(string value)
{
    /// <summary>A shorter one would be found by chance, in any text.</summary>
    private const int MinRedacted = 8;

    /// <summary>As it is, and as it stands in an address.</summary>
    private readonly (string Text, byte[] Utf8)[] _forms = value.Length < MinRedacted
        ? []
        : [.. new[] { value, Uri.EscapeDataString(value) }.Distinct(StringComparer.Ordinal).Select(form => (form, Encoding.UTF8.GetBytes(form)))];

    /// <summary>Whether there is none.</summary>
    public bool IsEmpty => value.Length == 0;

    /// <summary>The value, for the one place that needs it.</summary>
    public string Reveal() => value;

    /// <summary>Whether this value stands in these bytes.</summary>
    public bool IsIn(ReadOnlySpan<byte> utf8)
    {
        foreach (var (_, form) in _forms)
        {
            if (utf8.IndexOf(form) >= 0)
                return true;
        }

        return false;
    }

    /// <summary>A text in which this value, should it occur, is starred out.</summary>
    public string Redact(string text) => _forms.Aggregate(text, (left, form) => left.Replace(form.Text, "***", StringComparison.Ordinal));

    /// <inheritdoc/>
    public override string ToString() => "***";
}

/// <summary>Lets configuration bind a string to a <see cref="Secret"/>.</summary>
internal sealed class SecretConverter : TypeConverter
{
    public override bool CanConvertFrom(ITypeDescriptorContext? context, Type sourceType) => sourceType == typeof(string);

    public override object ConvertFrom(ITypeDescriptorContext? context, CultureInfo? culture, object value) => new Secret((string)value);
}
