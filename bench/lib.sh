# shellcheck shell=bash disable=SC2034
# lib.sh - what every measurement stands on.
#
#	. "$(dirname "$0")/lib.sh"
#	bench_start "$@"
#	ns_add a; hopd_start r r.conf; ...
#	compare 'one stream' Gbit/s more run_stream hopd relay kernel
#	bench_end
#
# A measurement is a bash script that needs root, works only in network
# namespaces of its own name and cleans up on every way out.  Its argument, if
# any, is a file for JSON: one flat object a line.
#
# `compare` takes the peers in turn, A B C A B C, as many rounds as HOPD_ROUNDS
# says, so that what disturbs the machine disturbs all of them.  What it runs
# for a peer ends with `sample VALUE [KEY=VALUE...]`.  It prints medians and
# extremes, and last, for every peer whose name begins with "hopd", its ratio
# to each of the others: above 1 hopd is better, whatever the unit.
#
# HOPD_ROUNDS    rounds (5)
# HOPD_SECONDS   of one run (2)
# HOPD_BUILD     where hopd was built (build)
# HOPD_CPUS      "GENERATOR MIDDLE RECEIVER": the processor of each, for all
#                peers alike; "-" leaves it to the kernel

set -u
cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit 1
bench=$(basename "$0" .sh)
build=$(realpath -m "${HOPD_BUILD:-build}")
rounds=${HOPD_ROUNDS:-5}
seconds=${HOPD_SECONDS:-2}
bench_id=hopd-bench-$$
json=/dev/null
tmp=
failed=0		# of this script: its exit status
declare -a pids=()	# processes started
declare -a netns=()	# namespaces made
declare -A keeper=()	# of the hopd of that name
export LC_ALL=C
unset HOPD_SOCKET

say()
{
	echo "$bench: $*"
}

die()
{
	echo "$bench: $*" >&2
	exit 1
}

cleanup()
{
	local pid ns

	trap - EXIT
	trap '' INT TERM HUP PIPE
	for pid in "${pids[@]}"; do
		kill "$pid" 2>/dev/null && wait "$pid" 2>/dev/null
	done
	for ns in "${netns[@]}"; do
		ip netns del "$ns"
	done
	[ -z "$tmp" ] || rm -rf "$tmp"
}

bench_start()	# [JSON FILE]
{
	[ "$(id -u)" = 0 ] || die 'needs root, for network namespaces'
	[ -x "$build/bench/blast" ] || die "nothing in $build: ./bootstrap build"
	[ $# = 0 ] || json=$(realpath "$1")
	: >>"$json"
	trap cleanup EXIT
	trap 'exit 1' INT TERM HUP PIPE
	tmp=$(mktemp -d "/tmp/$bench_id.XXXXXX")
	cpus_choose
}

bench_end()
{
	exit $failed
}

# ---- peers that may be missing ---------------------------------------------

have()		# COMMAND: is it installed?
{
	command -v "$1" >/dev/null
}

# Adds PEER to the array `peers` if COMMAND is there; else says so.
peer_if()	# COMMAND PEER
{
	if have "$1"; then
		peers+=("$2")
	else
		say "$1 is not installed: without $2"
	fi
}

need_tool()	# COMMAND...; nothing can be measured without it
{
	local tool

	for tool; do
		have "$tool" || {
			say "$tool is not installed: left out"
			exit 0
		}
	done
}

# ---- processors ------------------------------------------------------------

# Generator, what is measured, and receiver have a processor each; with two,
# the receiver sits with what is measured: the kernel's own router runs where
# its sender does, and so has both processors, too.  ${on_gen[@]}, ${on_mid[@]}
# and ${on_far[@]} stand in front of a command.
cpus_choose()
{
	local n gen mid far

	on_gen=() on_mid=() on_far=()
	[ "${HOPD_CPUS:-}" != - ] && have taskset || return 0
	n=$(nproc)
	gen=0 mid=$((n > 1)) far=$((n > 2 ? 2 : n > 1))
	[ -z "${HOPD_CPUS:-}" ] || read -r gen mid far <<<"$HOPD_CPUS"
	on_gen=(taskset -c "$gen")
	on_mid=(taskset -c "$mid")
	on_far=(taskset -c "$far")
}

# ---- namespaces, processes -------------------------------------------------

ns_name()	# NODE
{
	echo "$bench_id-$1"
}

ns_add()	# NODE...
{
	local node ns

	for node; do
		ns=$(ns_name "$node")
		ip netns add "$ns" || die "cannot make namespace $ns"
		netns+=("$ns")
		in_ns "$node" ip link set lo up
		# Nothing but what the measurement sends, and one congestion
		# control for everybody.
		in_ns "$node" sh -c 'cd /proc/sys/net
		    echo 1 >ipv6/conf/default/disable_ipv6
		    echo cubic >ipv4/tcp_congestion_control' 2>/dev/null
	done
}

in_ns()		# NODE COMMAND...
{
	local ns

	ns=$(ns_name "$1")
	shift
	nsenter --net="/run/netns/$ns" -- "$@"
}

# A client or generator: on its processor, and not for ever.
client()	# NODE COMMAND...
{
	local ns

	ns=$(ns_name "$1")
	shift
	timeout -k 1 $((seconds + 10)) nsenter --net="/run/netns/$ns" -- \
	    "${on_gen[@]}" "$@"
}

# A link between two nodes.
veth()		# NODE DEVICE ADDRESS|- NODE DEVICE ADDRESS|-
{
	ip link add "$2" netns "$(ns_name "$1")" type veth \
	    peer name "$5" netns "$(ns_name "$4")" &&
	    device_up "$1" "$2" "$3" && device_up "$4" "$5" "$6"
}

device_up()	# NODE DEVICE ADDRESS|-
{
	in_ns "$1" ip link set "$2" up || return 1
	[ "$3" = - ] || in_ns "$1" ip addr add "$3" dev "$2"
}

# Starts a program in the background; $spawned is its process.
spawn()		# COMMAND...
{
	"$@" >>"$tmp/spawn.log" 2>&1 </dev/null &
	spawned=$!
	pids+=("$spawned")
}

spawn_in()	# NODE COMMAND...
{
	local ns

	ns=$(ns_name "$1")
	shift
	spawn nsenter --net="/run/netns/$ns" -- "$@"
}

stop()		# PID
{
	kill "$1" 2>/dev/null && wait "$1" 2>/dev/null
	return 0
}

await()		# SECONDS COMMAND...
{
	local end=$((SECONDS + $1))

	shift
	until timeout 2 "$@" >/dev/null 2>&1; do
		[ $SECONDS -le $end ] || return 1
		sleep 0.05
	done
}

answers()	# NODE ADDRESS PORT
{
	await 5 nsenter --net="/run/netns/$(ns_name "$1")" -- \
	    bash -c "exec 3<>/dev/tcp/$2/$3"
}

# Starts a hopd with the configuration on standard input; it is then spoken to
# by `ctl NAME WORDS...`.
hopd_start()	# NAME [OPTIONS...]
{
	local name=$1

	shift
	cat >"$tmp/$name.conf"
	spawn "${on_mid[@]}" "$build/hopd" -S "$tmp/$name.sock" \
	    -f "$tmp/$name.conf" "$@"
	keeper[$name]=$spawned
	await 60 "$build/hopctl" -S "$tmp/$name.sock" summary || {
		tail -n 5 "$tmp/spawn.log" >&2
		die "hopd $name did not start"
	}
}

hopd_stop()	# NAME
{
	stop "${keeper[$1]}"
}

ctl()		# NAME WORDS...
{
	local name=$1

	shift
	"$build/hopctl" -S "$tmp/$name.sock" "$@"
}

worker_of()	# NAME; the process that moves the frames
{
	local list

	read -ra list <"/proc/${keeper[$1]}/task/${keeper[$1]}/children"
	echo "${list[0]}"
}

# ---- CPU time --------------------------------------------------------------

# cpu_mark PID, then cpu_used PID: "user=PERCENT busy=PERCENT", the share of
# user space in its CPU time and its CPU time a second of the clock.
cpu_mark()	# PID
{
	mark=$(cpu_ticks "$1")
}

cpu_ticks()	# PID
{
	echo "$(sed 's/.*) //' "/proc/$1/stat" | cut -d' ' -f12,13)" \
	    "$EPOCHREALTIME"
}

cpu_used()	# PID
{
	echo "$mark $(cpu_ticks "$1") $(getconf CLK_TCK)" | awk '{
		user = $4 - $1; all = user + $5 - $2
		printf "user=%.1f busy=%.0f\n", all ? 100 * user / all : 0,
		    100 * all / $7 / ($6 - $3)
	}'
}

# The same for the whole machine: microseconds of all its processors that were
# not idle, since machine_mark.
machine_mark()
{
	mark=$(machine_ticks)
}

machine_ticks()
{
	awk '$1 == "cpu" { print $2 + $3 + $4 + $7 + $8 }' /proc/stat
}

machine_used_us()
{
	echo $((($(machine_ticks) - mark) * 1000000 / $(getconf CLK_TCK)))
}

# ---- comparing -------------------------------------------------------------

# What a run found, for the peer it was run for.
sample()	# VALUE [KEY=VALUE...]
{
	case $1 in
	'' | *[!0-9.eE+-]*)	return 1 ;;
	esac
	echo "$sampled $*" >>"$tmp/samples"
}

# Runs COMMAND PEER for each PEER in turn, and shows what came out.
compare()	# TITLE UNIT more|less COMMAND PEER...
{
	rounds_of peers "$@"
}

# The same with numbers in place of peers: how VALUE grows with them.
grow()		# TITLE UNIT more|less COMMAND NUMBER...
{
	rounds_of growth "$@"
}

rounds_of()	# KIND TITLE UNIT more|less COMMAND PEER...
{
	local kind=$1 title=$2 unit=$3 better=$4 command=$5 round

	shift 5
	: >"$tmp/samples"
	for ((round = 1; round <= rounds; round++)); do
		for sampled; do
			"$command" "$sampled" 2>"$tmp/errors" && continue
			# A peer that stalls is not our failure.
			case $kind-$sampled in
			growth-* | peers-hopd*)	failed=1 ;;
			esac
			say "$title: $sampled failed in round $round" >&2
			sed 's/^/    /' "$tmp/errors" >&2
		done
	done
	awk -f bench/table.awk -v kind="$kind" -v bench="$bench" \
	    -v title="$title" -v unit="$unit" -v better="$better" \
	    -v order="$*" -v json="$json" "$tmp/samples"
}
