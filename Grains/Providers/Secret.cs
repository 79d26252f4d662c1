using System.ComponentModel;
using System.Globalization;

namespace Orchestrator.Grains.Providers;

/// <summary>A value that must not be seen: it prints as stars wherever it goes by accident.</summary>
[TypeConverter(typeof(SecretConverter))]
public sealed class Secret(string value)
{
    /// <summary>Whether there is none.</summary>
    public bool IsEmpty => value.Length == 0;

    /// <summary>The value, for the one place that needs it.</summary>
    public string Reveal() => value;

    /// <summary>A text in which this value, should it occur, is starred out.</summary>
    public string Redact(string text) => IsEmpty ? text : text.Replace(value, "***", StringComparison.Ordinal);

    /// <inheritdoc/>
    public override string ToString() => "***";
}

/// <summary>Lets configuration bind a string to a <see cref="Secret"/>.</summary>
internal sealed class SecretConverter : TypeConverter
{
    public override bool CanConvertFrom(ITypeDescriptorContext? context, Type sourceType) => sourceType == typeof(string);

    public override object ConvertFrom(ITypeDescriptorContext? context, CultureInfo? culture, object value) => new Secret((string)value);
}
