using System.Net;
using System.Text.Json;
using Orchestrator.Simulator.Providers.OpenAI;
using Orchestrator.Tests.Scenarios.OpenAI;
using Orchestrator.Tests.Support;

namespace Orchestrator.Tests.Scenarios.OpenAILive;

/// <summary>Sessions of the Live API: a client posts its offer, media goes past us, and what is said is heard on attachments.</summary>
public class LiveScenarios(LiveWorld world) : IClassFixture<LiveWorld>
{
    private const long ToleranceMs = 250;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(15);

    [Fact]
    public async Task A_session_is_metered_by_our_clock_from_the_answer_to_the_hang_up()
    {
        var reseller = await world.NewTenantAsync();
        using var answer = await world.OfferAsync(reseller.Key, """{"model":"test-live-clock","voice":"marin"}""");
        var call = await world.TakeLiveAsync(answer, "test-live-clock");
        await world.SeesAsync(reseller, call.Session, "has generated a second", seen => seen.GetProperty("seconds").GetDecimal() > 1);

        await HangUpAsync(reseller, call);

        Assert.Equal("hangup", await call.Upstream.Over.WaitAsync(Patience));
        var (recorded, span) = (await world.RecordedMsAsync(reseller, call.Session), call.Upstream.Truth.SpanMilliseconds!.Value);
        Assert.InRange(recorded, span - ToleranceMs, span + ToleranceMs);
        Assert.Equal(call.Upstream.Id, (await world.SessionAsync(reseller, call.Session)).GetProperty("upstream").GetProperty("sessionId").GetString());
        Assert.Equal(world.Provider.ApiKey, call.Upstream.Credential);
        Assert.Contains("\"voice\":\"marin\"", call.Upstream.Settings, StringComparison.Ordinal);
        Assert.Equal(call.Session, answer.Headers.GetValues("X-Session-Id").Single());
    }

    [Fact]
    public async Task A_token_of_a_page_opens_a_session_and_does_nothing_to_it()
    {
        var reseller = await world.NewTenantAsync();
        var token = await world.MintAsync(reseller.Key);
        var call = await world.OpenLiveAsync(token, "test-live-token");

        using var hangUp = await world.TellLiveAsync(token, call.Id, "hangup");

        Assert.Equal((403, "token_not_allowed"), await OpenAIWorld.ErrorOfAsync(hangUp));
        Assert.False(call.Upstream.Over.IsCompleted);
        await HangUpAsync(reseller, call);
    }

    [Fact]
    public async Task Two_attachments_hear_the_same_and_one_that_comes_late_hears_what_came_before()
    {
        var reseller = await world.NewTenantAsync();
        var call = await world.OpenLiveAsync(reseller.Key, "test-live-attachments");
        await using var first = await world.AttachAsync(reseller.Key, call.Id);
        await first.ExpectAsync("session.started");

        await first.SendAsync("""{"type":"session.update","session":{"instructions":"be kind"}}""");
        await first.ExpectAsync("session.updated");
        await using var late = await world.AttachAsync(reseller.Key, call.Id);
        await late.ExpectAsync("session.updated");
        await late.SendAsync("""{"type":"session.start","event_id":"c2"}""");
        var error = await first.ExpectAsync("error");
        await late.ExpectAsync("error");

        Assert.Equal(first.All.Select(heard => heard.Text), late.All.Select(heard => heard.Text));
        Assert.Equal("session.started", late.All[0].Type);
        Assert.Equal("c2", JsonElement.Parse(error.Bytes).GetProperty("error").GetProperty("event_id").GetString());
        Assert.Single(call.Upstream.Connections);
        Assert.DoesNotContain(first.All, heard => heard.Text.Contains("\"sdp\"", StringComparison.Ordinal));

        await HangUpAsync(reseller, call);
        Assert.Equal((4002, 4002), ((await first.FarewellAsync()).Code, (await late.FarewellAsync()).Code));
    }

    [Fact]
    public async Task An_attachment_that_comes_too_late_for_the_first_event_hears_it_from_us_and_what_it_missed()
    {
        var reseller = await world.NewTenantAsync();
        var call = await world.OpenLiveAsync(reseller.Key, "test-live-late");
        await using var first = await world.AttachAsync(reseller.Key, call.Id);
        await first.ExpectAsync("session.started");
        for (var i = 0; i < 12; i++)
            await call.Upstream.SendAsync($$$"""{"type":"session.updated","session":{"id":"x","instructions":"{{{i}}} {{{new string('i', 8_000)}}}"}}""");
        while (!(await first.NextAsync()).Text.Contains("\"11 i", StringComparison.Ordinal))
            continue;

        await using var late = await world.AttachAsync(reseller.Key, call.Id);
        var (hello, missed) = (await late.NextAsync(), await late.NextAsync());

        var session = JsonElement.Parse(hello.Bytes).GetProperty("session");
        Assert.Equal(("session.started", call.Id, "test-live-late"), (hello.Type, session.GetProperty("id").GetString(), session.GetProperty("model").GetString()));
        Assert.Contains("\"code\":\"events_missed\"", missed.Text, StringComparison.Ordinal);
        await HangUpAsync(reseller, call);
    }

    [Theory]
    [InlineData("drop")]
    [InlineData("rotate")]
    public async Task Our_attachment_is_made_again_when_it_drops_and_the_session_goes_on(string how)
    {
        var reseller = await world.NewTenantAsync();
        world.Twin.Plan($"test-live-{how}", new RealtimePlan { EarlySidebands = 2, FailingHangUps = 1 });
        var call = await world.OpenLiveAsync(reseller.Key, $"test-live-{how}");
        await using var attached = await world.AttachAsync(reseller.Key, call.Id);
        await attached.ExpectAsync("session.started");

        if (how == "drop")
            call.Upstream.DropSidebands();
        else
            await call.Upstream.RotateAsync();
        await attached.ExpectAsync("session.started");
        await attached.SendAsync("""{"type":"session.update","session":{"instructions":"again"}}""");
        await attached.ExpectAsync("session.updated");

        Assert.Equal(2, call.Upstream.Connections.Count);
        Assert.Equal("generating", (await world.SessionAsync(reseller, call.Session)).GetProperty("phase").GetString());
        await HangUpAsync(reseller, call);
        Assert.Equal("hangup", await call.Upstream.Over.WaitAsync(Patience));
        Assert.Single((await world.SessionAsync(reseller, call.Session)).GetProperty("generations").EnumerateArray());
    }

    [Fact]
    public async Task A_session_that_is_closed_on_an_attachment_is_over_for_all()
    {
        var reseller = await world.NewTenantAsync();
        var call = await world.OpenLiveAsync(reseller.Key, "test-live-close");
        await using var attached = await world.AttachAsync(reseller.Key, call.Id);
        await attached.ExpectAsync("session.started");

        await attached.SendAsync("""{"type":"session.close"}""");

        await attached.ExpectAsync("session.closed");
        Assert.Equal("closed", await call.Upstream.Over.WaitAsync(Patience));
        Assert.Equal("completed", await world.EndOfAsync(reseller, call.Session));
        Assert.Equal(new Farewell(1000, "Session ended"), await attached.FarewellAsync());
        var span = call.Upstream.Truth.SpanMilliseconds!.Value;
        Assert.InRange(await world.RecordedMsAsync(reseller, call.Session), span - ToleranceMs, span + ToleranceMs);
        await AssertOverAsync(reseller, call);
    }

    [Fact]
    public async Task An_end_user_who_leaves_ends_the_session()
    {
        var reseller = await world.NewTenantAsync();
        var call = await world.OpenLiveAsync(reseller.Key, "test-live-gone");
        await Eventually.IsAsync("we are attached", () => Task.FromResult(call.Upstream.Connections.Count == 1));

        await call.Upstream.LeaveAsync();

        Assert.Equal("completed", await world.EndOfAsync(reseller, call.Session));
        var span = call.Upstream.Truth.SpanMilliseconds!.Value;
        Assert.InRange(await world.RecordedMsAsync(reseller, call.Session), span - ToleranceMs, span + ToleranceMs);
        await AssertOverAsync(reseller, call);
    }

    [Fact]
    public async Task The_providers_own_limit_ends_the_session_in_words_that_do_not_name_it()
    {
        var reseller = await world.NewTenantAsync();
        var call = await world.OpenLiveAsync(reseller.Key, "test-live-cap");
        await using var attached = await world.AttachAsync(reseller.Key, call.Id);
        await attached.ExpectAsync("session.started");

        await call.Upstream.ExpireAsync("OpenAI gives you an hour.");

        var error = JsonElement.Parse((await attached.ExpectAsync("error")).Bytes).GetProperty("error");
        Assert.Equal(("session_expired", "Session time is over"), (error.GetProperty("code").GetString(), error.GetProperty("message").GetString()));
        Assert.Equal("provider_timeout", await world.EndOfAsync(reseller, call.Session));
        Assert.Equal(new Farewell(1000, "Session time is over"), await attached.FarewellAsync());
        Assert.Contains(await world.TimelineAsync(reseller, call.Session), one => one.ToString().Contains("OpenAI gives you an hour.", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_duration_limit_and_a_tenant_hang_the_session_up()
    {
        var (limited, owner) = (await world.NewTenantAsync(maxSessionSeconds: 1), await world.NewTenantAsync());
        var (brief, deleted) = (await world.OpenLiveAsync(limited.Key, "test-live-limit"), await world.OpenLiveAsync(owner.Key, "test-live-delete"));
        using var http = world.Http(owner.Key);

        using var answer = await http.DeleteAsync($"/v1/sessions/{deleted.Session}");

        Assert.True(answer.IsSuccessStatusCode);
        Assert.Equal(("hangup", "hangup"), (await brief.Upstream.Over.WaitAsync(Patience), await deleted.Upstream.Over.WaitAsync(Patience)));
        Assert.Equal(
            ("duration_limit", "ended_by_tenant"), (await world.EndOfAsync(limited, brief.Session), await world.EndOfAsync(owner, deleted.Session)));
    }

    [Fact]
    public async Task What_a_session_is_told_is_passed_on()
    {
        var reseller = await world.NewTenantAsync();
        var call = await world.OpenLiveAsync(reseller.Key, "test-live-told");

        using var refer = await world.TellLiveAsync(reseller.Key, call.Id, "refer", """{"target_uri":"tel:+14155550123"}""");
        using var fork = await world.TellLiveAsync(reseller.Key, call.Id, "fork", "{}");

        Assert.Equal(HttpStatusCode.OK, refer.StatusCode);
        Assert.Equal((400, "invalid_call"), await OpenAIWorld.ErrorOfAsync(fork));
        Assert.Contains($$"""POST calls/{{call.Upstream.Id}}/refer {"target_uri":"tel:\u002B14155550123"}""", world.Twin.Asked);
        await HangUpAsync(reseller, call);
    }

    private async Task HangUpAsync(Reseller reseller, LiveCall call)
    {
        using var answer = await world.TellLiveAsync(reseller.Key, call.Id, "hangup");
        Assert.Equal((HttpStatusCode.OK, ""), (answer.StatusCode, await answer.Content.ReadAsStringAsync()));
        Assert.Equal("ended_by_tenant", await world.EndOfAsync(reseller, call.Session));
    }

    /// <summary>What is over is joined and told nothing any more; that it is to end once more is harmless.</summary>
    private async Task AssertOverAsync(Reseller reseller, LiveCall call)
    {
        using var http = world.Rest(reseller.Key);
        using var attached = await RawHttp.UpgradeAsync(http, $"/v1/live/sessions/{call.Id}/attach");
        using var told = await world.TellLiveAsync(reseller.Key, call.Id, "refer", "{}");
        using var hungUp = await world.TellLiveAsync(reseller.Key, call.Id, "hangup");
        Assert.Equal((404, 404, 200), ((int)attached.StatusCode, (int)told.StatusCode, (int)hungUp.StatusCode));
    }
}

/// <inheritdoc cref="LiveScenarios"/>
[Trait("Category", "Slow")]
public class LinkedLiveScenarios(LinkedLiveWorld world) : LiveScenarios(world), IClassFixture<LinkedLiveWorld>;
