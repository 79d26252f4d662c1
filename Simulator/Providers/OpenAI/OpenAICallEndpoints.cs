using System.Text.Json;
using System.Text.Json.Nodes;

namespace Orchestrator.Simulator.Providers.OpenAI;

/// <summary>Calls by REST.</summary>
internal static class OpenAICallEndpoints
{
    /// <summary>Nothing listens there: a test of media sets <see cref="OpenAITwin.MediaPeer"/>.</summary>
    private const string Answer =
        "v=0\r\no=- 2 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\na=group:BUNDLE 0 1\r\n"
        + "m=audio 9 UDP/TLS/RTP/SAVPF 111\r\nc=IN IP4 0.0.0.0\r\na=mid:0\r\na=sendrecv\r\na=rtpmap:111 opus/48000/2\r\n"
        + "m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\nc=IN IP4 0.0.0.0\r\na=mid:1\r\na=sctp-port:5000\r\n"
        + "a=candidate:1 1 udp 2130706431 127.0.0.1 9 typ host\r\n";

    /// <summary>Makes a call, from an offer alone or a form of it and the session's settings.</summary>
    public static async Task CreateAsync(OpenAITwin twin, HttpContext context)
    {
        if (!await OpenAIEndpoints.IsLetInAsync(twin, context))
            return;
        var credential = OpenAIEndpoints.CredentialOf(context.Request)!;
        twin.LetsIn(credential, out var settings);
        string? sdp;
        if (context.Request.HasFormContentType)
        {
            var form = await context.Request.ReadFormAsync(context.RequestAborted);
            sdp = form["sdp"];
            settings = form["session"] is [{ } session] ? JsonNode.Parse(session)!.AsObject() : settings;
        }
        else
        {
            sdp = await new StreamReader(context.Request.Body).ReadToEndAsync(context.RequestAborted);
        }

        twin.Note($"POST calls {context.Request.ContentType?.Split(';')[0]} {settings?.ToJsonString()}");
        var model = settings?["model"]?.GetValue<string>();
        if (await TakesAsync(twin, context, sdp, model))
            await AnswerAsync(twin, context, sdp!, model!, settings!, credential);
    }

    /// <summary>Whether an offer is taken; answers when it is not.</summary>
    public static async Task<bool> TakesAsync(OpenAITwin twin, HttpContext context, string? sdp, string? model)
    {
        if (sdp is null || !sdp.StartsWith("v=0", StringComparison.Ordinal) || sdp.Contains("a=bad", StringComparison.Ordinal))
            await OpenAIEndpoints.RefuseAsync(context, StatusCodes.Status400BadRequest, "invalid_offer", "The offer is not valid SDP.");
        else if (!OpenAITwin.Serves(model))
            await OpenAIEndpoints.RefuseAsync(context, StatusCodes.Status400BadRequest, "model_not_found", "The model does not exist.");
        else if (twin.PlanOf(model!) is { RefuseCalls: > 0 } plan)
            await OpenAIEndpoints.RefuseAsync(
                context, plan.RefuseCalls, "refused", plan.Parrots ? $"Refused, with {OpenAIEndpoints.CredentialOf(context.Request)}." : "Refused.");
        else
            return true;
        return false;
    }

    /// <summary>Joins a call by a further connection.</summary>
    public static async Task JoinAsync(HttpContext context, VoiceSession? call)
    {
        var isEarly = call is { EarlySidebands: > 0 } && call.EarlySidebands-- > 0;
        if (call is not { IsCall: true, Over.IsCompleted: false } || isEarly)
            await OpenAIEndpoints.RefuseAsync(context, StatusCodes.Status404NotFound, "call_id_not_found", "There is no such call.");
        else
            await OpenAIEndpoints.ServeAsync(call, context);
    }

    /// <summary>Tells a call something.</summary>
    public static async Task TellAsync(OpenAITwin twin, HttpContext context, VoiceSession? call)
    {
        var (id, verb) = (context.Request.RouteValues["id"] as string ?? "", context.Request.RouteValues["verb"] as string ?? "");
        if (!await OpenAIEndpoints.IsLetInAsync(twin, context))
            return;
        var body = await OpenAIEndpoints.ReadJsonAsync(context.Request);
        twin.Note($"POST calls/{id}/{verb} {body?.ToJsonString()}");
        if (call is not { IsCall: true, Over.IsCompleted: false })
        {
            await OpenAIEndpoints.RefuseAsync(context, StatusCodes.Status404NotFound, "call_id_not_found", "There is no such call.");
            return;
        }

        var target = body?["target_uri"]?.GetValueKind();
        switch (verb)
        {
            case "hangup" when call.FailingHangUps > 0:
                call.FailingHangUps--;
                await OpenAIEndpoints.RefuseAsync(context, StatusCodes.Status500InternalServerError, null, "Try again.");
                break;
            case "hangup":
                await call.EndAsync("hangup", 1000, null);
                break;
            case "refer" when target is JsonValueKind.String:
                break;
            case "accept" or "reject" or "refer" or "fork":
                await OpenAIEndpoints.RefuseAsync(
                    context, StatusCodes.Status400BadRequest, "invalid_call",
                    twin.PlanOf(call.Model).Parrots ? $"OpenAI knows no telephone call of {call.Credential}." : "This is not a telephone call.");
                break;
            default:
                context.Response.StatusCode = StatusCodes.Status404NotFound;
                break;
        }
    }

    private static async Task AnswerAsync(OpenAITwin twin, HttpContext context, string sdp, string model, JsonObject settings, string credential)
    {
        var answer = await AnswerToAsync(twin, sdp, context.RequestAborted);
        var call = twin.Open(model, settings, isCall: true, credential);
        context.Response.StatusCode = StatusCodes.Status201Created;
        context.Response.Headers.Location = $"{OpenAITwin.Path}/calls/{call.Id}";
        context.Response.ContentType = "application/sdp";
        await context.Response.WriteAsync(answer);
        LeaveInTime(call, sdp, twin.Time);
    }

    /// <summary>The SDP that answers an offer.</summary>
    public static Task<string> AnswerToAsync(OpenAITwin twin, string sdp, CancellationToken cancellationToken) =>
        twin.MediaPeer is { } peer ? peer(sdp, cancellationToken) : Task.FromResult(Answer);

    /// <summary>Lets the end user leave when the offer says so.</summary>
    public static void LeaveInTime(VoiceSession call, string sdp, TimeProvider time)
    {
        if (LastsFor(sdp) is { } span)
            _ = LeaveAfterAsync(call, span, time);
    }

    /// <summary>An end user without media says in its offer how long it would have stayed.</summary>
    private static TimeSpan? LastsFor(string sdp)
    {
        const string Attribute = "a=x-simulator-lasts:";
        var line = sdp.Split('\n').FirstOrDefault(line => line.StartsWith(Attribute, StringComparison.Ordinal));
        return line is not null && double.TryParse(line.AsSpan(Attribute.Length).Trim(), out var seconds) && seconds is > 0 and < 3_600 ? TimeSpan.FromSeconds(seconds) : null;
    }

    private static async Task LeaveAfterAsync(VoiceSession call, TimeSpan span, TimeProvider time)
    {
        await Task.WhenAny(Task.Delay(span, time), call.Over);
        await call.LeaveAsync();
    }
}
