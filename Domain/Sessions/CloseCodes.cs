using System.Collections.Frozen;
using static Orchestrator.Domain.Sessions.CloseCode;

namespace Orchestrator.Domain.Sessions;

/// <summary>What a close code tells the one who reads it.</summary>
public enum CloseAdvice
{
    /// <summary>4000-4099: the session ended as somebody meant it to.</summary>
    Ended,
    /// <summary>4100-4199: nothing is wrong with the client; it may connect again.</summary>
    ComeBack,
    /// <summary>4400-4499: the same request will be refused again.</summary>
    StayAway,
}

/// <summary>One line of the catalogue.</summary>
/// <param name="Code">The number.</param>
/// <param name="Name">Its stable name in the API, the ledger and the logs.</param>
/// <param name="Wire">What the client's socket is closed with, 1000-4999.</param>
/// <param name="Reason">Words for people, at most 123 bytes, without secrets or a provider's name.</param>
public sealed record CloseCodeEntry(CloseCode Code, string Name, int Wire, string Reason)
{
    /// <summary>The range's advice.</summary>
    public CloseAdvice Advice => (int)Code switch
    {
        < 4100 => CloseAdvice.Ended,
        < 4400 => CloseAdvice.ComeBack,
        _ => CloseAdvice.StayAway,
    };
}

/// <summary>
/// The one catalogue of close codes. The reasons of permanent refusals hold words on which published clients stop retrying
/// ("unauthorized", "not allowed", "permission denied", "invalid api key"): the text is part of the contract.
/// </summary>
public static class CloseCodes
{
    /// <summary>Every code, in the order of its number.</summary>
    public static IReadOnlyList<CloseCodeEntry> All { get; } =
    [
        new(ClientClosed,        "client_closed",        1000, "Session ended"),
        new(Completed,           "completed",            1000, "Session ended"),
        new(EndedByTenant,       "ended_by_tenant",      4002, "Session ended by its owner"),
        new(ClientLost,          "client_lost",          1000, "Session ended"),
        new(DurationLimit,       "duration_limit",       4004, "Session duration limit reached"),

        new(ServerShutdown,      "server_shutdown",      4100, "Server is restarting, please reconnect"),
        new(UpstreamLost,        "upstream_lost",        1011, "Connection to the model was lost"),
        new(UpstreamUnavailable, "upstream_unavailable", 4102, "Server unavailable, please try again later"),
        new(UpstreamFull,        "upstream_full",        1013, "Server at capacity, please try again later"),
        new(UpstreamClosed,      "upstream_closed",      1011, "Connection to the model was closed"),
        new(UpstreamStalled,     "upstream_stalled",     4105, "Connection to the model stalled"),
        new(ProviderError,       "provider_error",       1011, "The model reported an error"),
        new(ProviderTimeout,     "provider_timeout",     1000, "Session time is over"),
        new(ProviderRefused,     "provider_refused",     4108, "Server unavailable, please try again later"),
        new(SlowClient,          "slow_client",          4109, "Client reads too slowly"),
        new(IdleTimeout,         "idle_timeout",         4110, "Session was idle"),
        new(WaitLimit,           "wait_limit",           4111, "No capacity in time, please try again later"),
        new(StorageUnavailable,  "storage_unavailable",  4112, "Server unavailable, please try again later"),
        new(ServerBusy,          "server_busy",          4113, "Server at capacity, please try again later"),
        new(ProcessLost,         "process_lost",         4114, "Connection lost, please reconnect"),
        new(OwnershipLost,       "ownership_lost",       4115, "Connection lost, please reconnect"),
        new(InternalError,       "internal_error",       1011, "Internal error"),
        new(ProcessIsolated,     "process_isolated",     4117, "Connection lost, please reconnect"),

        new(InvalidCredential,   "invalid_credential",   4400, "Unauthorized: invalid API key"),
        new(CredentialExpired,   "credential_expired",   4401, "Unauthorized: token expired"),
        new(InsufficientCredits, "insufficient_credits", 4402, "Permission denied: insufficient credits"),
        new(OriginNotAllowed,    "origin_not_allowed",   4403, "Origin not allowed"),
        new(ModelNotAllowed,     "model_not_allowed",    4404, "Model not allowed"),
        new(TenantSuspended,     "tenant_suspended",     4405, "Permission denied: account suspended"),
        new(ConcurrencyExceeded, "concurrency_exceeded", 4406, "Concurrent session limit reached: another session is not allowed"),
        new(CredentialRevoked,   "credential_revoked",   4407, "Unauthorized: API key revoked"),
        new(MessageTooBig,       "message_too_big",      1009, "Message too big"),
        new(ModerationViolation, "moderation_violation", 4410, "Content not allowed"),
        new(ModelNotPriced,      "model_not_priced",     4411, "Model not allowed: it has no price for this account"),
        new(InvalidRequest,      "invalid_request",      4412, "Request not allowed: model is missing or malformed"),
        new(PolicyViolation,     "policy_violation",     4413, "Permission denied: not allowed by the policy of this account"),
        new(SessionUnknown,      "session_unknown",      4414, "Invalid session: there is none of that name to watch"),
    ];

    private static readonly FrozenDictionary<CloseCode, CloseCodeEntry> ByCode = All.ToFrozenDictionary(entry => entry.Code);

    private static readonly FrozenDictionary<string, CloseCodeEntry> ByName =
        All.ToFrozenDictionary(entry => entry.Name, StringComparer.Ordinal);

    /// <summary>The code's line. Throws for a number outside the catalogue.</summary>
    public static CloseCodeEntry Entry(this CloseCode code) => ByCode[code];

    /// <summary>
    /// The code whose close frame this is; null for the close of somebody else. A number of ours says it alone, since a tenant may
    /// have words of its own; those of everybody need the words too.
    /// </summary>
    public static CloseCode? OfWire(int? wire, string? reason) =>
        All.FirstOrDefault(entry => entry.Wire == wire && (wire >= 4000 || string.Equals(entry.Reason, reason, StringComparison.Ordinal)))?.Code;

    /// <summary>The code with this stable name, or null.</summary>
    public static CloseCode? Named(string name) => ByName.GetValueOrDefault(name)?.Code;
}
