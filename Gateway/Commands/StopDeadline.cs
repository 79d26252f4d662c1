namespace Orchestrator.Gateway.Commands;

/// <summary>
/// The instant at which a process that stops is gone, come what may. Kept by a thread of its own, since a pool on which
/// everything hangs is one of the things that may come.
/// </summary>
internal sealed class StopDeadline(TimeProvider time, Action end) : IDisposable
{
    private readonly Lock _gate = new();
    private readonly AutoResetEvent _changed = new(initialState: false);
    private long _setAt;
    private TimeSpan? _left;
    private Thread? _thread;
    private volatile bool _isOver;

    /// <summary>That far from now, unless it was nearer already.</summary>
    public void In(TimeSpan span)
    {
        lock (_gate)
        {
            if (_isOver || (Left is { } left && left <= span))
                return;
            (_setAt, _left) = (time.GetTimestamp(), span);
            if (_thread is null)
            {
                _thread = new Thread(Watch) { IsBackground = true, Name = "stop deadline" };
                _thread.Start();
            }

            _changed.Set();
        }
    }

    /// <summary>The process stops by itself.</summary>
    public void Dispose()
    {
        lock (_gate)
        {
            _isOver = true;
            _changed.Set();
        }

        _thread?.Join();
        _changed.Dispose();
    }

    private TimeSpan? Left => _left - time.GetElapsedTime(_setAt);

    private void Watch()
    {
        while (!_isOver)
        {
            TimeSpan left;
            lock (_gate)
                left = Left!.Value;
            if (left <= TimeSpan.Zero)
            {
                end();
                return;
            }

            _changed.WaitOne(left);
        }
    }
}
