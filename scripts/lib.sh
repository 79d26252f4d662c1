# shellcheck shell=bash disable=SC2034
# What run, test, bench and scripts/* share. Sourced, never run. Everything for people goes to stderr.

repo=$(cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/.." && pwd -P)
data=$repo/.data
artifacts=$repo/.artifacts
export DOTNET_NOLOGO=1 DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_GENERATE_ASPNET_CERTIFICATE=false

if [[ -t 2 && -z ${NO_COLOR:-} ]]; then
    bold=$'\e[1m' red=$'\e[31m' plain=$'\e[0m'
else
    bold='' red='' plain=''
fi

say()  { printf '%s\n' "$*" >&2; }
step() { printf '%s\n' "$bold== $*$plain" >&2; }
warn() { printf '%s\n' "$red$*$plain" >&2; }
die()  { warn "${0##*/}: $1"; exit "${2:-1}"; } # die SENTENCE [EXIT]

# The comment at the top of a script is its help.
usage() { sed -n '2,/^[^#]/{s/^# \{0,1\}//p}' "$(readlink -f "$0")"; }

# .data must let the database's user through to its own directory; what is secret in it is 0600 by itself.
# Root in another user's checkout hands it over, or that user's next run could not write there.
make_data() {
    if [[ ! -d $data ]]; then
        mkdir -m 0711 "$data" 2>/dev/null || [[ -d $data ]] || return 1
        ((EUID != 0)) || chown --reference="$repo" "$data"
    elif [[ -O $data ]]; then
        chmod a+x "$data"
    fi
}

# What root built or wrote in another user's checkout is that user's: the next run may be theirs.
give_back() {
    if ((EUID == 0)) && [[ $(stat -c %u "$repo") != 0 ]]; then
        find "$artifacts" "$data/logs" "$data/simulators" "$data/edges" "$data/deploy" "$data"/*.key "$data"/*.lock -user root -exec chown --no-dereference --reference="$repo" {} + 2>/dev/null || :
    fi
}

# ---------------------------------------------------------------------------------------------------- ports

# A refused connection is a free port. What listens on every address answers on loopback as well.
port_free() { ! (: <>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

# Below the range from which Linux takes the ports of outgoing connections, so that none of those is in the way.
free_port() { # free_port [PREFERRED]
    local port=${1:-}
    until [[ -n $port ]] && port_free "$port"; do port=$((20000 + (RANDOM * 32768 + RANDOM) % 12000)); done
    echo "$port"
}

# ------------------------------------------------------------------------------------------------- children

children=()

# A session of its own: Ctrl-C in the terminal then reaches this script alone, which ends its children in order.
start_child() { # start_child COMMAND...: sets child
    setsid "$@" </dev/null &
    child=$!
    children+=("$child")
}

# The last child is over, and nobody is to wait for it again.
forget_child() {
    wait "${children[-1]}" || :
    children=("${children[@]:0:${#children[@]}-1}")
}

# bash answers a signal while it waits, but not while a foreground command runs.
run_child() {
    local status=0
    start_child "$@"
    wait "$child" || status=$?
    children=("${children[@]:0:${#children[@]}-1}")
    return "$status"
}

# Last started, first ended: the gateway may still want to say goodbye to its provider.
stop_children() {
    local i group patience
    for ((i = ${#children[@]} - 1; i >= 0; i--)); do
        group=${children[i]}
        kill -TERM -- "-$group" 2>/dev/null || continue
        for ((patience = 60; patience > 0; patience--)); do
            kill -0 -- "-$group" 2>/dev/null || break
            sleep 0.1
        done
        kill -KILL -- "-$group" 2>/dev/null || :
        wait "$group" 2>/dev/null || :
    done
    children=()
}

http_ok() { # http_ok PORT PATH
    local line
    line=$( (exec 3<>"/dev/tcp/127.0.0.1/$1" && printf 'GET %s HTTP/1.1\r\nHost: 127.0.0.1:%s\r\nConnection: close\r\n\r\n' "$2" "$1" >&3 \
        && read -r -t 5 line <&3 && echo "$line") 2>/dev/null) || return 1
    [[ $line == 'HTTP/1.1 200'* ]]
}

# Whether that very process listens: another's answer on a port that we lost to it would look like ours.
listens() { # listens PID PORT
    local inode
    inode=$(awk -v port=":$(printf %04X "$2")" '$4 == "0A" && substr($2, length($2) - 4) == port { print $10; exit }' /proc/net/tcp /proc/net/tcp6)
    [[ -n $inode ]] && find "/proc/$1/fd" -lname "socket:\\[$inode\\]" 2>/dev/null | grep -q .
}

# Exit 1 where it lost its port to another that started in the same moment. Whatever else is wrong ends the script.
wait_ready() { # wait_ready NAME PID PORT LOG
    local deadline=$((SECONDS + 60)) trouble=''
    until listens "$2" "$3" && http_ok "$3" /healthz/ready; do
        if ! kill -0 "$2" 2>/dev/null; then
            ! grep -qi 'address already in use' "$4" || return 1
            trouble="ended before it was ready"
        elif ((SECONDS >= deadline)); then trouble="was not ready within 60 s"; fi
        [[ -z $trouble ]] || { tail -n 20 "$4" >&2; die "The $1 $trouble; its whole log is $4."; }
        sleep 0.2
    done
}

# ------------------------------------------------------------------------------------------------ PostgreSQL

# Starts a private cluster, or joins whoever uses it already, and exports its connection strings.
use_cluster() { # use_cluster NAME [--fast]
    local lines
    cluster=$1
    lines=$("$repo/scripts/postgres" start "$@" --for $$) || return
    eval "$lines"
    export ConnectionStrings__Orchestrator ConnectionStrings__OrchestratorOwner
}

# The last of its users stops it, unless it was started by hand.
leave_cluster() {
    [[ -z ${cluster:-} ]] || "$repo/scripts/postgres" stop "$cluster" --for $$ || :
    cluster=''
}

# ------------------------------------------------------------------------------------------------------ .NET

need_dotnet() {
    [[ ! -x ${HOME:-}/.dotnet/dotnet ]] || PATH=$PATH:$HOME/.dotnet
    command -v dotnet >/dev/null \
        || die "The .NET 10 SDK is missing: install your distribution's dotnet-sdk-10.0, or take it from https://dotnet.microsoft.com/download." 3
    (cd "$repo" && dotnet --version) >/dev/null 2>&1 \
        || die "dotnet is here but has no SDK that global.json accepts (it has: $(cd / && dotnet --list-sdks | sed 's/ .*//' | paste -sd ' ')): install the .NET 10 SDK." 3
}

# One build at a time in a checkout: two would write the same files. It leaves no compiler or build server behind.
locked_msbuild() {
    make_data && mkdir -p "$artifacts" && [[ -w $data && -w $artifacts ]] 2>/dev/null \
        || die "$(id -un) cannot write to $data or $artifacts: clone the repository as that user, or give the checkout to them."
    run_child flock --close "$data/build.lock" dotnet msbuild "$@" -v:quiet -nologo -nodeReuse:false -p:UseSharedCompilation=false
}

# Says only what is wrong. `dotnet build` would add a summary that cannot be turned off.
build() { locked_msbuild "$repo/$1" -restore -p:Configuration="$2" >&2; } # build PROJECT CONFIGURATION

# shellcheck disable=SC1003
projects() { grep -o '"[^"]*\.csproj"' "$repo/$1" | tr -d '"' | tr -s '\\' / | sort; } # projects SOLUTION

# Why it did not restore: the packages that no feed has, or else the first complaint.
why_not() { # why_not LOG
    local packages
    packages=$(sed -n 's/.*error NU110[123]: Unable to find package \([A-Za-z0-9._-]*[A-Za-z0-9]\).*/\1/p' "$1" | sort -u | paste -sd ' ')
    if [[ -n $packages ]]; then
        echo "missing: ${packages// /, }"
    else
        sed -n 's/.*error \([A-Z]*[0-9]*: [^[]*\).*/\1/p' "$1" | sort | sed -n '1{s/\. .*//;s/ *$//;p}' | grep . || echo "'dotnet restore' says why"
    fi
}

# Asked anew each time, for a feed may have tomorrow what it lacks today. Only Silo and its tests need such packages.
restores() { # restores PROJECT: or sets reason
    local log status=0
    log=$(mktemp) reason=''
    locked_msbuild "$repo/$1" -t:Restore >"$log" 2>&1 || { status=1 reason=$(why_not "$log"); }
    rm -f "$log"
    return "$status"
}

# Sets solution, and when that is not everything: left_out and reason. Says which it is, in one line.
choose_solution() {
    solution=Orchestrator.sln left_out='' reason=''
    if [[ -e $repo/Silo/Silo.csproj ]] && ! restores "$solution"; then
        solution=Orchestrator.Embedded.slnf
        left_out=$(comm -23 <(projects Orchestrator.sln) <(projects "$solution") | xargs -n 1 dirname | paste -sd ' ')
        say "Using $solution, without ${left_out// / and }: Orchestrator.sln does not restore ($reason)."
    else
        say "Using $solution, which is everything."
    fi
}

solution() { choose_solution; echo "$solution"; }

# ------------------------------------------------------------------------------------------ Debian's programs

# Whether a program is here, after an attempt to install its package where root may. It never starts a service.
have() { # have PROGRAM [PACKAGE]
    PATH=$PATH:/usr/sbin:/sbin
    if command -v "$1" >/dev/null; then return 0; fi
    ((EUID == 0)) && command -v apt-get >/dev/null || return 1
    say "Installing Debian's ${2:-$1}."
    export DEBIAN_FRONTEND=noninteractive SYSTEMD_OFFLINE=1
    make_data
    flock --close "$data/install.lock" sh -c 'apt-get -qq update; apt-get -qq -y --no-install-recommends -o DPkg::Lock::Timeout=120 install "$1"' \
        sh "${2:-$1}" </dev/null >/dev/null 2>&1 || :
    command -v "$1" >/dev/null
}
