using System.CommandLine;
using System.Text.Json;
using Orchestrator.Domain.Billing;
using Orchestrator.Domain.Sessions;
using Orchestrator.Storage.Billing;

namespace Orchestrator.Gateway.Commands;

/// <summary><c>orchestrator invoice session</c>: what every level pays for one session, what it costs the platform, and what is left.</summary>
internal static class SessionMarginCommand
{
    public static Command Create()
    {
        var id = new Argument<string>("session") { Description = "The session's id" };
        var json = new Option<bool>("--json") { Description = "One JSON object, amounts in micro-units" };
        var command = new Command("session", "Print what each level pays for a session, with the platform's cost and margin") { id, json };
        command.SetAction((arguments, cancellationToken) => OperatorDatabase.RunAsync(async database =>
        {
            if (!SessionId.TryParse(arguments.GetValue(id), provider: null, out var session))
                throw new StartException("A session's id is 32 hex digits.");
            var store = new SessionMarginStore(database);
            var levels = await store.LevelsAsync(session, cancellationToken);
            if (levels.Count == 0)
                throw new StartException($"Nothing is recorded of a session {session}.");
            var cost = await store.CostAsync(session, cancellationToken);
            Console.WriteLine(arguments.GetValue(json) ? JsonSerializer.Serialize(View.Of(session, levels, cost), JsonSerializerOptions.Web) : Words(levels, cost));
        }, cancellationToken));
        return command;
    }

    private static string Words(IReadOnlyList<SessionLevel> levels, SessionCost cost)
    {
        var currency = levels[0].Currency;
        var uncosted = cost.UncostedMs > 0 ? $"   without {Seconds.Format(cost.UncostedMs)} s of no known cost" : "";
        return string.Join(Environment.NewLine,
        [
            .. levels.Select(level => $"charge  {new Money(level.Micros, currency)}   {level.Seconds} s, paid by {level.Name} ({level.Tenant})"),
            $"cost    {new Money(cost.Micros, currency)}   {cost.Seconds} s{uncosted}",
            $"margin  {new Money(levels[0].Micros - cost.Micros, currency)}",
        ]);
    }

    private sealed record View(string Session, string Currency, IReadOnlyList<View.Level> Levels, View.Paid Cost, long MarginMicros)
    {
        public static View Of(SessionId session, IReadOnlyList<SessionLevel> levels, SessionCost cost) => new(
            session.ToString(), levels[0].Currency, [.. levels.Select(level => new Level(level.Tenant.ToString(), level.Name, level.Seconds, level.Micros))],
            new Paid(cost.Seconds, cost.Micros, cost.RecordedMs / 1000m, cost.UncostedMs / 1000m), levels[0].Micros - cost.Micros);

        internal sealed record Level(string Tenant, string Name, long Seconds, long Micros);

        internal sealed record Paid(long Seconds, long Micros, decimal RecordedSeconds, decimal UncostedSeconds);
    }
}
