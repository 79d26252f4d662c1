namespace Orchestrator.Grains.Providers;

/// <summary>Keeps secrets of tenants in rows that anybody with the database may read.</summary>
public interface ISecretBox
{
    /// <summary>As it may be stored.</summary>
    string Protect(Secret secret);

    /// <summary>What was stored; null when it was protected by another installation or was changed.</summary>
    Secret? Unprotect(string stored);
}
