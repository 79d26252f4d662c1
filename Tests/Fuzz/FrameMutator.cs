using System.Text.Json;

namespace Orchestrator.Tests.Fuzz;

/// <summary>
/// Makes wrong frames out of right ones, the same ones for the same seed: names and values are replaced, doubled and left out,
/// bytes are flipped, cut and mixed. One in ten stays as it is, so that what is right goes on among what is not.
/// </summary>
internal sealed class FrameMutator(int seed, IReadOnlyList<byte[]> corpus)
{
    /// <summary>Longer ones teach nothing more, and cost their length.</summary>
    private const int MaxBytes = 24 * 1024;

    private static readonly byte[][] Surroundings = [[0xef, 0xbb, 0xbf], [(byte)' '], [(byte)'\n'], [0], [(byte)'['], [(byte)'{'], [(byte)'/', (byte)'/']];

    // Repeatable, which is all that is asked of it.
    private readonly Random _random = new(seed);

    /// <summary>The next frame.</summary>
    public byte[] Next()
    {
        var frame = Pick(corpus);
        if (_random.Next(10) == 0)
            return frame;

        // Mostly one thing is wrong, sometimes several.
        do
            frame = Mutate(frame);
        while (_random.Next(4) == 0);
        return frame.Length <= MaxBytes ? frame : frame[..MaxBytes];
    }

    /// <summary>A number below the bound.</summary>
    public int Below(int bound) => _random.Next(bound);

    private byte[] Mutate(byte[] frame) => _random.Next(12) switch
    {
        0 or 1 or 2 => ReplaceToken(frame, isName: false),
        3 or 4      => ReplaceToken(frame, isName: true),
        5           => AddMember(frame),
        6           => CutToken(frame),
        7           => Flip(frame),
        8           => frame[.._random.Next(frame.Length + 1)],
        9           => Join(frame, Pick(corpus)),
        10          => Surround(frame),
        _           => Scramble(frame),
    };

    private byte[] ReplaceToken(byte[] frame, bool isName)
    {
        var tokens = Tokens(frame).FindAll(token => token.IsName == isName);
        if (tokens.Count == 0)
            return Flip(frame);
        // The first name and the first value of most frames are those of the type: the place where most is decided.
        var token = _random.Next(3) == 0 ? tokens[0] : tokens[_random.Next(tokens.Count)];
        return [.. frame[..token.Start], .. Pick(isName ? Oddities.Names : Oddities.Values), .. frame[token.End..]];
    }

    private byte[] AddMember(byte[] frame)
    {
        byte[] member = [.. Pick(Oddities.Names), (byte)':', .. Pick(Oddities.Values)];
        return frame is not [(byte)'{', ..] ? Flip(frame)
            : _random.Next(2) == 0 ? [(byte)'{', .. member, (byte)',', .. frame[1..]]
            : [.. frame[..^1], (byte)',', .. member, (byte)'}'];
    }

    private byte[] CutToken(byte[] frame)
    {
        var tokens = Tokens(frame);
        if (tokens.Count == 0)
            return Flip(frame);
        var (start, end, _) = tokens[_random.Next(tokens.Count)];
        return [.. frame[..start], .. frame[end..]];
    }

    private byte[] Flip(byte[] frame)
    {
        var flipped = frame.ToArray();
        for (var times = 1 + _random.Next(4); times > 0 && flipped.Length > 0; times--)
            flipped[_random.Next(flipped.Length)] = (byte)_random.Next(256);
        return flipped;
    }

    private byte[] Join(byte[] frame, byte[] other) => [.. frame[.._random.Next(frame.Length + 1)], .. other[_random.Next(other.Length + 1)..]];

    private byte[] Surround(byte[] frame) => _random.Next(2) == 0 ? [.. Pick(Surroundings), .. frame] : [.. frame, .. Pick(Surroundings)];

    private byte[] Scramble(byte[] frame)
    {
        var bytes = new byte[_random.Next(64)];
        _random.NextBytes(bytes);
        var at = _random.Next(frame.Length + 1);
        return [.. frame[..at], .. bytes, .. frame[at..]];
    }

    private byte[] Pick(IReadOnlyList<byte[]> from) => from[_random.Next(from.Count)];

    /// <summary>Where names and values stand, as far as the frame can be read.</summary>
    private static List<(int Start, int End, bool IsName)> Tokens(byte[] frame)
    {
        var tokens = new List<(int, int, bool)>();
        var reader = new Utf8JsonReader(frame);
        try
        {
            while (reader.Read())
            {
                if (reader.TokenType is not (JsonTokenType.StartObject or JsonTokenType.EndObject or JsonTokenType.StartArray or JsonTokenType.EndArray))
                {
                    var isName = reader.TokenType is JsonTokenType.PropertyName;
                    var quotes = isName || reader.TokenType is JsonTokenType.String ? 2 : 0;
                    var start = (int)reader.TokenStartIndex;
                    tokens.Add((start, start + reader.ValueSpan.Length + quotes, isName));
                }
            }
        }
        catch (JsonException)
        {
            // What was read before counts.
        }

        return tokens;
    }
}
