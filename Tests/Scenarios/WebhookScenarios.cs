using System.Net;
using System.Security.Cryptography;
using System.Text;
using Orchestrator.Tests.Support;

namespace Orchestrator.Tests.Scenarios;

/// <summary>A gateway that knows what Stripe signs with.</summary>
public sealed class WebhookWorld : World
{
    /// <summary>The secret.</summary>
    public const string Secret = "whsec_of_this_test_alone";

    /// <inheritdoc/>
    protected override IReadOnlyDictionary<string, string> GatewaySettings =>
        new Dictionary<string, string> { ["Stripe:WebhookSecrets:0"] = "whsec_the_old_one", ["Stripe:WebhookSecrets:1"] = Secret };
}

/// <summary>Notifications of Stripe as they arrive: signed, repeated, of kinds nobody knows, too long, too many.</summary>
public sealed class WebhookScenarios(WebhookWorld world) : IClassFixture<WebhookWorld>
{
    [Fact]
    public async Task Invariant_26_a_notification_counts_once_however_often_it_comes_and_unknown_kinds_are_thanked_for()
    {
        var (known, unknown) = (
            """{"id":"evt_twice","type":"v1.billing.meter.no_meter_found"}""",
            """{"id":"evt_other","object":"event","type":"invoice.paid","data":{"object":{}}}""");

        for (var i = 0; i < 2; i++)
        {
            Assert.Equal(HttpStatusCode.NoContent, await PostAsync(known));
            Assert.Equal(HttpStatusCode.NoContent, await PostAsync(unknown));
        }

        Assert.Equal(["evt_other true", "evt_twice false"], await world.Database.ListAsync<string>(
            "SELECT format('%s %s', id, (due_at IS NULL AND attempts = 0)::text) FROM webhook_event WHERE id IN ('evt_twice', 'evt_other') ORDER BY id"));
    }

    [Theory]
    [InlineData(-301, HttpStatusCode.BadRequest)]
    [InlineData(330, HttpStatusCode.BadRequest)]
    [InlineData(-250, HttpStatusCode.NoContent)]
    public async Task A_signature_is_of_now(int secondsAhead, HttpStatusCode status) =>
        Assert.Equal(status, await PostAsync("""{"id":"evt_time","type":"invoice.paid"}""", secondsAhead));

    [Fact]
    public async Task More_than_stripe_ever_sends_is_not_read()
    {
        Assert.Equal(HttpStatusCode.NoContent, await PostAsync($$"""{"id":"evt_long","type":"invoice.paid","x":"{{new string('x', 200_000)}}"}"""));
        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, await PostAsync($$"""{"id":"evt_longer","type":"invoice.paid","x":"{{new string('x', 300_000)}}"}"""));
    }

    private async Task<HttpStatusCode> PostAsync(string body, int secondsAhead = 0)
    {
        using var http = WatchedHttp.At(world.Gateway.Address);
        using var content = new StringContent(body);
        var at = TimeProvider.System.GetUtcNow().ToUnixTimeSeconds() + secondsAhead;
        var signature = HMACSHA256.HashData(Encoding.UTF8.GetBytes(WebhookWorld.Secret), Encoding.UTF8.GetBytes($"{at}.{body}"));
        content.Headers.Add("Stripe-Signature", $"t={at},v1={Convert.ToHexStringLower(signature)}");
        using var answer = await http.PostAsync("/v1/webhooks/stripe", content);
        return answer.StatusCode;
    }
}
