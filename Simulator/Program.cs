using System.CommandLine;
using Orchestrator.Simulator.Commands;
using Orchestrator.Simulator.Demo;

var root = new RootCommand("A provider that speaks Decart's control dialects, plays scripts and keeps the truth about what it sent.")
{
    ServeCommand.Create(),
    DemoCommand.Create(),
};
return await root.Parse(args).InvokeAsync();
