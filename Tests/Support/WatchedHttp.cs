namespace Orchestrator.Tests.Support;

/// <summary>HTTP clients whose answers <see cref="ProviderWatch"/> searches as they are read: status line, headers and body, streams of events too.</summary>
internal static class WatchedHttp
{
    /// <summary>A client of the gateway at that address.</summary>
    public static HttpClient At(Uri gateway, TimeSpan? timeout = null) =>
        new(new Handler()) { BaseAddress = gateway, Timeout = timeout ?? TimeSpan.FromSeconds(100) };

    private sealed class Handler() : DelegatingHandler(new SocketsHttpHandler())
    {
        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            var answer = await base.SendAsync(request, cancellationToken);
            var (uri, isTenants) = (request.RequestUri!, ProviderWatch.IsTenants(request.Method.Method, request.RequestUri!.AbsolutePath));
            var what = $"The answer to {request.Method} {uri.AbsolutePath}";
            ProviderWatch.Look(uri.Port, what, $"{(int)answer.StatusCode} {answer.ReasonPhrase}\n{answer.Headers}{answer.Content.Headers}{answer.TrailingHeaders}", isTenants);
            var watched = new StreamContent(new Body(await answer.Content.ReadAsStreamAsync(cancellationToken), ProviderWatch.Begin(uri.Port, what, isTenants)));
            foreach (var (name, values) in answer.Content.Headers)
                watched.Headers.TryAddWithoutValidation(name, values);
            answer.Content = watched;
            return answer;
        }
    }

    /// <summary>A body as it is read.</summary>
    private sealed class Body(Stream body, ProviderScan scan) : Stream
    {
        public override bool CanRead => true;
        public override bool CanSeek => false;
        public override bool CanWrite => false;
        public override long Length => throw new NotSupportedException();
        public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

        public override int Read(byte[] buffer, int offset, int count)
        {
            var read = body.Read(buffer, offset, count);
            Look(buffer.AsSpan(offset, read));
            return read;
        }

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            var read = await body.ReadAsync(buffer, cancellationToken);
            Look(buffer.Span[..read]);
            return read;
        }

        public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
            ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

        public override void Flush() => throw new NotSupportedException();
        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();
        public override void SetLength(long value) => throw new NotSupportedException();
        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        protected override void Dispose(bool disposing)
        {
            if (disposing)
            {
                scan.End();
                body.Dispose();
            }

            base.Dispose(disposing);
        }

        private void Look(ReadOnlySpan<byte> bytes)
        {
            scan.Feed(bytes);
            if (bytes.IsEmpty)
                scan.End();
        }
    }
}
