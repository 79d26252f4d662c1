using Orchestrator.Domain.Billing.Reconciliation;
using Orchestrator.Domain.Sessions;

namespace Orchestrator.Tests.Billing.Reconciliation;

/// <summary>Faults seeded between real books and the fake Stripe: each is found, and nothing else is.</summary>
[Trait("Category", "Slow")]
public sealed class SeededFaultTests
{
    private static readonly FindingKind[] Faults = [FindingKind.Missing, FindingKind.Extra, FindingKind.WrongCustomer, FindingKind.WrongDay];

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(5)]
    [InlineData(6)]
    public async Task Invariant_24_each_seeded_fault_is_found_clean_data_has_none_and_nothing_is_written(int seed)
    {
        var random = new Random(seed);
        var world = new ReconciliationWorld();
        try
        {
            await world.InitializeAsync();
            await FillAsync(world, random);
            var before = await world.FingerprintAsync();

            var clean = await world.ReconcileAsync();
            var expected = await SeedAsync(world, random);
            var report = await world.ReconcileAsync();

            Assert.True(clean.IsClean, $"seed {seed}: clean data has {string.Join("; ", clean.Findings)}");
            Assert.Equal(expected.Select(fault => $"{fault.Kind} {fault.Seconds}").Order(), report.Findings.Select(finding => $"{finding.Kind} {finding.Amount:0}").Order());
            Assert.All(expected.Where(fault => fault.Session is not null), fault => Assert.Contains(
                report.Findings.Single(finding => finding.Amount == fault.Seconds).Sources, source => source.Session == new SessionId(fault.Session!.Value)));
            Assert.Equal(before, await world.FingerprintAsync());
            Assert.Empty(world.Stripe.ContractViolations);
        }
        finally
        {
            await world.DisposeAsync();
        }
    }

    private static async Task FillAsync(ReconciliationWorld world, Random random)
    {
        var customers = new List<Billed>();
        foreach (var name in new[] { "cus_a", "cus_b", "cus_c" })
            customers.Add(await world.AddBilledAsync(name));
        // Distinct amounts, or one mistake could be told as another of the same size.
        var amounts = Enumerable.Range(20, 400).OrderBy(_ => random.Next()).Take(30).ToList();
        for (var i = 0; i < amounts.Count; i++)
            await world.RecordAsync(customers[i % customers.Count].Tenant, world.Now.AddDays(-32 + i).AddSeconds(random.Next(40_000)), amounts[i]);
        await world.ExportAsync();
    }

    private static async Task<List<(FindingKind Kind, long Seconds, Guid? Session)>> SeedAsync(ReconciliationWorld world, Random random)
    {
        var sent = (await world.SentAsync()).OrderBy(_ => random.Next()).Take(random.Next(1, 9)).ToList();
        var expected = new List<(FindingKind, long, Guid?)>();
        foreach (var one in sent)
        {
            var fault = Faults[random.Next(Faults.Length)];
            var extra = 1_000 + expected.Count;
            switch (fault)
            {
                case FindingKind.Extra:
                    await world.CountAsync(one.Customer, extra, one.At.AddMinutes(random.Next(-30, 30)));
                    break;
                case FindingKind.WrongCustomer:
                    await world.CountAsync(one.Customer == "cus_a" ? "cus_b" : "cus_a", one.Value, one.At);
                    break;
                case FindingKind.WrongDay:
                    await world.CountAsync(one.Customer, one.Value, one.At.AddDays(-1));
                    break;
            }

            if (fault is not FindingKind.Extra)
                Assert.True(world.Stripe.Fail(one.Identifier));
            expected.Add(fault is FindingKind.Extra ? (fault, extra, null) : (fault, one.Value, one.Session));
        }

        return expected;
    }
}
