using System.Text.Json;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;
using Orchestrator.Simulator.Scripts;
using Orchestrator.Simulator.Stripe.Events;
using Orchestrator.Simulator.Stripe.Oracles;

namespace Orchestrator.Simulator.Stripe.Control;

/// <summary>How another process seeds, steers and asks the fake Stripe. Open to whoever reaches the port. README.md shows the shapes.</summary>
internal static class StripeControlApi
{
    private const int DefaultLimit = 1_000;
    private const int MaxLimit = 20_000;

    public static void MapStripeControl(this IEndpointRouteBuilder routes, FakeStripe stripe)
    {
        var control = routes.MapGroup("/control/stripe").AddEndpointFilter(SayWhatIsWrongAsync);
        MapQuestions(control, stripe);
        MapSeeds(control, stripe);
        MapClockAndBehaviour(control, stripe);
        MapEvents(control, stripe);
    }

    private static void MapQuestions(RouteGroupBuilder control, FakeStripe stripe)
    {
        control.MapGet("", () => TypedResults.Ok(StripeView.Of(stripe)));
        control.MapGet("/sums", ([FromQuery(Name = "by_day")] bool? byDay) => TypedResults.Ok(stripe.Sums(byDay is true)));
        control.MapGet("/events", (long? after, int? limit, string? account) =>
        {
            var events = stripe.ReadEvents(after ?? 0, Bounded(limit), account);
            return TypedResults.Ok(new Page<MeterEventView>(events, events.Count == 0 ? after ?? 0 : events[^1].Number));
        });
        control.MapGet("/requests", (long? after, int? limit) =>
        {
            var requests = stripe.ReadRequests(after ?? 0, Bounded(limit));
            return TypedResults.Ok(new Page<StripeRequest>(requests, requests.Count == 0 ? after ?? 0 : requests[^1].Number));
        });
    }

    private static void MapSeeds(RouteGroupBuilder control, FakeStripe stripe)
    {
        control.MapPost("/accounts", (HttpRequest request) => DoAsync<AccountSeed>(request, seed => seed.Apply(stripe)));
        control.MapPost("/meters", async (HttpRequest request) =>
        {
            var seed = await ReadAsync<MeterSeed>(request);
            return TypedResults.Ok(new { id = stripe.AddMeter(seed.EventName, seed.Account, seed.Formula, seed.Window) });
        });
        control.MapPost("/customers", (HttpRequest request) => DoAsync<CustomerSeed>(request, seed => stripe.AddCustomer(seed.Id, seed.Account)));
    }

    private static void MapClockAndBehaviour(RouteGroupBuilder control, FakeStripe stripe)
    {
        control.MapPut("/clock", (HttpRequest request) => DoAsync<ClockChange>(request, change => change.Apply(stripe.Clock)));
        control.MapPut("/settings", (HttpRequest request) => DoAsync<StripeSettings>(request, settings => stripe.Settings = settings));
        control.MapGet("/faults", () => TypedResults.Ok(stripe.Faults.Rules));
        control.MapPost("/faults", (HttpRequest request) => DoAsync<FaultSeed>(request, seed => seed.Apply(stripe.Faults)));
        control.MapDelete("/faults", () =>
        {
            stripe.Faults.Clear();
            return TypedResults.NoContent();
        });
    }

    private static void MapEvents(RouteGroupBuilder control, FakeStripe stripe)
    {
        control.MapPost("/failures", async Task<Results<NoContent, NotFound>> (HttpRequest request) =>
        {
            var seed = await ReadAsync<FailureSeed>(request);
            return stripe.Fail(seed.Identifier, seed.Code, seed.Account) ? TypedResults.NoContent() : TypedResults.NotFound();
        });
        control.MapPost("/reports", () => TypedResults.Ok(stripe.ReportErrors()));
        control.MapPut("/webhooks", (HttpRequest request) => DoAsync<WebhookDestination[]>(request, destinations => stripe.Webhooks.Destinations = destinations));
        control.MapPost("/webhooks/events", async (HttpRequest request) =>
        {
            var seed = await ReadAsync<EventSeed>(request);
            return TypedResults.Ok(new { id = stripe.Webhooks.Publish(seed.Type, seed.Snapshot, seed.Account) });
        });
        control.MapPost("/webhooks/deliveries", async (HttpRequest request) =>
        {
            var order = await ReadAsync<DeliveryOrder>(request);
            return TypedResults.Ok(await stripe.Webhooks.DeliverAsync(order.EventIds ?? stripe.Webhooks.Pending, request.HttpContext.RequestAborted));
        });
    }

    private static async Task<NoContent> DoAsync<T>(HttpRequest request, Action<T> apply)
    {
        apply(await ReadAsync<T>(request));
        return TypedResults.NoContent();
    }

    private static async Task<T> ReadAsync<T>(HttpRequest request) =>
        await JsonSerializer.DeserializeAsync<T>(request.Body, ScriptJson.Options, request.HttpContext.RequestAborted) ?? throw new JsonException("null is nothing to go by.");

    /// <summary>Bad JSON and names of nothing are the caller's mistake, and told in words.</summary>
    private static async ValueTask<object?> SayWhatIsWrongAsync(EndpointFilterInvocationContext context, EndpointFilterDelegate next)
    {
        try
        {
            return await next(context);
        }
        catch (Exception exception) when (exception is JsonException or ArgumentException)
        {
            return TypedResults.Problem(exception.Message, statusCode: StatusCodes.Status400BadRequest, title: "This cannot be done");
        }
    }

    private static int Bounded(int? limit) => Math.Clamp(limit ?? DefaultLimit, 1, MaxLimit);
}
