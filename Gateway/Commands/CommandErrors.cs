using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;
using Npgsql;

namespace Orchestrator.Gateway.Commands;

/// <summary>What an operator should read when a command cannot do its work: a sentence, not a stack.</summary>
internal static class CommandErrors
{
    /// <summary>Runs the command; answers its exit code.</summary>
    public static async Task<int> ReportAsync(Func<Task> command)
    {
        try
        {
            await command();
            return 0;
        }
        catch (OperationCanceledException)
        {
            return 130;
        }
        catch (Exception exception) when (Sentence(exception) is { } sentence)
        {
            await Console.Error.WriteLineAsync($"orchestrator: {sentence}");
            return 1;
        }
    }

    private static string? Sentence(Exception exception) => exception switch
    {
        StartException                 => exception.Message,
        OptionsValidationException     => string.Join("\norchestrator: ", ((OptionsValidationException)exception).Failures),
        ValidationException            => exception.Message,
        PostgresException refused      => $"The database refuses: {refused.MessageText} ({refused.SqlState}).",
        NpgsqlException                => $"The database cannot be reached: {exception.Message}",
        InvalidOperationException      => exception.Message,
        IOException                    => exception.Message,
        UnauthorizedAccessException    => $"{exception.Message.TrimEnd('.')}: give the file to the user that runs this, or remove it.",
        _                              => null,
    };
}
