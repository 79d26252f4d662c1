#pragma warning disable CA1068 // Each breaks a rule on purpose.
namespace Orchestrator.Tests.Hosting;

/// <summary>Contracts that each break one rule.</summary>
public static class ContractBreakers
{
    public class Open { }

    public record Unsealed(int Number);

    public sealed record Settable(int Number)
    {
        public string? Words { get; set; }
    }

    public sealed record Holding(List<int> Numbers);

    public sealed record Deep(IReadOnlyList<Holding> Parts);

    public interface IHasAProperty
    {
        int Number { get; }
    }

    public interface IHasAnEvent
    {
        event EventHandler Happened;
    }

    public interface IAnswersNothing
    {
        void Call();
    }

    public interface IAnswersAValue
    {
        ValueTask<int> CallAsync();
    }

    public interface ITakesADelegate
    {
        Task CallAsync(Action done);
    }

    public interface ITakesItsTokenFirst
    {
        Task CallAsync(CancellationToken cancellationToken, int number);
    }

    public interface IIsGeneric
    {
        Task CallAsync<T>();
    }

    public interface IIsOverloaded
    {
        Task CallAsync(int number);
        Task CallAsync(string words);
    }

    public interface ITakesAMutableList
    {
        Task CallAsync(List<int> numbers);
    }

    public interface ITakesAnArray
    {
        Task CallAsync(int[] numbers);
    }

    public interface ITakesAClass
    {
        Task CallAsync(Open message);
    }

    public interface ITakesAnUnsealedRecord
    {
        Task CallAsync(Unsealed message);
    }

    public interface ITakesWhatCanBeSet
    {
        Task CallAsync(Settable message);
    }

    public interface IAnswersWithAMutableListWithin
    {
        Task<Deep> CallAsync();
    }

    public interface ITakesAFamilyWithAForgottenCase
    {
        Task CallAsync(Unruly message);
    }
}
