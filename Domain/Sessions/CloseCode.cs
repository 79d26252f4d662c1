namespace Orchestrator.Domain.Sessions;

/// <summary>
/// Why a session ended: the number for programs, recorded on the session and, where no provider or client close travels
/// instead, sent on the wire. The range is the advice: 4000-4099 ended as meant, 4100-4199 come back, 4400-4499 stay away.
/// Words, wire code and advice of each stand in <see cref="CloseCodes"/>. A number is never used again for another meaning.
/// </summary>
public enum CloseCode
{
    /// <summary>The client closed its socket in good order.</summary>
    ClientClosed = 4000,
    /// <summary>The provider ended the generation and closed.</summary>
    Completed = 4001,
    /// <summary>The tenant ended the session through the API.</summary>
    EndedByTenant = 4002,
    /// <summary>The client vanished without a close frame, or broke the protocol.</summary>
    ClientLost = 4003,
    /// <summary>The session reached the duration that its token or tenant allows.</summary>
    DurationLimit = 4004,

    /// <summary>This process is going away; another will take the next connection.</summary>
    ServerShutdown = 4100,
    /// <summary>The provider's socket went away while a generation was open, without saying that it ended.</summary>
    UpstreamLost = 4101,
    /// <summary>The provider could not be reached.</summary>
    UpstreamUnavailable = 4102,
    /// <summary>The provider has no capacity: it said so, or closed with 1013.</summary>
    UpstreamFull = 4103,
    /// <summary>The provider closed before anything was generated.</summary>
    UpstreamClosed = 4104,
    /// <summary>The provider took no bytes for too long.</summary>
    UpstreamStalled = 4105,
    /// <summary>The provider ended the generation for an error of its own.</summary>
    ProviderError = 4106,
    /// <summary>The provider stopped the generation at its own time limit.</summary>
    ProviderTimeout = 4107,
    /// <summary>The provider refused our own account: its credit, key or model. Operators should look.</summary>
    ProviderRefused = 4108,
    /// <summary>The client took no bytes for too long.</summary>
    SlowClient = 4109,
    /// <summary>Nothing travelled in either direction for too long.</summary>
    IdleTimeout = 4110,
    /// <summary>The node did not become ready in time.</summary>
    WaitLimit = 4111,
    /// <summary>The session could not be recorded, so it was not opened.</summary>
    StorageUnavailable = 4112,
    /// <summary>This process holds as many sessions as it may.</summary>
    ServerBusy = 4113,
    /// <summary>The process that owned the session was lost; another one closed the books.</summary>
    ProcessLost = 4114,
    /// <summary>Another process has taken this session; nothing here may touch it any more.</summary>
    OwnershipLost = 4115,
    /// <summary>A broken promise on our side.</summary>
    InternalError = 4116,
    /// <summary>This process could not reach the database while others could, and let go of its sessions before they were taken.</summary>
    ProcessIsolated = 4117,

    /// <summary>No such API key or client token.</summary>
    InvalidCredential = 4400,
    /// <summary>The client token is past its time.</summary>
    CredentialExpired = 4401,
    /// <summary>The credit is spent.</summary>
    InsufficientCredits = 4402,
    /// <summary>The credential does not allow this origin.</summary>
    OriginNotAllowed = 4403,
    /// <summary>There is no such model, or the credential does not allow it.</summary>
    ModelNotAllowed = 4404,
    /// <summary>The tenant, or one above it, is suspended.</summary>
    TenantSuspended = 4405,
    /// <summary>The tenant, or one above it, has as many live sessions as it may.</summary>
    ConcurrencyExceeded = 4406,
    /// <summary>The API key, or the one that minted the client token, was revoked.</summary>
    CredentialRevoked = 4407,
    /// <summary>A message was larger than this endpoint takes.</summary>
    MessageTooBig = 4409,
    /// <summary>The provider stopped the generation for its content.</summary>
    ModerationViolation = 4410,
    /// <summary>The model has no price for this tenant, and nothing is sold without one.</summary>
    ModelNotPriced = 4411,
    /// <summary>The request lacks what a session needs, such as its model.</summary>
    InvalidRequest = 4412,
    /// <summary>The policy of the account does not let the session be, or go on: a locked setting was changed, or the policy that its token names is gone.</summary>
    PolicyViolation = 4413,
    /// <summary>There is no such session, or it is over, or it is somebody else's: to who asks that is the same.</summary>
    SessionUnknown = 4414,
}
