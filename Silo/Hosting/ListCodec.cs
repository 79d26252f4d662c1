using System.Buffers;
using System.Runtime.CompilerServices;
using Orleans.Serialization.Buffers;
using Orleans.Serialization.Codecs;
using Orleans.Serialization.Serializers;
using Orleans.Serialization.WireProtocol;

namespace Orchestrator.Silo.Hosting;

/// <summary>
/// The list that the compiler makes of <c>[a, b]</c> where an <see cref="IReadOnlyList{T}"/> is wanted: a type without a name
/// of its own, that travels as an array.
/// </summary>
internal sealed class ListCodec : IGeneralizedCodec
{
    /// <summary>Whether a type is such a list.</summary>
    public static bool IsList(Type type) => type.IsDefined(typeof(CompilerGeneratedAttribute), inherit: false) && ElementOf(type) is not null;

    /// <inheritdoc/>
    public bool IsSupportedType(Type type) => IsList(type);

    /// <inheritdoc/>
    public void WriteField<TBufferWriter>(ref Writer<TBufferWriter> writer, uint fieldIdDelta, Type? expectedType, object? value) where TBufferWriter : IBufferWriter<byte>
    {
        if (value is null)
        {
            ReferenceCodec.WriteNullReference(ref writer, fieldIdDelta);
            return;
        }

        var list = (System.Collections.ICollection)value;
        var array = Array.CreateInstance(ElementOf(value.GetType())!, list.Count);
        list.CopyTo(array, 0);
        writer.Session.CodecProvider.GetCodec(array.GetType()).WriteField(ref writer, fieldIdDelta, expectedType, array);
    }

    /// <inheritdoc/>
    public object? ReadValue<TInput>(ref Reader<TInput> reader, Field field) =>
        throw new NotSupportedException("Such a list is written as an array, and read as one.");

    private static Type? ElementOf(Type type) => type.GetInterfaces()
        .FirstOrDefault(candidate => candidate.IsGenericType && candidate.GetGenericTypeDefinition() == typeof(IReadOnlyList<>))?.GetGenericArguments()[0];
}
