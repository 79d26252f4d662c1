namespace Orchestrator.Grains.Hosting.InProcess;

/// <summary>
/// Whose life a scope belongs to, for services that a grain takes and that act on its behalf. Set only where there are any: it would
/// cost every other grain a few hundred bytes.
/// </summary>
internal sealed class LifeOfScope
{
    private IGrainLife? _life;

    /// <summary>The grain's life.</summary>
    public IGrainLife Life
    {
        get => _life ?? throw new InvalidOperationException("This scope is no grain's, or its grain keeps no documents.");
        set => _life = value;
    }
}
