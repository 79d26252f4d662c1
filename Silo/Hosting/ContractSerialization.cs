using System.Runtime.CompilerServices;
using Orchestrator.Domain.Sessions.Link;
using Orchestrator.Grains.Interfaces.Hosting;
using Orchestrator.Grains.Interfaces.Sessions;
using Orleans.Serialization;
using Orleans.Serialization.Cloning;
using Orleans.Serialization.Serializers;

namespace Orchestrator.Silo.Hosting;

/// <summary>
/// How messages of the contracts travel between processes: as JSON with the one set of options, so that a member may be added
/// while old and new programs run side by side. Messages are immutable, so they are never copied.
/// </summary>
internal static class ContractSerialization
{
    /// <summary>Adds it.</summary>
    /// <param name="serializer">To what.</param>
    /// <param name="others">Messages of contracts that stand elsewhere.</param>
    public static ISerializerBuilder AddContracts(this ISerializerBuilder serializer, params Type[] others)
    {
        var messages = new Messages(others);
        serializer.AddJsonSerializer(messages.Has, isCopyable: _ => false, options => options.Configure(json => json.SerializerOptions = ContractJson.Options));
        serializer.Services.AddSingleton<IGeneralizedCopier>(messages);
        serializer.Services.AddSingleton<IGeneralizedCodec, ListCodec>();
        serializer.Services.AddSingleton<ITypeFilter>(messages);
        serializer.Services.Configure<ExceptionSerializationOptions>(options => options.SupportedExceptionTypeFilter = IsOurs);
        return serializer;
    }

    /// <summary>A type of the contracts or of the rules, other than what has a serializer of its own (Silo/Sessions/LinkMessages.cs).</summary>
    public static bool IsMessage(Type type) => IsOurs(type)
        && type != typeof(FrameBatch) && type != typeof(LinkAck)
        && !type.IsInterface && !type.IsAssignableTo(typeof(Exception)) && !type.IsDefined(typeof(CompilerGeneratedAttribute), inherit: false);

    private static bool IsOurs(Type type) => type.Assembly == typeof(ContractJson).Assembly || type.Assembly == typeof(Domain.Sessions.SessionId).Assembly;

    /// <summary>What travels: it is immutable, so its copy is the thing itself; and it, its bases and generics over it may be named on the wire.</summary>
    private sealed class Messages(Type[] others) : IGeneralizedCopier, ITypeFilter
    {
        public bool Has(Type type) => IsMessage(type) || others.Contains(type);

        public bool IsSupportedType(Type type) => Has(type) || ListCodec.IsList(type);

        public object? DeepCopy(object? input, CopyContext context) => input;

        public bool? IsTypeAllowed(Type type) => IsOurs(type) || others.Contains(type) || ListCodec.IsList(type) ? true : null;
    }
}
