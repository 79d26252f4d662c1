using System.Net;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace Orchestrator.Simulator.Stripe.Contract;

/// <summary>
/// Reads <c>a=1&amp;b[c]=2&amp;d[0]=x</c> as the object it describes, all values strings. Lists become objects of their
/// positions; whether that is right is the schema's business.
/// </summary>
internal static partial class FormTree
{
    private const int MaxFields = 1_000;
    private const int MaxDepth = 8;

    /// <summary>The object, or what is wrong with the text.</summary>
    public static (JsonObject? Tree, string? Problem) Read(string form)
    {
        var root = new JsonObject();
        if (form.Length == 0)
            return (root, null);

        var fields = form.Split('&');
        if (fields.Length > MaxFields)
            return (null, $"A request has at most {MaxFields} parameters.");

        foreach (var field in fields)
        {
            var cut = field.IndexOf('=', StringComparison.Ordinal);
            var name = WebUtility.UrlDecode(cut < 0 ? field : field[..cut]);
            var value = cut < 0 ? "" : WebUtility.UrlDecode(field[(cut + 1)..]);
            if (Put(root, name, value) is { } problem)
                return (null, problem);
        }

        return (root, null);
    }

    private static string? Put(JsonObject root, string name, string value)
    {
        var match = Name().Match(name);
        if (!match.Success || match.Groups["key"].Captures.Count >= MaxDepth)
            return $"Invalid parameter name: {name}";

        string[] path = [match.Groups["root"].Value, .. match.Groups["key"].Captures.Select(key => key.Value)];
        var at = root;
        foreach (var part in path.AsSpan(0, path.Length - 1))
            switch (at[part])
            {
                case JsonObject inner: at = inner; break;
                case null: at[part] = at = new JsonObject(); break;
                default: return $"Parameter {name} is both a value and an object.";
            }

        // a[]=1&a[]=2: the places count themselves.
        var last = path[^1].Length == 0 && path.Length > 1 ? $"{at.Count}" : path[^1];
        if (at.ContainsKey(last))
            return $"Parameter {name} is given twice.";
        at[last] = value;
        return null;
    }

    [GeneratedRegex(@"^(?<root>[^\[\]]+)(\[(?<key>[^\[\]]*)\])*$", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Name();
}
