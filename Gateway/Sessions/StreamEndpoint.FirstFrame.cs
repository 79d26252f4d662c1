using System.Net.WebSockets;
using Orchestrator.Domain.Sessions;
using Orchestrator.Gateway.Tenants;
using Orchestrator.Grains.Providers;

namespace Orchestrator.Gateway.Sessions;

/// <summary>
/// Clients whose credential comes in their first frame: the socket is accepted before it is known whose it is. From the moment that
/// is known they are served as all others; what they named stays here.
/// </summary>
internal sealed partial class StreamEndpoint
{
    private async Task HandleUnknownAsync(HttpContext context, IDialect dialect, ICredentialFrame form)
    {
        using var place = firstFrames.TryEnter(Source.AddressOf(context));
        if (place is null)
        {
            await Problems.TooManyUnknown(context).ExecuteAsync(context);
            return;
        }

        // There is no session yet that the upgrade could name.
        using var socket = await AcceptAsync(context, dialect);
        // Step 2: authenticate.
        var first = await firstFrames.ReadAsync(socket, form);
        if (first.Credential is not { } credential)
        {
            metrics.SessionRefused(CloseCode.InvalidCredential);
            await RefusedClient.TellAsync(socket, words: [], first.Close, time, first.Reading);
            return;
        }

        var identity = await access.IdentifyAsync(credential, context.RequestAborted);
        var model = ModelOf(context, dialect);
        var source = Source.Of(context, credential);
        if (WhyRefused(context, dialect, identity, model) is { } refused)
        {
            await RefuseAsync(context, socket, dialect, form, refused, source);
        }
        else if (drain.IsDraining)
        {
            await RefusedClient.TellAsync(socket, dialect, CloseCode.ServerShutdown, time, await words.OfAsync(context));
        }
        else if (throttle.IsFlooding(source))
        {
            await RefusedClient.TellAsync(socket, dialect, CloseCode.ServerBusy, time, await words.OfAsync(context));
        }
        else
        {
            place.Dispose();
            await RelayAsync(context, dialect, identity.Caller!, model, credential, source, _ => Task.FromResult(socket));
        }
    }

    private async Task RefuseAsync(
        HttpContext context, WebSocket socket, IDialect dialect, ICredentialFrame form, CloseCode code, Source source)
    {
        metrics.SessionRefused(code);
        // Who is refused again and again gets no farewell: its socket is cut.
        if (!throttle.TryBePolite(source))
            return;
        var isBadCredential = code is CloseCode.InvalidCredential or CloseCode.CredentialExpired or CloseCode.CredentialRevoked;
        var own = await words.OfAsync(context);
        await RefusedClient.TellAsync(socket, own.In(dialect.Refusal(code), code), isBadCredential ? form.Refusal : own.CloseFor(code), time);
    }

    private string ModelOf(HttpContext context, IDialect dialect) =>
        context.Request.Query["model"] is [{ Length: > 0 } named, ..] ? named
        : dialect.Leg is { ModelIsOptional: true } ? providers.UsualModel(dialect.Name) ?? ""
        : "";
}
