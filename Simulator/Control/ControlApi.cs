using System.Text.Json;
using Microsoft.AspNetCore.Http.HttpResults;
using Orchestrator.Simulator.Oracles;
using Orchestrator.Simulator.Providers.Decart;
using Orchestrator.Simulator.Scripts;

namespace Orchestrator.Simulator.Control;

/// <summary>What the control endpoints act on.</summary>
internal sealed record ControlState(ScriptLibrary Scripts, Truth Truth, ConnectionBook Connections, string ApiKey);

/// <summary>
/// How another process sets scripts, asks for the truth and cuts connections. Open to whoever reaches the port, like
/// everything about a simulator. README.md shows the shapes.
/// </summary>
internal static class ControlApi
{
    private const int DefaultLimit = 100;
    private const int MaxLimit = 20_000;

    public static void MapControl(this IEndpointRouteBuilder routes, ControlState state)
    {
        routes.MapGet("/healthz/live", () => TypedResults.Ok());
        routes.MapGet("/healthz/ready", () => TypedResults.Ok());

        var control = routes.MapGroup("/control");
        control.MapGet("/scripts", () => TypedResults.Ok(state.Scripts.Snapshot()));
        control.MapPut("/scripts/{model}", (string model, HttpRequest request, CancellationToken cancelled) => PutScriptAsync(state, model, request, cancelled));
        control.MapGet("/truth", (int? limit, DateTimeOffset? before) => ListTruth(state, limit, before));
        control.MapGet("/truth/{id}", (string id, DateTimeOffset? before) => ShowTruth(state, id, before));
        control.MapGet("/connections", (int? limit) => ListConnections(state, limit));
        control.MapDelete("/connections/{id}", (string id) => DropConnection(state, id));
    }

    private static async Task<Results<NoContent, ProblemHttpResult>> PutScriptAsync(
        ControlState state, string model, HttpRequest request, CancellationToken cancellationToken)
    {
        try
        {
            state.Scripts.Set(model, ScriptJson.Check(await JsonSerializer.DeserializeAsync<Script>(request.Body, ScriptJson.Options, cancellationToken)));
            return TypedResults.NoContent();
        }
        catch (JsonException exception)
        {
            return TypedResults.Problem(exception.Message, statusCode: StatusCodes.Status400BadRequest, title: "This is not a script");
        }
    }

    private static Ok<TruthView[]> ListTruth(ControlState state, int? limit, DateTimeOffset? before) =>
        TypedResults.Ok(state.Truth.Sessions.Take(Bounded(limit)).Select(truth => TruthView.Of(truth, before)).ToArray());

    private static Results<Ok<TruthView>, NotFound> ShowTruth(ControlState state, string id, DateTimeOffset? before) =>
        state.Truth.Find(id) is { } truth ? TypedResults.Ok(TruthView.Of(truth, before) with { Entries = [.. truth.Entries.Reverse()] }) : TypedResults.NotFound();

    private static Ok<ConnectionView[]> ListConnections(ControlState state, int? limit) =>
        TypedResults.Ok(state.Connections.Snapshot().Reverse().Take(Bounded(limit)).Select(one => ConnectionView.Of(one, state.ApiKey)).ToArray());

    private static Results<NoContent, NotFound> DropConnection(ControlState state, string id)
    {
        if (state.Connections.Find(id) is not { Completion.IsCompleted: false } connection)
            return TypedResults.NotFound();

        connection.Drop();
        return TypedResults.NoContent();
    }

    private static int Bounded(int? limit) => Math.Clamp(limit ?? DefaultLimit, 0, MaxLimit);
}
