using Orchestrator.Gateway;
using Orchestrator.Silo.Cluster;

// The same program as the gateway's, verb for verb; only what hosts the grains is another.
return await OrchestratorProgram.RunAsync(args, new ProgramHost(ClusterHosting.AddCluster, ClusterHosting.MapCluster));
