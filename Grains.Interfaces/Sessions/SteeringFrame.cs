using System.Diagnostics.CodeAnalysis;

namespace Orchestrator.Grains.Interfaces.Sessions;

/// <summary>A text frame that the tenant's server sends to the provider.</summary>
/// <param name="Payload">The frame, in the provider's dialect.</param>
/// <param name="Actor">Who sends it, for the timeline: the id of a key.</param>
[SuppressMessage("Performance", "CA1819", Justification = "A frame's bytes; nobody writes to them.")]
public sealed record SteeringFrame(byte[] Payload, string Actor);
