using System.Buffers;
using System.Globalization;

namespace Orchestrator.Tests.Support;

/// <summary>
/// Searches bytes as they come for words, in any case and however JSON may escape them, and holds no more of them than the longest word.
/// The texts of some members are passed over: media addresses. What is no JSON is searched as it stands.
/// </summary>
internal sealed class ProviderScan(SearchValues<string> words, int longest, IReadOnlySet<string> excepted, Action<string> found)
{
    private const int BufferChars = 16 * 1024;

    /// <summary>What is kept before a hit, to tell where it was.</summary>
    private const int Before = 120;

    /// <summary>No name of a member that is excepted is longer.</summary>
    private const int MaxName = 64;

    private readonly char[] _text = new char[BufferChars];
    private readonly char[] _name = new char[MaxName];
    private int _length;
    private int _searched;
    private int _nameLength;
    private bool _inText;
    private bool _isExcepted;
    private bool _mayBeName;
    private bool _isValueOfExcepted;
    private int _escape;
    private int _unit;

    /// <summary>Searches on.</summary>
    public void Feed(ReadOnlySpan<byte> bytes)
    {
        foreach (var one in bytes)
            Feed((char)one);
    }

    /// <summary>The last of it.</summary>
    public void End() => Search(isLast: true);

    private void Feed(char one)
    {
        switch (_escape)
        {
            case 0 when one is '\\' && _inText:
                _escape = 1;
                return;
            case 0:
                Read(one);
                return;
            case 1 when one is 'u':
                (_escape, _unit) = (2, 0);
                return;
            case 1:
                _escape = 0;
                Take(one is 'n' or 'r' or 't' or 'b' or 'f' ? ' ' : one);
                return;
            default:
                _unit = _unit * 16 + (char.IsAsciiHexDigit(one) ? int.Parse([one], NumberStyles.HexNumber, CultureInfo.InvariantCulture) : 0);
                if (++_escape < 6)
                    return;
                _escape = 0;
                Take((char)_unit);
                return;
        }
    }

    private void Read(char one)
    {
        switch (one)
        {
            case '"' when _inText:
                (_inText, _isExcepted) = (false, false);
                Append(one);
                return;
            case '"':
                // A text behind the name of one that is excepted is passed over; every other one may be a name itself.
                (_inText, _isExcepted, _mayBeName, _nameLength) = (true, _isValueOfExcepted, true, _isValueOfExcepted ? -1 : 0);
                _isValueOfExcepted = false;
                Append(one);
                return;
            case '\n' when _inText || _mayBeName:
                // No text of JSON has a line break in it: something else, or a new event of a stream.
                (_inText, _isExcepted, _mayBeName, _isValueOfExcepted) = (false, false, false, false);
                Append(one);
                return;
            case ':' when !_inText && _mayBeName:
                _isValueOfExcepted = _nameLength > 0 && excepted.Contains(new string(_name, 0, _nameLength));
                _mayBeName = false;
                Append(one);
                return;
        }

        if (_inText)
        {
            Take(one);
            return;
        }

        if (!char.IsWhiteSpace(one))
            (_mayBeName, _isValueOfExcepted) = (false, false);
        Append(one);
    }

    /// <summary>A character of a text, unescaped.</summary>
    private void Take(char one)
    {
        if (_nameLength is >= 0 and < MaxName)
            _name[_nameLength++] = one;
        else
            _nameLength = -1;
        if (!_isExcepted)
            Append(one);
    }

    private void Append(char one)
    {
        _text[_length++] = one;
        if (_length == BufferChars)
            Search(isLast: false);
    }

    private void Search(bool isLast)
    {
        var from = _searched;
        while (_text.AsSpan(from, _length - from).IndexOfAny(words) is var at and >= 0)
        {
            var start = Math.Max(0, from + at - Before);
            found(new string(_text, start, Math.Min(_length - start, 2 * Before)));
            from += at + 1;
        }

        // A word that is not whole yet is found with what comes next.
        var keep = isLast ? 0 : Math.Min(_length, Before + longest - 1);
        _text.AsSpan(_length - keep, keep).CopyTo(_text);
        (_length, _searched) = (keep, Math.Max(0, keep - (longest - 1)));
    }
}
