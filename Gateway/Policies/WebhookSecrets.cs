using Orchestrator.Domain.Policies;
using Orchestrator.Grains.Dialling;
using Orchestrator.Grains.Interfaces.Policies;
using Orchestrator.Grains.Providers;

namespace Orchestrator.Gateway.Policies;

/// <summary>Webhooks of a policy on their way into its document: where they lead is checked, and what they are signed with is encrypted.</summary>
internal sealed class WebhookSecrets(GuardedDialer dialer, ISecretBox box)
{
    private const int MinSecret = 16;
    private const int MaxSecret = 200;

    /// <summary>
    /// The policies as they may be stored. A webhook that says no secret keeps the one that it has, since nobody is shown it.
    /// </summary>
    public TenantPolicies Protect(TenantPolicies wanted, TenantPolicies? standing, Dictionary<string, string> errors)
    {
        var known = (standing?.Moderations() ?? []).GroupBy(moderation => moderation.Webhook, StringComparer.Ordinal)
            .ToDictionary(group => group.Key, group => group.First().Secret, StringComparer.Ordinal);
        var names = new Queue<string>(wanted.Named.Select((named, i) => (named.Policy, Name: $"named[{i}].policy.moderation"))
            .Prepend((Policy: wanted.Policy!, Name: "policy.moderation")).Where(one => one.Policy?.Moderation is not null).Select(one => one.Name));
        return wanted.EachModeration(moderation => Protect(moderation, known, names.Dequeue(), errors));
    }

    private ModerationRule Protect(ModerationRule moderation, Dictionary<string, string?> known, string name, Dictionary<string, string> errors)
    {
        if (dialer.Flaw(moderation.Webhook) is { } flaw)
            errors[$"{name}.webhook"] = flaw;
        else if (moderation.Secret is null && known.GetValueOrDefault(moderation.Webhook) is { } kept)
            return moderation with { Secret = kept };

        if (moderation.Secret is not { Length: >= MinSecret and <= MaxSecret } secret || secret.AsSpan().ContainsAnyExceptInRange('!', '~'))
            errors[$"{name}.secret"] = $"must be {MinSecret} to {MaxSecret} visible ASCII characters";
        else if (errors.Count == 0)
            return moderation with { Secret = box.Protect(new Secret(secret)) };
        return moderation with { Secret = null };
    }
}
