using System.Text.Json;
using Orchestrator.Domain.Sessions.Signaling;

namespace Orchestrator.Gateway.Sessions.Http;

/// <summary>The candidates of a request in JSON; null among them ends the list.</summary>
internal sealed record CandidatesBody(IReadOnlyList<IceCandidate> Candidates, bool IsEnd)
{
    /// <summary>Reads them.</summary>
    public static CandidatesBody? Read(JsonElement body, bool isOurForm, Dictionary<string, string> errors)
    {
        var fields = new SignalFields(body, errors);
        if (isOurForm)
            fields.Only("candidates");
        if (fields.IsObject && body.TryGetProperty("candidates", out var list) && list.ValueKind is JsonValueKind.Array
            && list.GetArrayLength() is > 0 and <= IceCandidate.MaxAtOnce + 1)
        {
            var said = list.EnumerateArray().Where(one => one.ValueKind is not JsonValueKind.Null).ToList();
            // An empty candidate is how browsers say that a medium has no more; the list's own end says it for all.
            var candidates = said.Where(one => !IsEmpty(one)).Select(CandidateJson.Read).ToList();
            if (candidates.TrueForAll(candidate => candidate is not null))
                return errors.Count == 0 ? new CandidatesBody(candidates!, said.Count < list.GetArrayLength()) : null;
        }

        errors["candidates"] = $"must be a list of 1 to {IceCandidate.MaxAtOnce} candidates as browsers make them, or null at its end";
        return null;
    }

    private static bool IsEmpty(JsonElement one) =>
        one.ValueKind is JsonValueKind.Object && one.TryGetProperty("candidate", out var text) && text.ValueKind is JsonValueKind.String && text.ValueEquals("");
}
