# shellcheck shell=bash disable=SC2034,SC2154
# What ./run --cluster adds to ./run: nodes of a cluster and the proxy before them. Sourced by it, never run.

silo=$artifacts/bin/Silo/release/orchestrator-silo.dll
nodes=() node_urls=()

# Each node has ports of its own. A gateway-only one offers none to the others; it finds them in the database.
start_node() { # start_node NAME ROLE
    local silo_port gateway_port=0
    silo_port=$(free_port)
    if [[ $2 == silo* ]]; then
        until ((gateway_port != 0 && gateway_port != silo_port)); do gateway_port=$(free_port); done
    fi
    start_server "$1" '' env Cluster__Role="$2" Cluster__SiloPort="$silo_port" Cluster__GatewayPort="$gateway_port" dotnet "$silo" serve
    nodes+=("$child")
    node_urls+=("http://127.0.0.1:$port")
    say "$(printf '%-10s' "$1") http://127.0.0.1:$port"
}

# A cluster of its own in each run, even where two share a database: their providers differ. Nodes trust each other by the
# certificate that deploy/prepare makes.
start_nodes() { # start_nodes SILOS
    local i
    export Cluster__Id Cluster__AdvertisedAddress=127.0.0.1 Cluster__DashboardPort=0
    Cluster__Id=run-$(secret | cut -c 1-12)
    # A silo takes its leave of the others, which takes it longer than the second that a lone process has.
    export TrustedProxies__0=127.0.0.1/32 Process__DrainGrace=${Process__DrainGrace:-00:00:05} Process__StopTimeout=${Process__StopTimeout:-00:00:05}
    if ca=$(certificates); then
        export Cluster__Tls__CertificatePath=$data/deploy/node.pem Cluster__Tls__KeyPath=$data/deploy/node.key Cluster__Tls__CaPath=$ca
    fi
    for ((i = 1; i <= $1; i++)); do start_node "silo$i" silo+gateway; done
    start_node gateway1 gateway
}

certificates() { # prints the authority's file
    have openssl && "$repo/deploy/prepare" --certificates "$data/deploy" || return 1
    echo "$data/deploy/ca.pem"
}

# Sets front and front_ca. The proxy's configuration is the one of deploy/, in front of this run's nodes.
start_front() {
    local why='' try log backend i
    front=${node_urls[0]} front_ca=''
    if [[ -z ${ca:-} ]]; then why='openssl is missing'; elif ! have haproxy; then why='HAProxy is missing'; fi
    if [[ -n $why ]]; then
        say "edge       none ($why): clients use the first silo's address"
        return
    fi

    mkdir -p "$data/edges"
    backend=$data/edges/$$.cfg
    # deploy/haproxy/nodes.cfg as it stands, with other servers and without a name server.
    {
        sed -n '/^backend/,/^    default-server/{s/ resolvers .*//;p}' "$repo/deploy/haproxy/nodes.cfg"
        for i in "${!node_urls[@]}"; do echo "    server node$((i + 1)) ${node_urls[i]#http://} check"; done
    } >"$backend"
    for try in 1 2 3 4; do
        port=$(free_port 8443)
        log=$logs/haproxy-$port.log
        [[ ! -e $log ]] || mv -f "$log" "$log.1"
        start_child env EDGE_BIND="127.0.0.1:$port" EDGE_CERTIFICATE="$data/deploy/edge.pem" \
            haproxy -db -f "$repo/deploy/haproxy/haproxy.cfg" -f "$backend" >"$log" 2>&1
        for ((i = 0; i < 50; i++)); do
            ! listens "$child" "$port" || break 2
            kill -0 "$child" 2>/dev/null || break
            sleep 0.1
        done
        forget_child
    done
    listens "$child" "$port" || { tail -n 20 "$log" >&2; die "HAProxy does not listen; its whole log is $log."; }
    # Ended last: until the nodes have drained, their clients are behind it.
    children=("$child" "${children[@]:0:${#children[@]}-1}")
    server_logs+=("$log")
    front=https://127.0.0.1:$port front_ca=$ca
    say "edge       $front (HAProxy; its certificate is signed by $ca)"
}

# All nodes at once, for each lets its sessions finish, and by one signal: a second one would end that grace.
drain_nodes() {
    local node deadline h m s
    IFS=: read -r h m s <<<"${Process__DrainGrace:-00:00:00}"
    deadline=$((SECONDS + 15 + 10#${h##*.} * 3600 + 10#$m * 60 + 10#${s%%.*}))
    for node in "${nodes[@]}"; do kill -TERM -- "-$node" 2>/dev/null || :; done
    for node in "${nodes[@]}"; do
        while ((SECONDS < deadline)) && kill -0 -- "-$node" 2>/dev/null; do sleep 0.1; done
    done
}
