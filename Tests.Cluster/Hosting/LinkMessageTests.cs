using Orchestrator.Domain.Sessions;
using Orchestrator.Domain.Sessions.Link;
using Orchestrator.Grains.Interfaces.Sessions;
using Orchestrator.Silo.Sessions;

namespace Orchestrator.Tests.Cluster.Hosting;

/// <summary>Messages of links have a form of their own between processes, which must not forget a member.</summary>
public class LinkMessageTests
{
    [Fact]
    public void A_batch_arrives_as_it_left()
    {
        var (converter, batch) = (new FrameBatchConverter(), new FrameBatch(Guid.Parse("0198a5a2-0000-7000-8000-000000000001"), 1, 2, [3], IsCut: true, CloseCode.ProviderRefused));

        Assert.Equal(batch, converter.ConvertFromSurrogate(converter.ConvertToSurrogate(batch)));
    }

    [Fact]
    public void An_answer_arrives_as_it_left()
    {
        var (converter, answer) = (new LinkAckConverter(), new LinkAck(1, 2, IsGone: true));

        Assert.Equal(answer, converter.ConvertFromSurrogate(converter.ConvertToSurrogate(answer)));
    }

    [Theory]
    [InlineData(typeof(FrameBatch), typeof(FrameBatchSurrogate))]
    [InlineData(typeof(LinkAck), typeof(LinkAckSurrogate))]
    public void What_stands_for_a_message_has_all_its_members(Type message, Type surrogate)
    {
        Assert.Equal(Members(message), Members(surrogate));

        static IEnumerable<string> Members(Type type) =>
            type.GetConstructors().Select(one => one.GetParameters().Select(parameter => parameter.Name!).ToList()).MaxBy(names => names.Count)!;
    }
}
