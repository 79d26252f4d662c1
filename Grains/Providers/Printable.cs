using System.Text;

namespace Orchestrator.Grains.Providers;

/// <summary>Words of a peer on their way into our books.</summary>
public static class Printable
{
    /// <summary>At most <paramref name="maxLength"/> characters, with control characters and halves of pairs made visible.</summary>
    public static string Of(string text, int maxLength)
    {
        var result = new StringBuilder(Math.Min(text.Length, maxLength));
        foreach (var rune in text.EnumerateRunes())
        {
            if (result.Length + rune.Utf16SequenceLength > maxLength)
                break;
            result.Append(Rune.IsControl(rune) ? Rune.ReplacementChar : rune);
        }

        return result.ToString();
    }
}
