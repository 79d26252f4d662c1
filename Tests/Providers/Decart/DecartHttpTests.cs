using System.Text;
using Microsoft.AspNetCore.Http;

namespace Orchestrator.Tests.Providers.Decart;

/// <summary>Our adapter to providers of dialect C: frames of dialect A to the bodies of the protocol's page, and what is answered to frames.</summary>
public sealed class DecartHttpTests : IAsyncLifetime
{
    private const string Sessions = "/v1/realtime/sessions";
    private const string Session = Sessions + "/9f1c";
    private const string Candidate =
        """{"type":"ice-candidate","candidate":{"candidate":"candidate:1 1 udp 2122260223 192.0.2.5 54321 typ host","sdpMid":"0","sdpMLineIndex":0}}""";

    private static readonly string[] Asks = Lines("c.client");
    private static readonly string[] Answers = Lines("c.upstream");
    private static readonly string Offer = Lines("a.client")[0];
    private static readonly string Image = Lines("a.client").First(line => line.Contains("\"set_image\"", StringComparison.Ordinal));

    private HttpProvider _provider = null!;
    private FarEnd _relay = null!;
    private int _turns;

    public async Task InitializeAsync()
    {
        _provider = await HttpProvider.StartAsync();
        _provider.Answer = AnswerAsync;
        _relay = _provider.Open();
    }

    public async Task DisposeAsync()
    {
        _relay.Abort();
        await _provider.DisposeAsync();
    }

    [Fact]
    public async Task Every_request_of_the_page_is_made_to_the_byte()
    {
        await SayAsync(Offer, Candidate, """{"type":"ice-candidate","candidate":null}""", """{"type":"prompt","prompt":"as a statue","enhance_prompt":false}""");
        await SayAsync(Image, $"{Image[..^1]},\"prompt\":\"as a statue\"}}");
        await HearAsync("set_image_ack");
        await HearAsync("set_image_ack");
        await _relay.CloseAsync();
        await _relay.ReadToEndAsync();

        Assert.Equal(
        [
            $"POST {Sessions}  {Asks[0]}", $"PATCH {Session} \"t0\" {Asks[2]}", $"PATCH {Session} \"t1\" {Asks[3]}",
            $"POST {Session}/prompt  {Asks[4]}", $"POST {Session}/image  {Asks[5]}", $"POST {Session}/image  {Asks[6]}", $"DELETE {Session}",
        ], _provider.Asked.Where(asked => !asked.StartsWith("GET", StringComparison.Ordinal)));
        Assert.True(_provider.WasKeyThere);
        Assert.Equal(1000, _relay.CloseCode);
    }

    [Fact]
    public async Task What_a_client_wants_to_begin_with_is_in_the_first_request_and_acknowledged_before()
    {
        await SayAsync($"{Image[..^1]},\"prompt\":\"as a statue\",\"enhance_prompt\":true}}");
        Assert.Equal("""{"type":"set_image_ack","success":true,"error":null}""", await NextAsync());
        Assert.Empty(_provider.Asked);
        await SayAsync(Candidate, Offer);
        await HearAsync("answer");
        await SayAsync(Image);
        await HearAsync("set_image_ack");

        Assert.Equal($"POST {Sessions}  {Asks[1]}", _provider.Asked[0]);
        // Candidates have no place before the session has one.
        Assert.Contains($"PATCH {Session} \"t0\" {Asks[2]}", _provider.Asked);
    }

    [Fact]
    public async Task The_answer_and_the_events_are_frames_of_dialect_A()
    {
        await SayAsync(Offer);

        Assert.Equal("""{"type":"session_id","session_id":"9f1c","server_ip":"","server_port":0}""", await NextAsync());
        Assert.Equal("""{"type":"turn_config","urls":["stun:stun.example:3478"]}""", await NextAsync());
        Assert.Equal(Lines("a.upstream").First(line => line.Contains("\"answer\"", StringComparison.Ordinal)), await NextAsync());
        Assert.Equal($$"""{"type":"ice-candidate","candidate":{{Answers[1]}}}""", await NextAsync());
        Assert.Equal("""{"type":"ice-candidate","candidate":null}""", await NextAsync());
        Assert.Equal("""{"type":"error","error":"content policy"}""", await NextAsync());
    }

    [Fact]
    public async Task What_is_not_taken_is_acknowledged_as_such_with_the_providers_words()
    {
        await SayAsync(Offer);
        await HearAsync("answer");
        _provider.Answer = context => HttpProvider.WriteAsync(context, StatusCodes.Status422UnprocessableEntity, Answers[3], type: "application/problem+json");
        await SayAsync("""{"type":"prompt","prompt":"paper cutout world"}""", Image);

        Assert.Equal("""{"type":"prompt_ack","prompt":"paper cutout world","success":false,"error":"content policy"}""", await HearAsync("prompt_ack"));
        Assert.Equal("""{"type":"set_image_ack","success":false,"error":"content policy"}""", await HearAsync("set_image_ack"));

        _provider.Answer = context =>
        {
            context.Abort();
            return Task.CompletedTask;
        };
        await SayAsync("""{"type":"prompt","prompt":"again"}""");
        Assert.Equal("""{"type":"prompt_ack","prompt":"again","success":false,"error":"The model did not take the request."}""", await HearAsync("prompt_ack"));
    }

    [Fact]
    public async Task A_tag_that_is_stale_is_replaced_by_the_one_that_the_refusal_names_once()
    {
        await SayAsync(Offer);
        await HearAsync("answer");
        _provider.Answer = context => HttpProvider.WriteAsync(context, StatusCodes.Status412PreconditionFailed, """{"title":"stale"}""", "\"newer\"");
        await SayAsync(Candidate, """{"type":"prompt","prompt":"x"}""");
        await HearAsync("prompt_ack");

        Assert.Equal(["\"t0\"", "\"newer\""], _provider.Asked.Where(asked => asked.StartsWith("PATCH", StringComparison.Ordinal)).Select(asked => asked.Split(' ')[2]));
    }

    [Theory]
    [InlineData(422, """{"title":"Unprocessable","detail":"Insufficient credits","status":422}""", "Insufficient credits", 1008)]
    [InlineData(401, """{"title":"Unauthorized"}""", "Unauthorized", 1008)]
    [InlineData(429, "", "The model did not take the request.", 1013)]
    [InlineData(503, "<html>", "The model did not take the request.", 1013)]
    [InlineData(500, "[]", "The model did not take the request.", 1011)]
    [InlineData(201, "{}", "The model did not take the request.", 1011)]
    [InlineData(201, """{"session_id":7,"sdp":{"sdp":"v=0"}}""", "The model did not take the request.", 1011)]
    [InlineData(201, """{"session_id":"x","sdp":"v=0"}""", "The model did not take the request.", 1011)]
    public async Task An_offer_that_opens_no_session_is_answered_as_a_socket_would_be(int status, string body, string words, int close)
    {
        _provider.Answer = context => HttpProvider.WriteAsync(context, status, body);

        await SayAsync(Offer);

        Assert.Equal($$"""{"type":"error","error":"{{words}}"}""", await NextAsync());
        await _relay.ReadToEndAsync();
        Assert.Equal(close, _relay.CloseCode);
        Assert.Single(_provider.Asked);
    }

    [Fact]
    public async Task A_place_at_another_server_gets_no_request_of_ours()
    {
        _provider.Answer = context =>
        {
            if (context.Request.Path == Sessions)
                context.Response.Headers.Location = "http://127.0.0.2:1/elsewhere";
            return AnswerAsync(context);
        };

        await SayAsync(Offer, Candidate, """{"type":"prompt","prompt":"x"}""");
        Assert.Contains("\"success\":true", await HearAsync("prompt_ack"), StringComparison.Ordinal);

        Assert.Contains(_provider.Asked, asked => asked.StartsWith($"PATCH {Session} ", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_second_offer_and_a_room_are_declined_and_what_nobody_knows_goes_nowhere()
    {
        await SayAsync(Offer);
        await HearAsync("answer");
        await SayAsync("""{"type":"mystery"}""", "nonsense", Offer, """{"type":"livekit_join"}""");

        Assert.Contains("Media is offered once", await HearAsync("error", but: "content policy"), StringComparison.Ordinal);
        Assert.Contains("has no rooms", await HearAsync("error"), StringComparison.Ordinal);
        Assert.Single(_provider.Asked, asked => asked.StartsWith("POST", StringComparison.Ordinal));
    }

    [Fact]
    public async Task What_an_offer_opened_after_its_client_had_left_is_ended()
    {
        var (arrived, go) = (new TaskCompletionSource(), new TaskCompletionSource());
        _provider.Answer = async context =>
        {
            if (context.Request.Path == Sessions)
            {
                arrived.TrySetResult();
                await go.Task;
            }

            await AnswerAsync(context);
        };

        await SayAsync(Offer);
        await arrived.Task.WaitAsync(TimeSpan.FromSeconds(15));
        await _relay.CloseAsync();
        go.SetResult();
        await _relay.ReadToEndAsync();

        Assert.Equal([$"POST {Sessions}  {Asks[0]}", $"DELETE {Session}"], _provider.Asked);
    }

    /// <summary>The answers of the page; the address of the events is its own.</summary>
    private Task AnswerAsync(HttpContext context) => (context.Request.Method, context.Request.Path.Value) switch
    {
        ("POST", Sessions)              => HttpProvider.WriteAsync(
            context, 201, Answers[0].Replace("https://media.example", $"http://{context.Request.Host}", StringComparison.Ordinal), "\"t0\""),
        ("PATCH", Session)              => HttpProvider.WriteAsync(context, 204, "", $"\"t{++_turns}\""),
        ("POST", _)                     => HttpProvider.WriteAsync(context, 200, """{"success":true}"""),
        ("DELETE", Session)             => HttpProvider.WriteAsync(context, 200, Answers[5]),
        ("GET", Session + "/events")    => EventsAsync(context),
        _                               => HttpProvider.WriteAsync(context, 404, "{}"),
    };

    private static async Task EventsAsync(HttpContext context)
    {
        Assert.Equal("?event_token=evt_1", context.Request.QueryString.Value);
        var events = $"event: ice-candidate\ndata: {Answers[1]}\n\nevent: ice-candidate\ndata: {Answers[2]}\n\nevent: error\ndata: {Answers[3]}\n\n";
        await HttpProvider.WriteAsync(context, 200, events, type: "text/event-stream");
        await context.Response.Body.FlushAsync();
        var left = new TaskCompletionSource();
        await using var _ = context.RequestAborted.Register(left.SetResult);
        await left.Task;
    }

    private async Task SayAsync(params string[] frames)
    {
        foreach (var frame in frames)
            await _relay.SendAsync(Encoding.UTF8.GetBytes(frame));
    }

    private async Task<string> NextAsync() =>
        Encoding.UTF8.GetString((await _relay.ReadAsync() ?? throw new InvalidOperationException($"The adapter closed with {_relay.CloseCode}.")).Payload);

    /// <summary>Reads on to a frame of that type; one that holds <paramref name="but"/> does not count.</summary>
    private async Task<string> HearAsync(string type, string but = "\0")
    {
        while (true)
        {
            var frame = await NextAsync();
            if (frame.StartsWith($"{{\"type\":\"{type}\"", StringComparison.Ordinal) && !frame.Contains(but, StringComparison.Ordinal))
                return frame;
        }
    }

    private static string[] Lines(string name) =>
        [.. GoldenFrames.Files.Single(file => file.ToString() == $"decart/{name}").Frames.Select(frame => Encoding.UTF8.GetString(frame))];
}
