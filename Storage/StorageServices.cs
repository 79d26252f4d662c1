using Microsoft.Extensions.DependencyInjection;
using Orchestrator.Grains.Billing;
using Orchestrator.Grains.Billing.Export;
using Orchestrator.Grains.Billing.Export.Webhooks;
using Orchestrator.Grains.Billing.Reconciliation;
using Orchestrator.Grains.Hosting.Documents;
using Orchestrator.Grains.Processes;
using Orchestrator.Grains.Providers;
using Orchestrator.Grains.Sessions;
using Orchestrator.Grains.Sessions.Journal;
using Orchestrator.Grains.Sessions.Relay;
using Orchestrator.Grains.Tenants;
using Orchestrator.Storage.Billing;
using Orchestrator.Storage.Billing.Reconciliation;
using Orchestrator.Storage.Documents;
using Orchestrator.Storage.Processes;
using Orchestrator.Storage.Sessions;
using Orchestrator.Storage.Tenants;

namespace Orchestrator.Storage;

/// <summary>PostgreSQL behind every port of the grains.</summary>
public static class StorageServices
{
    /// <summary>Adds the stores over one database.</summary>
    public static IServiceCollection AddStorage(this IServiceCollection services, string connectionString)
    {
        services.AddSingleton(_ => new Database(connectionString));
        services.AddSingleton<ISessionClaimStore, SessionClaimStore>();
        services.AddSingleton<IJournalStore, JournalStore>();
        services.AddSingleton<IEndRequestStore, EndRequestStore>();
        services.AddSingleton<ISessionQueries, SessionQueries>();
        services.AddSingleton<IRetentionStore, RetentionStore>();
        services.AddSingleton<IMoneyRetention, MoneyRetentionStore>();
        services.AddSingleton<IMarkStore, MarkStore>();
        services.AddSingleton<IBillingStore, BillingStore>();
        services.AddSingleton<IExportFreezer, ExportFreezeStore>();
        services.AddSingleton<IExportReissue, ExportReissueStore>();
        services.AddSingleton<IExportLanes, ExportLaneStore>();
        services.AddSingleton(provider => new ExportTargetAdmin(
            provider.GetRequiredService<Database>(), provider.GetRequiredService<ISecretBox>(), provider.GetRequiredService<UsageSinks>(),
            provider.GetRequiredService<TimeProvider>()));
        services.AddSingleton<ExportTargetQueries>();
        services.AddSingleton<IWebhookInbox, WebhookInboxStore>();
        services.AddSingleton<IReconciliationStore, ReconciliationStore>();
        services.AddSingleton<IReconciliationCorrections, ReconciliationCorrections>();
        services.AddSingleton<IProcessStore, ProcessStore>();
        services.AddSingleton<ITenantStore, TenantStore>();
        services.AddSingleton<IDocumentStore, DocumentStore>();
        services.AddSingleton(provider => new TenantAdmin(provider.GetRequiredService<Database>(), provider.GetRequiredService<TimeProvider>()));
        services.AddSingleton<PriceBook>();
        services.AddSingleton<CostBook>();
        services.AddSingleton<TokenPriceBook>();
        services.AddSingleton<WalletStore>();
        services.AddSingleton<UsageStore>();
        services.AddSingleton<InvoiceStore>();
        services.AddSingleton<ChargeStore>();
        services.AddSingleton<TokenChargeStore>();
        services.AddSingleton<TenantQueries>();
        services.AddSingleton<HostAdmin>();
        return services;
    }
}
