using FsCheck;
using FsCheck.Fluent;
using Orchestrator.Domain.Tenants;
using Orchestrator.Tests.Support;

namespace Orchestrator.Tests.Tenants;

public class ConcurrencyPolicyTests
{
    private static readonly TenantId[] Tenants = [.. Enumerable.Range(1, 6).Select(number => new TenantId(new Guid(number, 0, 0, new byte[8])))];

    /// <summary>Two resellers under one root; the first has two customers, the second one.</summary>
    private static readonly TenantId Root = Tenants[0], First = Tenants[1], Second = Tenants[2], Ann = Tenants[3], Bob = Tenants[4], Cy = Tenants[5];

    private static readonly IReadOnlyList<TenantId> OfAnn = [Root, First, Ann], OfBob = [Root, First, Bob], OfCy = [Root, Second, Cy];

    public static TheoryData<string, IReadOnlyList<TenantId>[], ConcurrencyLimit[], bool[]> Table => new()
    {
        // sentence                           requests               limits                                               admitted
        { "nothing asked",                    [],                    [new(Ann, 0, 1)],                                    [] },
        { "no limits",                        [OfAnn, OfAnn],        [],                                                  [true, true] },
        { "one place for one",                [OfAnn],               [new(Ann, 0, 1)],                                    [true] },
        { "one place for two",                [OfAnn, OfAnn],        [new(Ann, 0, 1)],                                    [true, false] },
        { "the last place",                   [OfAnn, OfAnn],        [new(Ann, 4, 5)],                                    [true, false] },
        { "full",                             [OfAnn],               [new(Ann, 5, 5)],                                    [false] },
        { "a limit lowered below what lives", [OfAnn],               [new(Ann, 9, 5)],                                    [false] },
        { "none allowed",                     [OfAnn],               [new(Ann, 0, 0)],                                    [false] },
        { "a sibling's limit is not mine",    [OfBob],               [new(Ann, 5, 5)],                                    [true] },
        { "the reseller's limit is shared",   [OfAnn, OfBob, OfAnn], [new(First, 0, 2)],                                  [true, true, false] },
        { "the root's limit is everybody's",  [OfAnn, OfCy, OfBob],  [new(Root, 0, 2)],                                   [true, true, false] },
        { "every level counts",               [OfAnn, OfBob],        [new(Root, 0, 9), new(First, 0, 9), new(Ann, 1, 1)], [false, true] },
        { "who is refused takes no place",    [OfAnn, OfBob, OfCy],  [new(Ann, 1, 1), new(Root, 0, 2)],                   [false, true, true] },
        { "first come, first served",         [OfBob, OfAnn, OfBob], [new(First, 0, 1)],                                  [true, false, false] },
        { "a path without tenants",           [[]],                  [new(Ann, 5, 5)],                                    [true] },
    };

    [Theory, MemberData(nameof(Table))]
    public void Admits_who_fits_under_every_limit_above(string sentence, IReadOnlyList<TenantId>[] requests, ConcurrencyLimit[] limits, bool[] admitted) =>
        Assert.True(admitted.SequenceEqual(ConcurrencyPolicy.Admit(requests, limits)), sentence);

    [Fact]
    public void No_level_ever_gets_more_than_its_room() =>
        Laws.Hold(Batches(), batch =>
        {
            var admitted = ConcurrencyPolicy.Admit(batch.Requests, batch.Limits);

            Assert.Equal(batch.Requests.Length, admitted.Length);
            Assert.All(batch.Limits, limit =>
                Assert.InRange(Taken(batch, admitted, limit.Tenant, before: admitted.Length), 0, Math.Max(0, limit.Limit - limit.Live)));
        });

    [Fact]
    public void Who_comes_first_is_refused_only_when_a_limit_above_is_full_already() =>
        Laws.Hold(Batches(), batch =>
        {
            var admitted = ConcurrencyPolicy.Admit(batch.Requests, batch.Limits);

            Assert.All(Enumerable.Range(0, admitted.Length), i =>
            {
                var limits = batch.Limits.Where(limit => batch.Requests[i].Contains(limit.Tenant));
                var fits = limits.All(limit => limit.Live + Taken(batch, admitted, limit.Tenant, before: i) < limit.Limit);
                Assert.Equal(fits, admitted[i]);
            });
        });

    private sealed record Batch(IReadOnlyList<TenantId>[] Requests, ConcurrencyLimit[] Limits);

    private static int Taken(Batch batch, bool[] admitted, TenantId tenant, int before) =>
        batch.Requests.Take(before).Where((path, i) => admitted[i] && path.Contains(tenant)).Count();

    private static Arbitrary<Batch> Batches()
    {
        var requests = Samples.SequencesOf(Gen.Elements(OfAnn, OfBob, OfCy, [Root, First], [Root]), max: 12);
        var limits = Samples.SequencesOf(
            from tenant in Gen.Elements(Tenants)
            from live in Gen.Choose(0, 5)
            from limit in Gen.Choose(0, 10)
            select new ConcurrencyLimit(tenant, live, limit),
            max: 8);

        return requests.Zip(limits).Convert(
            sample => new Batch(sample.Item1, [.. sample.Item2.DistinctBy(limit => limit.Tenant)]), batch => (batch.Requests, batch.Limits));
    }
}
