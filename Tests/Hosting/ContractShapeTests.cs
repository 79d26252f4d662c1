using System.Reflection;
using System.Text.Json;
using Orchestrator.Domain.Sessions;
using Orchestrator.Grains.Hosting;
using Orchestrator.Grains.Interfaces.Hosting;
using Orchestrator.Grains.Sessions;

namespace Orchestrator.Tests.Hosting;

/// <summary>Rules 5 and 8 of Grains/Hosting/README.md, and the form of grain classes that a cluster's bindings inherit from.</summary>
public class ContractShapeTests
{
    private static readonly Assembly[] Plain = [typeof(SessionId).Assembly, typeof(IGrains).Assembly, typeof(SessionGrain).Assembly];

    private static readonly Type[] Known =
        [.. typeof(IGrains).Assembly.GetTypes().Where(type => type.IsDefined(typeof(GrainAttribute)) || type.IsDefined(typeof(CallbackAttribute)))];

    public static TheoryData<Type> Contracts => [.. Known];

    public static TheoryData<Type> Messages => [.. Known.SelectMany(ContractShape.MessagesOf).Distinct()];

    public static TheoryData<Type> Breakers => [.. typeof(ContractBreakers).GetNestedTypes().Where(type => type.IsInterface)];

    [Theory, MemberData(nameof(Contracts))]
    public void A_contract_can_be_carried_by_every_host(Type contract) => Assert.Empty(ContractShape.FaultsOf(contract));

    [Theory, MemberData(nameof(Breakers))]
    public void A_contract_that_cannot_is_found(Type breaker) => Assert.NotEmpty(ContractShape.FaultsOf(breaker));

    [Theory]
    [InlineData(typeof(ITurnGrain))]
    [InlineData(typeof(ICallerGrain))]
    [InlineData(typeof(IListener))]
    public void Records_lists_tokens_and_callbacks_are_no_offence(Type contract) => Assert.Empty(ContractShape.FaultsOf(contract));

    [Theory, MemberData(nameof(Messages))]
    public void A_message_arrives_as_it_was(Type message)
    {
        foreach (var sample in MessageSamples.Of(message))
        {
            var sent = JsonSerializer.Serialize(sample, message, ContractJson.Options);
            var arrived = JsonSerializer.Deserialize(sent, message, ContractJson.Options);

            Assert.IsType(sample.GetType(), arrived);
            Assert.Equivalent(sample, arrived, strict: true);
            Assert.Equal(sent, JsonSerializer.Serialize(arrived, message, ContractJson.Options));
        }
    }

    [Fact]
    public void Every_grain_can_be_inherited_by_a_binding()
    {
        Assert.NotEmpty(GrainRules.Grains);
        Assert.All(GrainRules.Grains, grain =>
        {
            Assert.True(grain is { IsVisible: true, IsSealed: false, IsAbstract: false, IsGenericType: false }, $"{grain.Name} is not public, open and whole");
            var parameters = Assert.Single(grain.GetConstructors()).GetParameters();
            Assert.Equal(typeof(IGrainLife), parameters[0].ParameterType);
            Assert.All(parameters, parameter => Assert.True(parameter.ParameterType.IsVisible, $"{grain.Name} takes {parameter.ParameterType.Name}, which a binding cannot name"));
            if (grain.IsAssignableTo(typeof(IGrainLifecycle)))
                Assert.All(grain.GetInterfaceMap(typeof(IGrainLifecycle)).TargetMethods, method => Assert.True(method.IsPublic, $"{grain.Name} hides {method.Name}"));
        });
    }

    [Fact]
    public void Grains_and_their_contracts_know_no_cluster() => Assert.All(
        Plain.SelectMany(assembly => assembly.GetReferencedAssemblies()), name => Assert.DoesNotContain("Orleans", name.Name!, StringComparison.Ordinal));
}
