using System.Text;
using Orchestrator.Domain.Sessions;

namespace Orchestrator.Tests.Sessions;

public class CloseCodesTests
{
    [Fact]
    public void Every_code_has_one_line_in_the_catalogue() =>
        Assert.Equal(Enum.GetValues<CloseCode>().Order(), CloseCodes.All.Select(entry => entry.Code));

    [Fact]
    public void Every_wire_code_may_travel_with_its_reason() =>
        Assert.All(CloseCodes.All, entry =>
        {
            Assert.True(PeerClose.MayTravel(entry.Wire));
            Assert.InRange(Encoding.UTF8.GetByteCount(entry.Reason), 1, 123);
        });
}
