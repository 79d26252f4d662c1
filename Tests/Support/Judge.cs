using System.Collections.Concurrent;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace Orchestrator.Tests.Support;

/// <summary>A webhook that judges prompts, well or otherwise: how is said by the path that it is asked on.</summary>
internal sealed class Judge : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly TaskCompletionSource _released = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly CancellationTokenSource _gone = new();
    private int _underWay;
    private int _most;

    private Judge()
    {
        var builder = WebApplication.CreateEmptyBuilder(new());
        builder.WebHost.UseKestrelCore().UseUrls("http://127.0.0.1:0");
        builder.Services.AddRoutingCore();
        _app = builder.Build();
        _app.MapPost("/{how}", (RequestDelegate)AnswerAsync);
    }

    /// <summary>What it was asked.</summary>
    public ConcurrentQueue<(string Signature, byte[] Body)> Asked { get; } = new();

    /// <summary>How many questions were under way at once, at most.</summary>
    public int Most => _most;

    public static async Task<Judge> StartAsync()
    {
        var judge = new Judge();
        await judge._app.StartAsync();
        return judge;
    }

    /// <summary>Where it answers like that.</summary>
    public string At(string how) => new Uri(new Uri(_app.Urls.First()), how).ToString();

    /// <summary>Lets those who wait for it have their answer.</summary>
    public void Release() => _released.TrySetResult();

    public async ValueTask DisposeAsync()
    {
        await _gone.CancelAsync();
        await _app.DisposeAsync();
        _gone.Dispose();
    }

    private async Task AnswerAsync(HttpContext context)
    {
        using var body = new MemoryStream();
        await context.Request.Body.CopyToAsync(body);
        var now = Interlocked.Increment(ref _underWay);
        InterlockedMax(now);
        Asked.Enqueue((context.Request.Headers["Orchestrator-Signature"].ToString(), body.ToArray()));
        try
        {
            await PlayAsync(context, (string)context.Request.RouteValues["how"]!, Encoding.UTF8.GetString(body.ToArray()));
        }
        catch (OperationCanceledException)
        {
            // Who asked has given up, or the test is over.
        }
        finally
        {
            Interlocked.Decrement(ref _underWay);
        }
    }

    private async Task PlayAsync(HttpContext context, string how, string asked)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(_gone.Token, context.RequestAborted);
        switch (how)
        {
            case "allow":
                await JsonAsync(context, """{"allow":true}""");
                break;
            case "strict": // a word that no identifier in hexadecimal can hold
                await JsonAsync(context, asked.Contains("rude", StringComparison.Ordinal) ? """{"allow":false,"reason":"No rude words, please"}""" : """{"allow":true,"more":1}""");
                break;
            case "held":
                await _released.Task.WaitAsync(either.Token);
                await JsonAsync(context, """{"allow":true}""");
                break;
            case "never":
                await new TaskCompletionSource().Task.WaitAsync(either.Token);
                break;
            case "html":
                context.Response.ContentType = "text/html";
                await context.Response.WriteAsync("""{"allow":true}""");
                break;
            case "garbage":
                await JsonAsync(context, """{"allow":"yes"}""");
                break;
            case "twice":
                await JsonAsync(context, """{"allow":true,"allow":false}""");
                break;
            case "huge":
                await JsonAsync(context, $$"""{"allow":true,"reason":"{{new string('x', 1 << 20)}}"}""");
                break;
            case "redirect":
                context.Response.StatusCode = 307;
                context.Response.Headers.Location = "/allow";
                break;
            case "drip":
                context.Response.ContentType = "application/json";
                using (var slowly = new PeriodicTimer(TimeSpan.FromMilliseconds(50)))
                {
                    while (await slowly.WaitForNextTickAsync(either.Token))
                    {
                        await context.Response.WriteAsync(" ", either.Token);
                        await context.Response.Body.FlushAsync(either.Token);
                    }
                }

                break;
            case "cut":
                context.Abort();
                break;
            default:
                context.Response.StatusCode = 500;
                break;
        }
    }

    private static Task JsonAsync(HttpContext context, string body)
    {
        context.Response.ContentType = "application/json";
        return context.Response.WriteAsync(body);
    }

    private void InterlockedMax(int value)
    {
        for (var known = _most; value > known; known = _most)
            Interlocked.CompareExchange(ref _most, value, known);
    }
}
