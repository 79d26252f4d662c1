using FsCheck;
using FsCheck.Fluent;
using Orchestrator.Domain.Billing.Tokens;
using Orchestrator.Tests.Support;
using static Orchestrator.Domain.Billing.Tokens.TokenAnomaly;

namespace Orchestrator.Tests.Billing.Tokens;

public class TokenRuleTests
{
    /// <summary>Uncached and cached text, audio and images, and what was written and spoken.</summary>
    private static readonly Arbitrary<long[]> Counts = Arb.From(
        Samples.Longs(0, 1_000_000).ArrayOf(8), counts => counts.Select((count, i) => counts.Select((other, j) => i == j ? count / 2 : other).ToArray())
            .Where(smaller => !smaller.SequenceEqual(counts)));

    public static TheoryData<TokenReport, long?[], TokenAnomaly[]> Reports => new()
    {
        // the provider's own example
        { Report(new(132, 119, 13, 0), new(64, 64, 0, 0), new(121, 30, 91, null), 253), [55, 13, 0, 64, 0, 0, 30, 91, 0], [] },
        // one part is what the total leaves
        { Report(new(132, 119, 13, null), new(64, 64, null, null), new(121, 30, null, null), 253), [55, 13, 0, 64, 0, 0, 30, 91, 0], [] },
        // nothing is left for those that are missing
        { Report(new(0, null, null, null), new(0, null, null, null), new(0, null, null, null), 0), [0, 0, 0, 0, 0, 0, 0, 0, 0], [] },
        // two are missing, and something is left for them
        { Report(new(132, 119, null, null), new(0, 0, 0, 0), new(0, 0, 0, null), 132), [119, null, null, 0, 0, 0, 0, 0, 0], [Missing] },
        // no total, and a part is missing
        { Report(new(null, 7, 5, null), new(0, 0, 0, 0), new(null, 3, 2, null), null), [7, 5, null, 0, 0, 0, 3, 2, 0], [Missing] },
        // not a word about the cache
        { Report(new(132, 119, 13, 0), default, new(121, 30, 91, null), 253), [119, 13, 0, null, null, 0, 30, 91, 0], [CacheUnknown] },
        // no usage at all
        { Report(default, default, default, null), [null, null, null, null, null, null, null, null, 0], [Missing, CacheUnknown] },
        // parts above their total
        { Report(new(100, 119, 13, 0), new(0, 0, 0, 0), new(121, 30, 91, null), 221), [119, 13, 0, 0, 0, 0, 30, 91, 0], [Inconsistent] },
        // more cached than read
        { Report(new(20, 20, 0, 0), new(30, 30, 0, 0), new(0, 0, 0, null), 20), [0, 0, 0, 20, 0, 0, 0, 0, 0], [Inconsistent] },
        // the two directions do not add up
        { Report(new(20, 20, 0, 0), new(0, 0, 0, 0), new(5, 5, 0, null), 30), [20, 0, 0, 0, 0, 0, 5, 0, 0], [Inconsistent] },
        // a part that was no number
        { Report(new(20, 20, null, 0), new(0, 0, 0, 0), new(5, 5, 0, null), 25) with { IsMalformed = true }, [20, 0, 0, 0, 0, 0, 5, 0, 0], [Malformed] },
        // a transcription by time
        { new TokenReport("item_1", TokenSource.Transcription, TranscribedMs: 4_250), [0, 0, 0, 0, 0, 0, 0, 0, 4_250], [] },
    };

    [Theory, MemberData(nameof(Reports))]
    public void A_report_becomes_kinds_that_do_not_overlap(TokenReport report, long?[] counts, TokenAnomaly[] anomalies)
    {
        var usage = TokenRule.Read(report);

        Assert.Equal(new TokenCounts(counts), usage.Counts);
        Assert.Equal(anomalies, usage.Anomalies);
        Assert.Equal((report.Id, report.Source, report.Input.Total, report.Output.Total), (usage.Id, usage.Source, usage.Input, usage.Output));
    }

    [Fact]
    public void A_whole_report_gives_back_what_was_used() =>
        Laws.Hold(Counts, counts =>
        {
            var usage = TokenRule.Read(Whole(counts));

            Assert.Equal([.. counts.Select(count => (long?)count), 0], usage.Counts.ByKind);
            Assert.Empty(usage.Anomalies);
        });

    [Fact]
    public void Any_one_part_of_each_total_may_be_missing_without_a_loss() =>
        Laws.Hold(Counts, counts =>
        {
            var whole = Whole(counts);

            foreach (var input in Without(whole.Input))
            {
                foreach (var cached in Without(whole.Cached))
                {
                    var usage = TokenRule.Read(whole with { Input = input, Cached = cached, Output = whole.Output with { Audio = null } });
                    Assert.Equal(TokenRule.Read(whole).Counts, usage.Counts);
                    Assert.Empty(usage.Anomalies);
                }
            }
        });

    [Fact]
    public void What_is_charged_is_never_more_than_was_told_and_what_is_unknown_is_an_anomaly() =>
        Laws.Hold(Arb.From(from parts in Gen.OneOf(Samples.Longs(0, 1_000).Select(count => (long?)count), Gen.Constant((long?)null)).ArrayOf(12) select parts), parts =>
        {
            var report = Report(new(parts[0], parts[1], parts[2], parts[3]), new(parts[4], parts[5], parts[6], parts[7]), new(parts[8], parts[9], parts[10], null), parts[11]);

            var usage = TokenRule.Read(report);

            Assert.Equal(usage.Counts.AreKnown, !usage.Anomalies.Any(anomaly => anomaly is Missing or CacheUnknown));
            Assert.All(usage.Counts.ByKind, count => Assert.False(count < 0));
            foreach (var (read, kind, cachedKind) in new[]
            {
                (report.Input.Text, TokenKind.TextIn, TokenKind.CachedTextIn), (report.Input.Audio, TokenKind.AudioIn, TokenKind.CachedAudioIn),
                (report.Input.Image, TokenKind.ImageIn, TokenKind.CachedImageIn),
            })
            {
                Assert.True(read is null || usage.Counts.Known(kind) + usage.Counts.Known(cachedKind) == read, $"{usage.Counts} of {report}");
            }
        });

    private static TokenReport Report(TokenParts input, TokenParts cached, TokenParts output, long? total) =>
        new("resp_1", TokenSource.Response, input, cached, output, total);

    private static TokenReport Whole(long[] counts) => Report(
        new(counts[..6].Sum(), counts[0] + counts[3], counts[1] + counts[4], counts[2] + counts[5]), new(counts[3..6].Sum(), counts[3], counts[4], counts[5]),
        new(counts[6] + counts[7], counts[6], counts[7], null), counts.Sum());

    private static TokenParts[] Without(TokenParts parts) => [parts, parts with { Text = null }, parts with { Audio = null }, parts with { Image = null }];
}
