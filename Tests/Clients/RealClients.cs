using Orchestrator.Tests.Support;

namespace Orchestrator.Tests.Clients;

/// <summary>Where the client libraries are installed.</summary>
internal static class RealClients
{
    /// <summary>Bridge, pages and packages; scripts/real-clients fills it.</summary>
    public static string Folder { get; } = Path.Combine(Checkout.Folder, "Tests", "Clients", "js");
}
