using System.Net;
using System.Runtime.CompilerServices;
using System.Text.Json;

namespace Orchestrator.Simulator.Demo;

/// <summary>One HTTP API as the demo asks it. Whatever goes wrong becomes a sentence.</summary>
internal sealed class JsonApi(Uri address, string who, JsonSerializerOptions json, string? apiKey) : IDisposable
{
    private readonly HttpClient _http = new() { BaseAddress = address };

    /// <summary>Where it is.</summary>
    public Uri Address => address;

    /// <summary>Asks and reads the answer.</summary>
    public Task<T> GetAsync<T>(string path, CancellationToken cancellationToken) => SendAsync<T>(HttpMethod.Get, path, body: null, cancellationToken);

    /// <summary>Posts and reads the answer.</summary>
    public Task<T> PostAsync<T>(string path, object body, CancellationToken cancellationToken) => SendAsync<T>(HttpMethod.Post, path, body, cancellationToken);

    /// <summary>Listens to a stream of server-sent events until it ends; each is a JSON object.</summary>
    public async IAsyncEnumerable<JsonElement> ListenAsync(string path, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using var request = Request(HttpMethod.Get, path);
        request.Headers.Accept.ParseAdd("text/event-stream");
        using var response = await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
        if (!response.IsSuccessStatusCode)
            throw new DemoException(await RefusalAsync(HttpMethod.Get, path, response, cancellationToken));
        using var reader = new StreamReader(await response.Content.ReadAsStreamAsync(cancellationToken));
        while (await reader.ReadLineAsync(cancellationToken) is { } line)
        {
            if (line.StartsWith("data:", StringComparison.Ordinal))
                yield return JsonElement.Parse(line["data:".Length..]);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _http.Dispose();

    private async Task<T> SendAsync<T>(HttpMethod method, string path, object? body, CancellationToken cancellationToken)
    {
        using var request = Request(method, path);
        if (body is not null)
            request.Content = JsonContent.Create(body, options: json);
        try
        {
            using var response = await _http.SendAsync(request, cancellationToken);
            if (!response.IsSuccessStatusCode)
                throw new DemoException(await RefusalAsync(method, path, response, cancellationToken));
            return await response.Content.ReadFromJsonAsync<T>(json, cancellationToken) ?? throw new JsonException("it is null");
        }
        catch (HttpRequestException exception)
        {
            throw new DemoException($"The {who} at {address} cannot be reached ({exception.Message}); ./run starts it.");
        }
        catch (JsonException exception)
        {
            throw new DemoException($"The {who} at {address} answers {method} {path} with something else than expected: {exception.Message}");
        }
    }

    private HttpRequestMessage Request(HttpMethod method, string path)
    {
        var request = new HttpRequestMessage(method, path);
        if (apiKey is not null)
            request.Headers.TryAddWithoutValidation("X-API-KEY", apiKey);
        return request;
    }

    private async Task<string> RefusalAsync(HttpMethod method, string path, HttpResponseMessage response, CancellationToken cancellationToken)
    {
        var advice = response.StatusCode is HttpStatusCode.Unauthorized ? " The key in the key file does not fit the gateway's database; ./run makes one that does." : "";
        var said = await response.Content.ReadAsStringAsync(cancellationToken);
        try
        {
            var problem = JsonSerializer.Deserialize<JsonElement>(said);
            said = $"{problem.GetProperty("code").GetString()}, {problem.GetProperty("title").GetString()?.TrimEnd('.')}";
        }
        catch (Exception exception) when (exception is JsonException or KeyNotFoundException or InvalidOperationException)
        {
            said = response.ReasonPhrase ?? "";
        }

        return $"The {who} refuses {method} {path}: {(int)response.StatusCode} {said}.{advice}";
    }
}
