using Orchestrator.Gateway;

return await OrchestratorProgram.RunAsync(args, ProgramHost.InProcess);
