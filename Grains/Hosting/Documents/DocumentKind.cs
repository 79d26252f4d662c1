using System.Text.RegularExpressions;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Orchestrator.Grains.Hosting.Documents;

/// <summary>The name under which documents of one type are kept. It is in the database, so it is never changed.</summary>
public sealed partial class DocumentKind<T> where T : class
{
    /// <summary>Takes the name: lower-case words, such as <c>tenant_settings</c>.</summary>
    public DocumentKind(string name)
    {
        if (!Words().IsMatch(name))
            throw new ArgumentException($"'{name}' is no name of a document: up to 100 lower-case letters, digits and underscores.", nameof(name));
        Name = name;
    }

    /// <summary>The name.</summary>
    public string Name { get; }

    [GeneratedRegex("^[a-z][a-z0-9_]{0,99}$", RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 1_000)]
    private static partial Regex Words();
}

/// <summary>How a program says which documents its grains keep.</summary>
public static class DocumentServices
{
    /// <summary>
    /// Lets grains take an <see cref="IGrainDocument{T}"/>. The host adds an <see cref="IDocumentStore"/>, and <see cref="IGrainLife"/>
    /// as a service of the grain's scope.
    /// </summary>
    public static IServiceCollection AddDocument<T>(this IServiceCollection services, string name) where T : class
    {
        services.TryAddScoped(typeof(IGrainDocument<>), typeof(GrainDocument<>));
        return services.AddSingleton(new DocumentKind<T>(name));
    }
}
