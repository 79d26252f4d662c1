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
    public static ISerializerBuilder AddContracts(this ISerializerBuilder serializer)
    {
        serializer.AddJsonSerializer(IsMessage, isCopyable: _ => false, options => options.Configure(json => json.SerializerOptions = ContractJson.Options));
        serializer.Services.AddSingleton<IGeneralizedCopier, MessageCopier>();
        serializer.Services.AddSingleton<IGeneralizedCodec, ListCodec>();
        serializer.Services.AddSingleton<ITypeFilter, MessageFilter>();
        serializer.Services.Configure<ExceptionSerializationOptions>(options => options.SupportedExceptionTypeFilter = IsOurs);
        return serializer;
    }

    /// <summary>A type of the contracts or of the rules, other than what has a serializer of its own (Silo/Sessions/LinkMessages.cs).</summary>
    public static bool IsMessage(Type type) => IsOurs(type)
        && type != typeof(FrameBatch) && type != typeof(LinkAck)
        && !type.IsInterface && !type.IsAssignableTo(typeof(Exception)) && !type.IsDefined(typeof(CompilerGeneratedAttribute), inherit: false);

    private static bool IsOurs(Type type) => type.Assembly == typeof(ContractJson).Assembly || type.Assembly == typeof(Domain.Sessions.SessionId).Assembly;

    /// <summary>Immutable, so the copy is the thing itself.</summary>
    private sealed class MessageCopier : IGeneralizedCopier
    {
        public bool IsSupportedType(Type type) => IsMessage(type) || ListCodec.IsList(type);

        public object? DeepCopy(object? input, CopyContext context) => input;
    }

    /// <summary>What may be named on the wire: messages, their bases, and generics over them.</summary>
    private sealed class MessageFilter : ITypeFilter
    {
        public bool? IsTypeAllowed(Type type) => IsOurs(type) || ListCodec.IsList(type) ? true : null;
    }
}
