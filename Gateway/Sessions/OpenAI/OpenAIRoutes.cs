namespace Orchestrator.Gateway.Sessions.OpenAI;

/// <summary>The REST surface of the Realtime API, as its published clients ask it; its WebSocket is one of the dialects' legs.</summary>
internal static class OpenAIRoutes
{
    private const int MaxCall = OpenAIOfferBody.MaxBytes;
    private const int MaxSmall = 64 * 1024;

    public static IServiceCollection AddOpenAISurface(this IServiceCollection services) => services
        .AddSingleton<OpenAICallers>()
        .AddSingleton<CallsApi>()
        .AddSingleton<CallControlApi>()
        .AddSingleton<ClientSecretsApi>()
        .AddSingleton<SidebandEndpoint>();

    public static void MapOpenAI(this WebApplication app)
    {
        app.UseOpenAICors();
        var (calls, control, secrets) = (
            app.Services.GetRequiredService<CallsApi>(), app.Services.GetRequiredService<CallControlApi>(), app.Services.GetRequiredService<ClientSecretsApi>());

        var surface = RealtimeSurface.Instance;
        var routes = app.MapGroup("/v1/realtime").WithTags("Realtime calls");
        routes.MapPost("/client_secrets", secrets.CreateAsync)
            .WithName("CreateRealtimeClientSecret").WithSummary("Make a short-lived client token, in the form of the Realtime API").WithMetadata(Limit(MaxSmall))
            .Produces(StatusCodes.Status200OK);
        routes.MapPost("/calls", (HttpContext context, CancellationToken cancellationToken) => calls.CreateAsync(context, surface, cancellationToken))
            .WithName("CreateRealtimeCall").WithSummary("Open a session with a WebRTC offer, as SDP or as a form of sdp and session").WithMetadata(Limit(MaxCall))
            .Produces(StatusCodes.Status201Created);
        routes.MapPost(
                "/calls/{callId}/hangup",
                (HttpContext context, string callId, CancellationToken cancellationToken) => control.HangUpAsync(context, surface, callId, cancellationToken))
            .WithName("HangUpRealtimeCall").WithSummary("End the session of a call for good").Produces(StatusCodes.Status200OK);
        foreach (var verb in CallControlApi.Passed)
        {
            routes.MapPost($"/calls/{{callId}}/{verb}", (HttpContext context, string callId) => control.PassAsync(context, surface, callId, verb))
                .WithName($"{char.ToUpperInvariant(verb[0])}{verb[1..]}RealtimeCall").WithSummary($"Pass {verb} on to the provider of a call").WithMetadata(Limit(MaxSmall))
                .Produces(StatusCodes.Status200OK);
        }
    }

    private static Microsoft.AspNetCore.Mvc.RequestSizeLimitAttribute Limit(int bytes) => new(bytes);
}
