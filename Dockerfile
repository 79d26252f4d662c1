# The cluster's program and, for trying things out, the simulated provider.
#
#   docker build -t orchestrator-silo .                                the program; its verbs are its arguments, `serve` the default
#   docker build -t orchestrator-simulator --target simulator .        the provider that docker-compose.yml comes with

FROM mcr.microsoft.com/dotnet/sdk:10.0 AS build
WORKDIR /source
ENV DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1

# What restores changes seldom, so it is a layer of its own.
COPY global.json Directory.Build.props Directory.Packages.props ./
COPY Domain/Domain.csproj Domain/
COPY Grains.Interfaces/Grains.Interfaces.csproj Grains.Interfaces/
COPY Grains/Grains.csproj Grains/
COPY Storage/Storage.csproj Storage/
COPY Gateway/Gateway.csproj Gateway/
COPY Silo/Silo.csproj Silo/
COPY Simulator/Simulator.csproj Simulator/
RUN dotnet restore Silo/Silo.csproj && dotnet restore Simulator/Simulator.csproj

COPY . .
RUN dotnet publish Silo/Silo.csproj -c Release --no-restore -o /out/silo \
 && dotnet publish Simulator/Simulator.csproj -c Release --no-restore -o /out/simulator

FROM mcr.microsoft.com/dotnet/aspnet:10.0 AS simulator
WORKDIR /app
COPY --from=build /out/simulator ./
USER $APP_UID
EXPOSE 8090
ENTRYPOINT ["dotnet", "Orchestrator.Simulator.dll"]
CMD ["serve", "--urls", "http://0.0.0.0:8090"]

FROM mcr.microsoft.com/dotnet/aspnet:10.0 AS silo
WORKDIR /app
COPY deploy/healthcheck /usr/local/bin/healthcheck
COPY --from=build /out/silo ./
USER $APP_UID
# 8080: clients, through the proxy. 8082: operators, where PrivatePort says so. 11111: silos among themselves. 30000: gateway-only nodes to silos. The latter two carry
# calls that nobody authorises: they belong on a network of the nodes' own.
EXPOSE 8080 8082 11111 30000
# Unready is not dead: a node whose database is away keeps its sessions, so this must never make anybody restart it.
HEALTHCHECK --interval=2s --timeout=2s --start-period=60s --retries=2 CMD ["healthcheck", "8080", "/healthz/ready"]
STOPSIGNAL SIGTERM
ENTRYPOINT ["dotnet", "orchestrator-silo.dll"]
CMD ["serve", "--urls", "http://0.0.0.0:8080"]
