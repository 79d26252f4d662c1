using Microsoft.AspNetCore.Mvc;
using Orchestrator.Gateway.Sessions.OpenAI;
using Orchestrator.Grains.Providers;

namespace Orchestrator.Gateway.Sessions.OpenAILive;

/// <summary>The surface of the Live API, at the provider's own paths; behind them is what answers for calls of its elder.</summary>
internal static class LiveRoutes
{
    /// <summary>What all of its paths begin with.</summary>
    public const string Root = "/v1/live/sessions";

    private const int MaxSmall = 64 * 1024;

    // Tenants' servers attach, by a header.
    private static readonly ClientLeg Attachment = new($"{Root}/{{id}}/attach");

    private static readonly string[] Passed = [.. CallControlApi.Passed, "fork"];

    public static void MapOpenAILive(this WebApplication app)
    {
        var surface = LiveSurface.Instance;
        var (calls, control, sidebands) = (
            app.Services.GetRequiredService<CallsApi>(), app.Services.GetRequiredService<CallControlApi>(), app.Services.GetRequiredService<SidebandEndpoint>());

        var routes = app.MapGroup(Root).WithTags("Live sessions");
        routes.MapPost("", (HttpContext context, CancellationToken cancellationToken) => calls.CreateAsync(context, surface, cancellationToken))
            .WithName("CreateLiveSession").WithSummary("Open a session of the Live API with a WebRTC offer")
            .WithMetadata(new RequestSizeLimitAttribute(OpenAIOfferBody.MaxBytes)).Produces(StatusCodes.Status201Created);
        routes.MapPost(
                "/{id}/hangup", (HttpContext context, string id, CancellationToken cancellationToken) => control.HangUpAsync(context, surface, id, cancellationToken))
            .WithName("HangUpLiveSession").WithSummary("End a session of the Live API for good").Produces(StatusCodes.Status200OK);
        foreach (var verb in Passed)
        {
            routes.MapPost($"/{{id}}/{verb}", (HttpContext context, string id) => control.PassAsync(context, surface, id, verb))
                .WithName($"{char.ToUpperInvariant(verb[0])}{verb[1..]}LiveSession").WithSummary($"Pass {verb} on to the provider of a session of the Live API")
                .WithMetadata(new RequestSizeLimitAttribute(MaxSmall)).Produces(StatusCodes.Status200OK);
        }

        routes.MapGet("/{id}/attach", (HttpContext context, string id) => sidebands.HandleAsync(context, surface, id, Attachment))
            .WithName("AttachToLiveSession").WithSummary("A tenant's server joins a running session of the Live API on a WebSocket")
            .Produces(StatusCodes.Status101SwitchingProtocols);
    }
}
