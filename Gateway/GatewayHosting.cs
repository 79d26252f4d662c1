using Microsoft.AspNetCore.DataProtection.KeyManagement;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.Extensions.Options;
using Orchestrator.Gateway.Billing;
using Orchestrator.Gateway.Description;
using Orchestrator.Gateway.Health;
using Orchestrator.Gateway.Policies;
using Orchestrator.Gateway.Providers;
using Orchestrator.Gateway.Security;
using Orchestrator.Gateway.Sessions.OpenAI;
using Orchestrator.Gateway.Sessions.OpenAILive;
using Orchestrator.Gateway.Sessions.Watching;
using Orchestrator.Gateway.Sessions;
using Orchestrator.Gateway.Sessions.Observing;
using Orchestrator.Gateway.Sessions.Http;
using Orchestrator.Gateway.Telemetry;
using Orchestrator.Gateway.Tenants;
using Orchestrator.Grains.Billing.Export;
using Orchestrator.Grains.Billing.Reconciliation;
using Orchestrator.Grains.Billing.Stripe;
using Orchestrator.Grains.Billing;
using Orchestrator.Grains.Dialling;
using Orchestrator.Grains.Hosting.InProcess;
using Orchestrator.Grains.Interfaces.Billing;
using Orchestrator.Grains.Interfaces.Policies;
using Orchestrator.Grains.Interfaces.Sessions;
using Orchestrator.Grains.Interfaces.Tenants;
using Orchestrator.Grains.Policies;
using Orchestrator.Grains.Policies.Moderation;
using Orchestrator.Grains.Processes;
using Orchestrator.Grains.Providers;
using Orchestrator.Grains.Sessions.Link;
using Orchestrator.Grains.Sessions.Relay;
using Orchestrator.Grains.Sessions;
using Orchestrator.Grains.Tenants;
using Orchestrator.Grains;
using Orchestrator.Storage.Security;
using Orchestrator.Storage;
using System.Text.Json.Serialization;
using System.Text.Json;
using ForwardedHeadersOptions = Microsoft.AspNetCore.Builder.ForwardedHeadersOptions;

namespace Orchestrator.Gateway;

/// <summary>The edge as something to add to a host: alone with in-process grains, or in a silo.</summary>
public static class GatewayHosting
{
    /// <summary>Adds the edge, the relays behind it and their storage. What hosts the grains is added beside it.</summary>
    public static WebApplicationBuilder AddGateway(this WebApplicationBuilder builder)
    {
        var services = builder.Services;
        services.AddStorage(GatewayConfiguration.ConnectionString(builder.Configuration));
        services.AddRelaying();
        services.AddStripe();
        services.AddExport();
        services.AddReconciliation();

        AddOptions<ProvidersOptions>(services, "Providers");
        AddOptions<RelayOptions>(services, "Relay");
        AddOptions<FirstFrameOptions>(services, "FirstFrame");
        AddOptions<ProcessOptions>(services, "Process");
        AddOptions<StripeOptions>(services, "Stripe");
        AddOptions<ExportOptions>(services, "Export");
        AddOptions<ReconciliationOptions>(services, "Reconciliation");
        AddOptions<DiallingOptions>(services, "Dialling");
        AddOptions<RetentionOptions>(services, "Retention");
        AddOptions<TenantHostOptions>(services, "Hosts");
        AddOptions<ModerationOptions>(services, "Moderation");

        services.AddSingleton(MasterKey.Load(builder.Configuration, builder.Environment));
        services.AddSingleton<KeyRingStore>();
        services.AddSingleton<KeyRing>();
        services.AddSingleton<IConfigureOptions<KeyManagementOptions>>(provider => provider.GetRequiredService<KeyRing>());
        services.AddDataProtection().SetApplicationName("Orchestrator");

        services.AddSingleton<ISecretBox, SecretBox>();
        services.AddSingleton<WebhookGate>();
        services.AddSingleton<ClientTokens>();
        services.AddHttpContextAccessor();
        services.AddSingleton<AccessControl>();
        services.AddSingleton<TenantScope>();
        services.AddSingleton<SettingsOfPath>();
        services.AddSingleton<PoliciesOfPath>();
        services.AddSingleton<WebhookSecrets>();
        services.AddSingleton<RefusalThrottle>();
        services.AddAttachedClients();
        services.AddSingleton<WhiteLabels>();
        services.AddSingleton<ClientWords>();
        services.AddSingleton<Providers.FilterImageLinks>();
        services.AddSingleton<RefusalMemory>();
        services.AddSingleton<IClientDoor>(provider =>
        {
            IClientDoor door = provider.GetRequiredService<IOptions<RelayOptions>>().Value.Linked
                ? ActivatorUtilities.CreateInstance<LinkedClients>(provider)
                : ActivatorUtilities.CreateInstance<LocalClients>(provider);
            door = ActivatorUtilities.CreateInstance<PolicyDoor>(provider, door);
            return new LabelledDoor(ActivatorUtilities.CreateInstance<RememberingDoor>(provider, door), provider.GetRequiredService<WhiteLabels>());
        });
        services.AddSingleton<Openings>();
        services.AddSingleton<FirstFrames>();
        services.AddSingleton<StreamEndpoint>();
        services.AddObserving();
        services.AddWatching();
        services.AddHttpSessions();
        services.AddOpenAISurface();
        services.AddHealth();

        // The same in development: what cannot be read is 400, and no exception that repeats it goes to the log.
        services.Configure<RouteHandlerOptions>(routes => routes.ThrowOnBadRequest = false);
        services.ConfigureHttpJsonOptions(json =>
        {
            json.SerializerOptions.Converters.Add(new JsonStringEnumConverter(JsonNamingPolicy.SnakeCaseLower));
            json.SerializerOptions.DefaultIgnoreCondition = JsonIgnoreCondition.Never;
        });
        services.AddApiDescription();
        services.AddTelemetry(builder.Configuration);
        services.Configure<ForwardedHeadersOptions>(options => GatewayConfiguration.Proxies(builder.Configuration, options));

        builder.WebHost.ConfigureKestrel(GatewayConfiguration.Kestrel);
        services.AddOptions<HostOptions>().Configure<IOptions<ProcessOptions>>((host, process) => host.ShutdownTimeout = process.Value.ShutdownTimeout);
        GatewayConfiguration.Logging(builder.Logging);
        return builder;
    }

    /// <summary>Hosts the grains in this process.</summary>
    public static WebApplicationBuilder AddInProcessHost(this WebApplicationBuilder builder)
    {
        builder.Services.AddGrain<ISessionGrain, SessionGrain>();
        builder.Services.AddGrain<IBillingGrain, BillingGrain>();
        builder.Services.AddGrain<ITenantSettingsGrain, TenantSettingsGrain>();
        builder.Services.AddGrain<ITenantPolicyGrain, TenantPolicyGrain>();
        builder.Services.AddInProcessGrains(GatewayConfiguration.Grains(builder.Configuration));
        return builder;
    }

    /// <summary>Maps the edge's endpoints.</summary>
    public static WebApplication MapGateway(this WebApplication app)
    {
        app.UseForwardedHeaders();
        app.UseExceptionHandler(new ExceptionHandlerOptions
        {
            ExceptionHandler = context => Problems.OfStatus(context.Response.StatusCode).ExecuteAsync(context),
            StatusCodeSelector = exception => Database.IsAway(exception) ? StatusCodes.Status503ServiceUnavailable : StatusCodes.Status500InternalServerError,
            // The flush says once that the database is away; a stack for every request would say no more.
            SuppressDiagnosticsCallback = failed => Database.IsAway(failed.Exception),
        });
        app.UseStatusCodePages(bare => Problems.OfStatus(bare.HttpContext.Response.StatusCode).ExecuteAsync(bare.HttpContext));
        app.UseWebSockets();
        app.MapStreams();
        app.MapFilterCategories();
        app.MapFilterImages();
        app.MapOpenAI();
        app.MapOpenAILive();
        app.MapClientTokens();
        app.MapSessions();
        app.MapObserving();
        app.MapWatching();
        app.MapHttpSessions();
        app.MapTenants();
        app.MapKeys();
        app.MapHosts();
        app.MapTenantSettings();
        app.MapTenantPolicy();
        app.MapPrices();
        app.MapTokenPrices();
        app.MapWallets();
        app.MapExportTargets();
        app.MapStripeWebhooks();
        app.MapUsage();
        app.MapInvoices();
        app.MapSessionCharge();
        app.MapHealth();
        app.MapApiDescription();
        return app;
    }

    private static void AddOptions<T>(IServiceCollection services, string section) where T : class =>
        services.AddOptions<T>().BindConfiguration(section).ValidateDataAnnotations().ValidateOnStart();
}
