using System.Text.Json;
using Orchestrator.Simulator.Scripts;
using Orchestrator.Simulator.Stripe.Events;
using Orchestrator.Simulator.Stripe.Oracles;

namespace Orchestrator.Simulator.Stripe.Control;

/// <summary>
/// How another process seeds, steers and asks the fake Stripe. Open to whoever reaches the port. README.md shows the shapes.
/// Plain request delegates: every test starts a simulator, and bound parameters cost each start their compilation.
/// </summary>
internal static class StripeControlApi
{
    private const int DefaultLimit = 1_000;
    private const int MaxLimit = 20_000;

    public static void MapStripeControl(this IEndpointRouteBuilder routes, FakeStripe stripe)
    {
        var control = routes.MapGroup("/control/stripe");
        MapQuestions(control, stripe);
        MapSeeds(control, stripe);
        MapBehaviour(control, stripe);
        MapEvents(control, stripe);
    }

    private static void MapQuestions(RouteGroupBuilder control, FakeStripe stripe)
    {
        control.On("GET", "", _ => StripeView.Of(stripe));
        control.On("GET", "/sums", request => stripe.Sums(request.Query["by_day"] == "true"));
        control.On("GET", "/events", request =>
        {
            var after = Number(request, "after", 0);
            var events = stripe.ReadEvents(after, Limit(request), request.Query["account"] is [{ } account] ? account : null);
            return new Page<MeterEventView>(events, events.Count == 0 ? after : events[^1].Number);
        });
        control.On("GET", "/requests", request =>
        {
            var after = Number(request, "after", 0);
            var requests = stripe.ReadRequests(after, Limit(request));
            return new Page<StripeRequest>(requests, requests.Count == 0 ? after : requests[^1].Number);
        });
    }

    private static void MapSeeds(RouteGroupBuilder control, FakeStripe stripe)
    {
        control.On<AccountSeed>("POST", "/accounts", seed => seed.Apply(stripe));
        control.On<CustomerSeed>("POST", "/customers", seed => stripe.AddCustomer(seed.Id, seed.Account));
        control.On<MeterSeed>("POST", "/meters", seed => new Made(stripe.AddMeter(seed.EventName, seed.Account, seed.Formula, seed.Window)));
    }

    private static void MapBehaviour(RouteGroupBuilder control, FakeStripe stripe)
    {
        control.On<ClockChange>("PUT", "/clock", change => change.Apply(stripe.Clock));
        control.On<StripeSettings>("PUT", "/settings", settings => stripe.Settings = settings);
        control.On("GET", "/faults", _ => stripe.Faults.Rules);
        control.On<FaultSeed>("POST", "/faults", seed => seed.Apply(stripe.Faults));
        control.On("DELETE", "/faults", _ =>
        {
            stripe.Faults.Clear();
            return null;
        });
    }

    private static void MapEvents(RouteGroupBuilder control, FakeStripe stripe)
    {
        control.On<FailureSeed>("POST", "/failures", seed => seed.Apply(stripe));
        control.On("POST", "/reports", _ => stripe.ReportErrors());
        control.On<WebhookDestination[]>("PUT", "/webhooks", destinations => stripe.Webhooks.Destinations = destinations);
        control.On<EventSeed>("POST", "/webhooks/events", seed => new Made(stripe.Webhooks.Publish(seed.Type, seed.Snapshot, seed.Account)));
        control.Route("POST", "/webhooks/deliveries", async request =>
        {
            var order = await ReadAsync<DeliveryOrder>(request);
            return await stripe.Webhooks.DeliverAsync(order.EventIds ?? stripe.Webhooks.Pending, request.HttpContext.RequestAborted);
        });
    }

    private static void On(this RouteGroupBuilder control, string method, string path, Func<HttpRequest, object?> answer) =>
        control.Route(method, path, request => Task.FromResult(answer(request)));

    private static void On<TBody>(this RouteGroupBuilder control, string method, string path, Action<TBody> act) =>
        control.On<TBody>(method, path, body =>
        {
            act(body);
            return null;
        });

    private static void On<TBody>(this RouteGroupBuilder control, string method, string path, Func<TBody, object?> answer) =>
        control.Route(method, path, async request => answer(await ReadAsync<TBody>(request)));

    /// <summary>200 with an answer, 204 without; bad JSON and names of nothing are the caller's mistake, and told in words.</summary>
    private static void Route(this RouteGroupBuilder control, string method, string path, Func<HttpRequest, Task<object?>> answer) =>
        control.MapMethods(path, [method], (RequestDelegate)(async context =>
        {
            IResult result;
            try
            {
                result = await answer(context.Request) is { } body ? Results.Json(body, ScriptJson.Options) : Results.NoContent();
            }
            catch (Exception exception) when (exception is JsonException or ArgumentException)
            {
                result = Results.Problem(exception.Message, statusCode: StatusCodes.Status400BadRequest, title: "This cannot be done");
            }

            await result.ExecuteAsync(context);
        }));

    private static async Task<T> ReadAsync<T>(HttpRequest request) =>
        await JsonSerializer.DeserializeAsync<T>(request.Body, ScriptJson.Options, request.HttpContext.RequestAborted) ?? throw new JsonException("null is nothing to go by.");

    private static int Limit(HttpRequest request) => (int)Math.Clamp(Number(request, "limit", DefaultLimit), 1, MaxLimit);

    private static long Number(HttpRequest request, string name, long otherwise) => request.Query[name] is not [{ } text] ? otherwise
        : long.TryParse(text, out var number) ? number
        : throw new ArgumentException($"{name} is no number: {text}", nameof(name));
}
