#pragma warning disable CA1001, CA1822, CS0169, IDE0051, IDE0052, MA0158, RS0030, VSTHRD103 // Each breaks a rule on purpose.
using Orchestrator.Grains.Hosting;

namespace Orchestrator.Tests.Hosting;

/// <summary>Grains that each break one rule, for the scan to find.</summary>
public static class RuleBreakers
{
    public class LeavesForThePool
    {
        public Task CallAsync() => Task.Run(() => { });
    }

    public class LeavesForThePoolInAClosure
    {
        public Task CallAsync(int number) => new Func<Task<int>>(() => Task.Run(() => number))();
    }

    public class TakesAResult
    {
        public int Call(Task<int> task) => task.Result;
    }

    public class Waits
    {
        public void Call(Task task) => task.Wait();
    }

    public class WaitsByItsAwaiter
    {
        public void Call(Task task) => task.GetAwaiter().GetResult();
    }

    public class WaitsByItsAwaiterBesideAnAwait
    {
        public async Task<int> CallAsync(Task<int> task)
        {
            await Task.Yield();
            return task.GetAwaiter().GetResult() + await task;
        }
    }

    public class Sleeps
    {
        public void Call() => Thread.Sleep(1);
    }

    public class LeavesTheContext
    {
        public async Task CallAsync(Task task) => await task.ConfigureAwait(false);
    }

    public class LeavesTheContextOfAValueTask
    {
        public async Task<int> CallAsync(ValueTask<int> task) => await task.ConfigureAwait(false);
    }

    public class KeepsAmbientState
    {
        private readonly AsyncLocal<int> _here = new();
    }

    public class KeepsThreadState
    {
        [ThreadStatic] private static int _here;
    }

    public class Locks
    {
        private readonly Lock _gate = new();

        public int Call()
        {
            lock (_gate)
                return 1;
        }
    }

    public class LocksOnAnObject
    {
        private readonly object _gate = new();

        public async Task CallAsync()
        {
            await Task.Yield();
            lock (_gate)
                GC.KeepAlive(this);
        }
    }

    public class StartsATimer
    {
        public IDisposable Call() => new Timer(_ => { }, null, 1, 1);
    }

    public class StartsATimerOfTheClock
    {
        public IDisposable Call(TimeProvider time) => time.CreateTimer(_ => { }, null, TimeSpan.Zero, TimeSpan.Zero);
    }

    public class Loops
    {
        public async Task CallAsync()
        {
            using var timer = new PeriodicTimer(TimeSpan.FromSeconds(1));
            await timer.WaitForNextTickAsync();
        }
    }

    public class Registers
    {
        public IDisposable Call(CancellationToken cancellationToken) => cancellationToken.Register(() => { });
    }

    public class WaitsForAWhile
    {
        public Task CallAsync() => Task.Delay(1);
    }

    public class StartsWorkBesideItsTurn
    {
        public void Call() => _ = Background.RunAsync(() => Task.CompletedTask);
    }

    public class CatchesTheSubclass
    {
        public async Task CallAsync(Task task)
        {
            try
            {
                await task;
            }
            catch (TaskCanceledException)
            {
                GC.KeepAlive(this);
            }
        }
    }

    public abstract class LocksInItsBase : Locks;

    public class Inherits : LocksInItsBase;
}
