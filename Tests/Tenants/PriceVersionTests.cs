using Orchestrator.Domain.Billing;
using Orchestrator.Domain.Tenants;

namespace Orchestrator.Tests.Tenants;

public class PriceVersionTests
{
    private static readonly DateTimeOffset Noon = new(2026, 1, 1, 12, 0, 0, TimeSpan.Zero);

    [Theory]
    [InlineData("mirage", "mirage", 0, null, true)]
    [InlineData("mirage", "other", 0, null, false)]
    [InlineData(null, "mirage", 0, null, true)]
    [InlineData("mirage", "mirage", 1, null, false)]
    [InlineData("mirage", "mirage", -1, null, true)]
    [InlineData("mirage", "mirage", -1, 1, true)]
    [InlineData("mirage", "mirage", -1, 0, false)]
    public void Covers_its_model_from_its_first_instant_to_before_its_last(string? priced, string model, int fromMinutes, int? untilMinutes, bool covers)
    {
        DateTimeOffset? until = untilMinutes is { } minutes ? Noon.AddMinutes(minutes) : null;
        var version = new PriceVersion(1, default, priced, new Price(1, Rounding.Default), Noon.AddMinutes(fromMinutes), until);

        Assert.Equal(covers, version.Covers(model, Noon));
    }
}
