using Orchestrator.Grains.Sessions.Observing;
using Orchestrator.Tests.Support;

namespace Orchestrator.Tests.Sessions.Observing;

public class SteeringMarksTests
{
    private readonly TestTimeProvider _time = new();

    [Fact]
    public void The_first_frame_of_a_kind_is_marked_at_once_and_those_of_a_second_together()
    {
        var marks = new SteeringMarks(_time);

        Assert.Equal(new SteeringMark("key:1", "prompt", 1), marks.Sent("key:1", "prompt"));
        Assert.Null(marks.Sent("key:1", "prompt"));
        Assert.Equal(new SteeringMark("key:2", "prompt", 1), marks.Sent("key:2", "prompt"));
        Assert.Equal(new SteeringMark("key:1", "set_image", 1), marks.Sent("key:1", "set_image"));
        Assert.Equal([new SteeringMark("key:1", "prompt", 1)], marks.Rest());
        _time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(new SteeringMark("key:1", "prompt", 2), marks.Sent("key:1", "prompt"));
        Assert.Empty(marks.Rest());
    }

    [Fact]
    public void No_frame_goes_uncounted_however_many_kinds_there_are()
    {
        var marks = new SteeringMarks(_time);

        var marked = Enumerable.Range(0, 1_000).Select(i => marks.Sent("key", $"type {i}{new string('x', i)}")).Sum(mark => mark?.Frames ?? 0);

        Assert.Equal(1_000, marked + marks.Rest().Sum(mark => mark.Frames));
    }
}
