namespace Orchestrator.Gateway.Requests;

/// <summary>A span of time that somebody asks about: from its first instant to before its last.</summary>
internal readonly record struct Span(DateTimeOffset From, DateTimeOffset To)
{
    /// <summary>The longest that one question may be about.</summary>
    public static readonly TimeSpan Max = TimeSpan.FromDays(92);

    /// <summary>Reads a span; by default the running month in UTC.</summary>
    public static Span? Read(string? from, string? to, DateTimeOffset now, Dictionary<string, string> errors)
    {
        var month = new DateTimeOffset(now.Year, now.Month, 1, 0, 0, 0, TimeSpan.Zero);
        var span = new Span(At("from", from, month), At("to", to, month.AddMonths(1)));
        if (errors.Count == 0 && span.To <= span.From)
            errors["to"] = "must be after from";
        else if (errors.Count == 0 && span.To - span.From > Max)
            errors["to"] = $"must be at most {Max.TotalDays:0} days after from";
        return errors.Count == 0 ? span : null;

        DateTimeOffset At(string name, string? text, DateTimeOffset otherwise)
        {
            if (text is null)
                return otherwise;
            if (Instants.TryParse(text, out var instant))
                return instant;
            errors[name] = $"must be a day such as 2026-01-31 or an instant such as {Instants.Example}";
            return default;
        }
    }

    /// <summary>A month such as <c>2026-01</c> in UTC; by default the running one.</summary>
    public static Span? Month(string? text, DateTimeOffset now)
    {
        if (text is null)
            return Read(null, null, now, []);
        return text.Length == 7 && Instants.TryParse(text + "-01", out var first) ? new Span(first, first.AddMonths(1)) : null;
    }
}
