using System.Runtime.InteropServices;
using Microsoft.Extensions.Options;
using Orchestrator.Grains.Processes;

namespace Orchestrator.Gateway.Commands;

/// <summary>
/// Serves until somebody asks the process to stop, and sees to it that it does. The first signal drains it; a second one ends
/// the grace that sessions have; a third cuts those that are still ending. Whatever hangs then, in our code or in another's,
/// is ended with the process.
/// </summary>
internal static class UntilStopped
{
    /// <summary>The program's exit code when it had to be ended with something still under way.</summary>
    public const int HungUp = 70;

    /// <summary>Runs the application, and disposes of it.</summary>
    public static async Task ServeAsync(WebApplication app, CancellationToken cancellationToken)
    {
        var drain = app.Services.GetRequiredService<Drain>();
        var times = app.Services.GetRequiredService<IOptions<ProcessOptions>>().Value;
        var stopping = app.Services.GetRequiredService<IHostApplicationLifetime>().ApplicationStopping;
        using var deadline = new StopDeadline(app.Services.GetRequiredService<TimeProvider>(), End);
        // Before the host begins to stop anything, so that nobody is let in meanwhile.
        await using var asked = stopping.Register(() =>
        {
            drain.Begin();
            deadline.In(times.StopsWithin);
        });

        // What of the grace nobody needed is not the rest's to hang in.
        _ = drain.GraceOver.ContinueWith(
            _ => deadline.In(times.DrainTimeout + times.StopTimeout), CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);

        var signals = 0;
        using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Asked);
        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Asked);
        await app.RunAsync(cancellationToken);

        void Asked(PosixSignalContext signal)
        {
            signal.Cancel = true;
            // The first one is the host's to answer, which registered for it too.
            var count = Interlocked.Increment(ref signals);
            if (count == 1)
                return;
            drain.Hasten();
            deadline.In(count == 2 ? times.DrainTimeout + times.StopTimeout : times.StopTimeout);
        }

        void End()
        {
            Console.Error.WriteLine("orchestrator: something did not come to its end in time; the process is ended with it, and others finish its sessions.");
            Environment.Exit(HungUp);
        }
    }
}
