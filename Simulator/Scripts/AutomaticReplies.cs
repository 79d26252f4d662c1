namespace Orchestrator.Simulator.Scripts;

/// <summary>Which client frames the simulator answers by itself while a script runs.</summary>
[Flags]
public enum AutomaticReplies
{
    /// <summary>None: every frame to the client is a step of the script or a command of the test.</summary>
    None = 0,
    /// <summary>Each <c>offer</c> gets an <c>answer</c> and candidates, unless the script answers itself.</summary>
    Offers = 1,
    /// <summary>Each <c>prompt</c> gets its <c>prompt_ack</c>, which repeats the text byte for byte.</summary>
    Prompts = 2,
    /// <summary>Each <c>set_image</c> gets its <c>set_image_ack</c>.</summary>
    Images = 4,
    /// <summary>
    /// A <c>livekit_join</c> stands for the <c>offer</c> that a script expects, and gets a <c>livekit_room_info</c> where an
    /// offer would get its answer: every script serves both dialects.
    /// </summary>
    LiveKit = 8,
    /// <summary>All of them, the default.</summary>
    All = Offers | Prompts | Images | LiveKit,
}
