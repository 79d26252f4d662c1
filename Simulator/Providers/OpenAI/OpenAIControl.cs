using Microsoft.AspNetCore.Http.HttpResults;

namespace Orchestrator.Simulator.Providers.OpenAI;

/// <summary>How another process asks for the twin's sessions and makes them end. Their spans are in the truth, under the same names.</summary>
internal static class OpenAIControl
{
    public static void MapOpenAIControl(this IEndpointRouteBuilder routes, OpenAITwin twin)
    {
        var control = routes.MapGroup("/control/openai");
        control.MapGet("/sessions", () => TypedResults.Ok(twin.Sessions.Concat<VoiceSession>(twin.Live.Sessions)
            .OrderByDescending(session => session.Truth.OpenedAt).Take(200).Select(SessionView.Of).ToArray()));
        control.MapPut("/plans/{model}", (string model, RealtimePlan plan) =>
        {
            twin.Plan(model, plan);
            return TypedResults.NoContent();
        });
        control.MapPost("/sessions/{id}/{verb}", (string id, string verb) => TellAsync(twin, id, verb));
    }

    private static async Task<Results<NoContent, NotFound>> TellAsync(OpenAITwin twin, string id, string verb)
    {
        if ((twin.Find(id) ?? (VoiceSession?)twin.Live.Find(id)) is not { } session)
            return TypedResults.NotFound();
        switch (verb)
        {
            case "leave":
                await session.LeaveAsync();
                break;
            case "expire":
                await session.ExpireAsync();
                break;
            case "rotate":
                await session.RotateAsync();
                break;
            case "drop":
                session.DropSidebands();
                break;
            default:
                return TypedResults.NotFound();
        }

        return TypedResults.NoContent();
    }

    private sealed record SessionView(string Id, string Model, bool IsCall, bool Open, string? EndedBy, long? SpanMilliseconds, int Connections)
    {
        public static SessionView Of(VoiceSession session) => new(
            session.Id, session.Model, session.IsCall, !session.Over.IsCompleted, session.Over.IsCompletedSuccessfully ? session.Over.Result : null,
            session.Truth.SpanMilliseconds, session.Connections.Count(connection => !connection.Left.IsCompleted));
    }
}
