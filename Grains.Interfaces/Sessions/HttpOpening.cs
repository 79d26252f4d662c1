namespace Orchestrator.Grains.Interfaces.Sessions;

/// <summary>What a session remembers of the request that opened it over HTTP, so that any process can judge those that follow.</summary>
/// <param name="Opener">What its credential is known by: a hash, never the credential itself.</param>
/// <param name="Form">In which form the client asks, such as <c>whip</c>.</param>
/// <param name="Tag">The entity tag of its ICE generation.</param>
/// <param name="Ufrag">The name of that generation, if the offer has one.</param>
/// <param name="Silence">How long the client may give no sign of life; null where the form has none to give.</param>
public sealed record HttpOpening(string Opener, string Form, string Tag, string? Ufrag, TimeSpan? Silence);
