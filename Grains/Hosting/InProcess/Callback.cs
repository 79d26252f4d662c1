using Orchestrator.Grains.Interfaces.Hosting;

namespace Orchestrator.Grains.Hosting.InProcess;

/// <summary>Runs the calls on a shared target one at a time, until its owner deletes it.</summary>
internal sealed class CallbackMailbox(object target) : Mailbox
{
    private volatile bool _gone;

    /// <summary>Answers "gone" to what waits and to all that comes.</summary>
    public void Delete()
    {
        _gone = true;
        Close();
    }

    /// <inheritdoc/>
    protected override Task RunAsync(MailboxItem item)
    {
        if (!_gone)
            return item.RunAsync(target);

        item.Fail(new CallbackGoneException());
        return Task.CompletedTask;
    }
}

/// <inheritdoc/>
internal sealed class Callback<T>(T reference, CallbackMailbox mailbox) : ICallback<T> where T : class
{
    /// <inheritdoc/>
    public T Reference => reference;

    /// <inheritdoc/>
    public void Dispose() => mailbox.Delete();
}
