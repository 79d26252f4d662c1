using Orchestrator.Domain.Sessions;
using Orchestrator.Domain.Tenants;
using static Orchestrator.Domain.Sessions.CloseCode;

namespace Orchestrator.Tests.Tenants;

public class AccessPolicyTests
{
    private const string Shop = "https://shop.example";
    private static readonly DateTimeOffset Noon = new(2026, 1, 1, 12, 0, 0, TimeSpan.Zero);
    private static readonly Credential Key = new Credential.ApiKey(Guid.Empty);
    private static readonly Credential.ClientToken Token = new(
        Guid.Empty, Noon.AddMinutes(1), Models: null, Origins: null, MaxSessionDuration: null, Metadata: null);
    private static readonly AccessRequest Good = new(
        Key, KeyRevoked: false, TreeSuspended: false, Origin: null, Model: "mirage", ModelServed: true, ModelPriced: true, Noon);

    public static TheoryData<string, AccessRequest, CloseCode?> Table => new()
    {
        { "a key opens what is served and priced", Good,                                                                                        null },
        { "a key comes from any origin",           Good with { Origin = "https://elsewhere.example" },                                          null },
        { "a token opens as long as it lasts",     Good with { Credential = Token },                                                            null },
        { "a token lasts to the instant before",   Good with { Credential = Token with { ExpiresAt = Noon.AddTicks(1) } },                      null },
        { "a token of that model",                 Good with { Credential = Token with { Models = ["other", "mirage"] } },                      null },
        { "a token of that origin",                Good with { Credential = Token with { Origins = [Shop] }, Origin = Shop },                   null },
        { "a model's name may be 100 characters",  Good with { Model = new('m', 100) },                                                         null },

        { "no credential of ours",                 Good with { Credential = null },                                                             InvalidCredential },
        { "a revoked key",                         Good with { KeyRevoked = true },                                                             CredentialRevoked },
        { "a token of a revoked key",              Good with { Credential = Token, KeyRevoked = true },                                         CredentialRevoked },
        { "a token at its end",                    Good with { Credential = Token with { ExpiresAt = Noon } },                                  CredentialExpired },
        { "a suspended tree",                      Good with { TreeSuspended = true },                                                          TenantSuspended },
        { "another origin",                        Good with { Credential = Token with { Origins = [Shop] }, Origin = Shop + ":81" },           OriginNotAllowed },
        { "an origin in capitals",                 Good with { Credential = Token with { Origins = [Shop] }, Origin = "HTTPS://shop.example" }, OriginNotAllowed },
        { "no origin where one is asked for",      Good with { Credential = Token with { Origins = [Shop] } },                                  OriginNotAllowed },
        { "a token for no origin at all",          Good with { Credential = Token with { Origins = [] }, Origin = Shop },                       OriginNotAllowed },
        { "no model",                              Good with { Model = null },                                                                  InvalidRequest },
        { "an empty model",                        Good with { Model = "" },                                                                    InvalidRequest },
        { "a model's name of 101 characters",      Good with { Model = new('m', 101) },                                                         InvalidRequest },
        { "a model's name with a NUL",             Good with { Model = "mirage\0" },                                                            InvalidRequest },
        { "a key in place of a model",             Good with { Model = "ork_0123456789abcdefghij" },                                            InvalidRequest },
        { "a token of another model",              Good with { Credential = Token with { Models = ["other"] } },                                ModelNotAllowed },
        { "a token for no model at all",           Good with { Credential = Token with { Models = [] } },                                       ModelNotAllowed },
        { "a model that nobody serves",            Good with { ModelServed = false },                                                           ModelNotAllowed },
        { "a model without a price",               Good with { ModelPriced = false },                                                           ModelNotPriced },
    };

    [Theory, MemberData(nameof(Table))]
    public void Says_who_may_open_what(string sentence, AccessRequest request, CloseCode? refusal) =>
        Assert.True(refusal == AccessPolicy.Refusal(request), $"{sentence}: {AccessPolicy.Refusal(request)}");

    [Fact]
    public void Of_everything_that_is_wrong_the_credential_is_told_first_and_the_model_last()
    {
        var request = Good with
        {
            Credential = null, KeyRevoked = true, TreeSuspended = true, Origin = "https://elsewhere.example",
            Model = null, ModelServed = false, ModelPriced = false,
        };
        var told = new List<CloseCode?> { AccessPolicy.Refusal(request) };

        // One thing after the other is put right, in the order it is told.
        request = request with { Credential = Token with { ExpiresAt = Noon, Origins = [Shop], Models = ["other"] } };
        told.Add(AccessPolicy.Refusal(request));
        request = request with { KeyRevoked = false };
        told.Add(AccessPolicy.Refusal(request));
        request = request with { Credential = Token with { Origins = [Shop], Models = ["other"] } };
        told.Add(AccessPolicy.Refusal(request));
        request = request with { TreeSuspended = false };
        told.Add(AccessPolicy.Refusal(request));
        request = request with { Origin = Shop };
        told.Add(AccessPolicy.Refusal(request));
        request = request with { Model = "mirage" };
        told.Add(AccessPolicy.Refusal(request));
        request = request with { Credential = Token, ModelServed = true };
        told.Add(AccessPolicy.Refusal(request));

        Assert.Equal(
            [
                InvalidCredential, CredentialRevoked, CredentialExpired, TenantSuspended,
                OriginNotAllowed, InvalidRequest, ModelNotAllowed, ModelNotPriced,
            ],
            told);
    }
}
