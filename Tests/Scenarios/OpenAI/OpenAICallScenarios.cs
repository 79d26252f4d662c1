using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Orchestrator.Simulator.Providers.OpenAI;
using Orchestrator.Tests.Support;

namespace Orchestrator.Tests.Scenarios.OpenAI;

/// <summary>Calls: a client posts its offer, media goes past us, and we hear what is said on a sideband of our own.</summary>
public class OpenAICallScenarios(OpenAIWorld world) : IClassFixture<OpenAIWorld>
{
    private const long ToleranceMs = 250;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(15);

    [Fact]
    public async Task A_client_secret_opens_a_call_with_nothing_but_an_offer()
    {
        var reseller = await world.NewTenantAsync();
        using var http = world.Rest(reseller.Key);
        using var minted = await http.PostAsJsonAsync("/v1/realtime/client_secrets", new
        {
            expires_after = new { anchor = "created_at", seconds = 60 },
            session = new { type = "realtime", model = "test-voice-secret", instructions = new string('i', 3_000) },
        });
        var secret = JsonElement.Parse(await minted.Content.ReadAsByteArrayAsync());

        using var answer = await world.PostAsync(secret.GetProperty("value").GetString()!, session: null);
        var call = await world.TakeAsync(answer, "test-voice-secret");

        Assert.Equal("realtime.session", secret.GetProperty("session").GetProperty("object").GetString());
        Assert.InRange(secret.GetProperty("expires_at").GetInt64() - TimeProvider.System.GetUtcNow().ToUnixTimeSeconds(), 50, 61);
        Assert.Equal("application/sdp", answer.Content.Headers.ContentType?.MediaType);
        Assert.StartsWith("v=0\r\no=- 2", await answer.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        Assert.Contains("\"instructions\":\"iii", call.Upstream.Settings, StringComparison.Ordinal);
        Assert.Equal(world.Provider.ApiKey, call.Upstream.Credential);
        await world.PhaseAsync(reseller, call.Session, "generating");
        await HangUpAsync(reseller, call);
    }

    [Fact]
    public async Task A_call_is_metered_by_our_clock_from_the_answer_to_the_hang_up()
    {
        var reseller = await world.NewTenantAsync();
        var call = await world.CallAsync(reseller.Key, "test-voice-clock");
        await world.SeesAsync(reseller, call.Session, "has generated a second", seen => seen.GetProperty("seconds").GetDecimal() > 1);

        await HangUpAsync(reseller, call);

        Assert.Equal("hangup", await call.Upstream.Over.WaitAsync(Patience));
        var (recorded, span) = (await world.RecordedMsAsync(reseller, call.Session), call.Upstream.Truth.SpanMilliseconds!.Value);
        Assert.InRange(recorded, span - ToleranceMs, span + ToleranceMs);
        Assert.Equal(call.Upstream.Id, (await world.SessionAsync(reseller, call.Session)).GetProperty("upstream").GetProperty("sessionId").GetString());
        // Once more is harmless, and one that is over is still the tenant's.
        Assert.Equal(HttpStatusCode.OK, (await world.TellAsync(reseller.Key, call.Id, "hangup")).StatusCode);
    }

    [Fact]
    public async Task Two_sidebands_hear_the_same_and_one_that_comes_late_hears_what_came_before()
    {
        var reseller = await world.NewTenantAsync();
        var call = await world.CallAsync(reseller.Key, "test-voice-sidebands");
        await using var first = await world.JoinAsync(reseller.Key, call.Id);
        await first.ExpectAsync("session.created");

        await first.SendAsync("""{"type":"session.update","event_id":"c1","session":{"type":"realtime","instructions":"be kind"}}""");
        await first.ExpectAsync("session.updated");
        await first.SendAsync("""{"type":"response.create"}""");
        var done = await first.ExpectAsync("response.done");
        await using var late = await world.JoinAsync(reseller.Key, call.Id);
        await late.ExpectAsync("response.done");
        await late.SendAsync("""{"type":"no.such.event","event_id":"c2"}""");
        var error = await first.ExpectAsync("error");
        await late.ExpectAsync("error");

        Assert.Equal(first.All.Select(heard => heard.Text), late.All.Select(heard => heard.Text));
        Assert.Equal("session.created", late.All[0].Type);
        Assert.Equal("c2", JsonElement.Parse(error.Bytes).GetProperty("error").GetProperty("event_id").GetString());
        Assert.Equal(252 + 1, JsonElement.Parse(done.Bytes).GetProperty("response").GetProperty("usage").GetProperty("total_tokens").GetInt32());
        Assert.Single(call.Upstream.Connections);
        Assert.DoesNotContain(first.All, heard => heard.Text.Contains("\"answer\"", StringComparison.Ordinal) || heard.Text.Contains("\"sdp\"", StringComparison.Ordinal));

        await HangUpAsync(reseller, call);
        Assert.Equal((4002, 4002), ((await first.FarewellAsync()).Code, (await late.FarewellAsync()).Code));
    }

    [Fact]
    public async Task A_sideband_that_leaves_ends_nothing()
    {
        var reseller = await world.NewTenantAsync();
        var call = await world.CallAsync(reseller.Key, "test-voice-leaves");
        var sideband = await world.JoinAsync(reseller.Key, call.Id);
        await sideband.ExpectAsync("session.created");

        await sideband.CloseAsync();
        await sideband.DisposeAsync();

        await using var other = await world.JoinAsync(reseller.Key, call.Id);
        await other.ExpectAsync("session.created");
        Assert.False(call.Upstream.Over.IsCompleted);
        await HangUpAsync(reseller, call);
    }

    [Theory]
    [InlineData("drop")]
    [InlineData("rotate")]
    public async Task Our_sideband_is_attached_again_when_it_drops_and_the_call_goes_on(string how)
    {
        var reseller = await world.NewTenantAsync();
        var call = await world.CallAsync(reseller.Key, $"test-voice-{how}");
        await using var sideband = await world.JoinAsync(reseller.Key, call.Id);
        await sideband.ExpectAsync("session.created");

        if (how == "drop")
            call.Upstream.DropSidebands();
        else
            await call.Upstream.RotateAsync();
        await sideband.ExpectAsync("session.created");
        await sideband.SendAsync("""{"type":"response.create"}""");
        await sideband.ExpectAsync("response.done");

        Assert.Equal(2, call.Upstream.Connections.Count);
        Assert.Equal("generating", (await world.SessionAsync(reseller, call.Session)).GetProperty("phase").GetString());
        await HangUpAsync(reseller, call);
        Assert.Equal("hangup", await call.Upstream.Over.WaitAsync(Patience));
        Assert.Single((await world.SessionAsync(reseller, call.Session)).GetProperty("generations").EnumerateArray());
    }

    [Fact]
    public async Task A_provider_that_does_not_know_its_fresh_call_yet_is_asked_again()
    {
        var reseller = await world.NewTenantAsync();
        world.Twin.Plan("test-voice-early", new RealtimePlan { EarlySidebands = 4 });

        var call = await world.CallAsync(reseller.Key, "test-voice-early");
        await using var sideband = await world.JoinAsync(reseller.Key, call.Id);
        await sideband.ExpectAsync("session.created");

        await HangUpAsync(reseller, call);
    }

    [Fact]
    public async Task An_end_user_who_leaves_ends_the_session()
    {
        var reseller = await world.NewTenantAsync();
        var call = await world.CallAsync(reseller.Key, "test-voice-gone");
        await using var sideband = await world.JoinAsync(reseller.Key, call.Id);
        await sideband.ExpectAsync("session.created");

        await call.Upstream.LeaveAsync();

        Assert.Equal("completed", await world.EndOfAsync(reseller, call.Session));
        var span = call.Upstream.Truth.SpanMilliseconds!.Value;
        Assert.InRange(await world.RecordedMsAsync(reseller, call.Session), span - ToleranceMs, span + ToleranceMs);
        Assert.Equal(new Farewell(1000, "Session ended"), await sideband.FarewellAsync());
    }

    [Fact]
    public async Task The_providers_own_limit_ends_the_session_as_its_time_limit()
    {
        var reseller = await world.NewTenantAsync();
        var call = await world.CallAsync(reseller.Key, "test-voice-cap");
        await using var sideband = await world.JoinAsync(reseller.Key, call.Id);
        await sideband.ExpectAsync("session.created");

        await call.Upstream.ExpireAsync();

        Assert.Contains("session_expired", (await sideband.ExpectAsync("error")).Text, StringComparison.Ordinal);
        Assert.Equal("provider_timeout", await world.EndOfAsync(reseller, call.Session));
        Assert.Equal(1000, (await sideband.FarewellAsync()).Code);
    }

    [Fact]
    public async Task A_tenant_ends_a_call_as_any_session_and_a_hang_up_that_fails_is_repeated()
    {
        var reseller = await world.NewTenantAsync();
        world.Twin.Plan("test-voice-delete", new RealtimePlan { FailingHangUps = 2 });
        var call = await world.CallAsync(reseller.Key, "test-voice-delete");
        using var http = world.Http(reseller.Key);

        using var deleted = await http.DeleteAsync($"/v1/sessions/{call.Session}");

        Assert.True(deleted.IsSuccessStatusCode);
        Assert.Equal("hangup", await call.Upstream.Over.WaitAsync(Patience));
        Assert.Equal("ended_by_tenant", await world.EndOfAsync(reseller, call.Session));
    }

    [Fact]
    public async Task A_duration_limit_hangs_the_call_up()
    {
        var reseller = await world.NewTenantAsync(maxSessionSeconds: 1);
        var call = await world.CallAsync(reseller.Key, "test-voice-limit");

        Assert.Equal("hangup", await call.Upstream.Over.WaitAsync(Patience));
        Assert.Equal("duration_limit", await world.EndOfAsync(reseller, call.Session));
    }

    [Fact]
    public async Task What_telephone_calls_are_told_is_passed_on_for_our_own_calls()
    {
        var reseller = await world.NewTenantAsync();
        var call = await world.CallAsync(reseller.Key, "test-voice-sip");

        using var refer = await world.TellAsync(reseller.Key, call.Id, "refer", """{"target_uri":"tel:+14155550123"}""");
        using var accept = await world.TellAsync(reseller.Key, call.Id, "accept", """{"type":"realtime"}""");

        Assert.Equal(HttpStatusCode.OK, refer.StatusCode);
        Assert.Equal((400, "invalid_call"), await OpenAIWorld.ErrorOfAsync(accept));
        Assert.Contains($$"""POST calls/{{call.Upstream.Id}}/refer {"target_uri":"tel:\u002B14155550123"}""", world.Twin.Asked);
        await HangUpAsync(reseller, call);
    }

    private async Task HangUpAsync(Reseller reseller, VoiceCall call)
    {
        using var answer = await world.TellAsync(reseller.Key, call.Id, "hangup");
        Assert.Equal((HttpStatusCode.OK, ""), (answer.StatusCode, await answer.Content.ReadAsStringAsync()));
        Assert.Equal("ended_by_tenant", await world.EndOfAsync(reseller, call.Session));
    }
}

/// <inheritdoc cref="OpenAICallScenarios"/>
[Trait("Category", "Slow")]
public class LinkedOpenAICallScenarios(LinkedOpenAIWorld world) : OpenAICallScenarios(world), IClassFixture<LinkedOpenAIWorld>;
