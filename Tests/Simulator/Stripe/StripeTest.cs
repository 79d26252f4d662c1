using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Orchestrator.Simulator;
using Orchestrator.Simulator.Stripe;
using Orchestrator.Simulator.Stripe.Contract;
using Orchestrator.Tests.Support;

namespace Orchestrator.Tests.Simulator.Stripe;

/// <summary>
/// One fake Stripe with the meter <c>gen_seconds</c>, the customers <c>cus_1</c> and <c>cus_2</c>, and a clock that stands
/// still at noon of the first day of 2026.
/// </summary>
public abstract class StripeTest : IAsyncLifetime
{
    protected const string Events = "/v1/billing/meter_events";
    private static readonly HttpClient Http = new() { Timeout = TimeSpan.FromSeconds(20) };
    private ProviderSimulator _simulator = null!;

    protected static DateTimeOffset Noon { get; } = new(2026, 1, 1, 12, 0, 0, TimeSpan.Zero);

    protected TestTimeProvider Time { get; } = new();
    protected FakeStripe Stripe => _simulator.Stripe;
    protected Uri Address => _simulator.Address;
    protected string MeterId { get; private set; } = "";

    protected virtual StripeOptions Options => new();

    public async Task InitializeAsync()
    {
        _simulator = await ProviderSimulator.StartAsync(new() { TimeProvider = Time, Stripe = Options });
        MeterId = Stripe.AddMeter("gen_seconds");
        Stripe.AddCustomer("cus_1");
        Stripe.AddCustomer("cus_2");
    }

    public async Task DisposeAsync() => await _simulator.DisposeAsync();

    protected static long Unix(DateTimeOffset at) => at.ToUnixTimeSeconds();

    protected static string Form(string identifier, string value = "12", string customer = "cus_1", DateTimeOffset? at = null, string eventName = "gen_seconds") =>
        $"event_name={eventName}&identifier={Uri.EscapeDataString(identifier)}&payload[stripe_customer_id]={customer}&payload[value]={value}&timestamp={Unix(at ?? Noon)}";

    protected Task<StripeReply> SendEventAsync(
        string identifier, string value = "12", string customer = "cus_1", DateTimeOffset? at = null, string? key = null, string? account = null) =>
        PostAsync(Events, Form(identifier, value, customer, at), key ?? identifier, account);

    protected Task<StripeReply> PostAsync(string path, string form, string? key = null, string? account = null) =>
        SendAsync(HttpMethod.Post, path, new StringContent(form, Encoding.UTF8, "application/x-www-form-urlencoded"), key, account);

    protected Task<StripeReply> PostJsonAsync(string path, string json, string? key = null) =>
        SendAsync(HttpMethod.Post, path, new StringContent(json, Encoding.UTF8, "application/json"), key);

    protected Task<StripeReply> GetAsync(string path, string? account = null) => SendAsync(HttpMethod.Get, path, account: account);

    protected async Task<StripeReply> SendAsync(
        HttpMethod method, string path, HttpContent? content = null, string? key = null, string? account = null,
        string apiKey = StripeOptions.DefaultKey, string? version = "2026-09-30.endive")
    {
        using var request = new HttpRequestMessage(method, new Uri(Address, path)) { Content = content };
        if (apiKey.Length > 0)
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", apiKey);
        if (version is not null)
            request.Headers.Add("Stripe-Version", version);
        if (key is not null)
            request.Headers.TryAddWithoutValidation("Idempotency-Key", key);
        if (account is not null)
            request.Headers.Add("Stripe-Account", account);

        using var response = await Http.SendAsync(request);
        var reply = new StripeReply(
            (int)response.StatusCode, await response.Content.ReadAsStringAsync(), response.Headers.ToDictionary(one => one.Key, one => string.Join(',', one.Value)));
        Fits(method.Method, path, reply);
        return reply;
    }

    /// <summary>The steering of another process.</summary>
    protected async Task<JsonElement> ControlAsync(HttpMethod method, string path, string? json = null)
    {
        using var request = new HttpRequestMessage(method, new Uri(Address, $"/control/stripe{path}")) { Content = json is null ? null : new StringContent(json) };
        using var response = await Http.SendAsync(request);
        var text = await response.Content.ReadAsStringAsync();
        Assert.True(response.IsSuccessStatusCode, $"{method} {path}: {(int)response.StatusCode} {text}");
        return text.Length == 0 ? default : JsonSerializer.Deserialize<JsonElement>(text);
    }

    /// <summary>Whatever is answered has the shape that Stripe's description gives it.</summary>
    private static void Fits(string method, string path, StripeReply reply)
    {
        var contract = StripeContract.Instance;
        var isV2 = path.StartsWith("/v2", StringComparison.Ordinal);
        var schema = reply.Status == 200 ? contract.Find(method, path.Split('?')[0])!.Value.Operation.Response : isV2 ? new Schema() : contract.Schemas["error"];
        Assert.Null(new ContractCheck(contract, isForm: false).Check(JsonNode.Parse(reply.Text), schema));
    }
}

/// <summary>An answer of the fake.</summary>
public sealed record StripeReply(int Status, string Text, IReadOnlyDictionary<string, string> Headers)
{
    public JsonElement Json { get; } = JsonSerializer.Deserialize<JsonElement>(Text);

    public string? Error(string member) => Json.TryGetProperty("error", out var error) && error.TryGetProperty(member, out var value) ? value.GetString() : null;

    public string? Header(string name) => Headers.GetValueOrDefault(name);

    /// <summary>Values of the summaries in a list.</summary>
    public decimal[] Values => [.. Json.GetProperty("data").EnumerateArray().Select(one => one.GetProperty("aggregated_value").GetDecimal())];
}
