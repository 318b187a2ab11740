# shellcheck shell=bash disable=SC2034,SC2154
# lib_path.sh - three ways from one namespace to another, side by side.
#
#	. "$(dirname "$0")/lib_path.sh"	(after lib.sh)
#	path_make hopd|relay|kernel NAME [FILE OF ROUTES]
#
# Makes the nodes NAME-a and NAME-b, with devices a0 and b0:
#
#	NAME-a 10.1.0.2 --a0--  hopd, routing over two TAPs  --b0-- 10.2.0.2 NAME-b
#	                        the bare relay of tap_relay.c
#	                        the kernel, routing over veth (NAME-r)
#
# $path_conf is added to the configuration of a hopd.
#
# The far side has a second router, 10.2.0.9, at a MAC address that nobody
# has: what goes there has reached the device and is dropped at once.

sink_mac=02:00:00:00:00:99
path_conf=
declare -A path_pid=()		# the process that moves the frames, if any
declare -A path_mac=()		# where the near side sends

path_make()	# hopd|relay|kernel NAME [FILE OF ROUTES]
{
	ns_add "$2-a" "$2-b"
	"path_$1" "$2" "${3:-}" || die "cannot make the path $2"
	in_ns "$2-a" ip route add 10.2.0.0/24 dev a0 via "$(near_router "$1")" \
	    onlink
	in_ns "$2-b" ip route add 10.1.0.0/24 dev b0 via "$(far_router "$1")" \
	    onlink
	await 5 nsenter --net="/run/netns/$(ns_name "$2-a")" -- \
	    ping -c 1 -W 1 10.2.0.2 ||
	    die "$2-b does not answer"
}

# The next hop of each end: the other end where nothing routes.
near_router()	# KIND
{
	case $1 in
	relay | cable)	echo 10.2.0.2 ;;
	*)		echo 10.1.0.1 ;;
	esac
}

far_router()	# KIND
{
	case $1 in
	relay | cable)	echo 10.1.0.2 ;;
	*)		echo 10.2.0.1 ;;
	esac
}

ends_up()	# NAME
{
	device_up "$1-a" a0 10.1.0.2/24 && device_up "$1-b" b0 10.2.0.2/24
}

path_hopd()	# NAME [FILE OF ROUTES]
{
	{
		echo "port add a0 netns $(ns_name "$1-a") mac 02:00:00:00:00:01"
		echo "port add b0 netns $(ns_name "$1-b") mac 02:00:00:00:00:02"
		echo 'addr add 10.1.0.1/24 dev a0'
		echo 'addr add 10.2.0.1/24 dev b0'
		echo "neigh add 10.2.0.9 mac $sink_mac dev b0"
		printf '%s\n' "$path_conf"
		if [ -z "$2" ]; then
			echo 'route add 198.18.0.0/15 via 10.2.0.9'
		else
			sed 's/.*/route add & via 10.2.0.9/' "$2"
		fi
	} >"$tmp/$1.in"
	hopd_start "$1" <"$tmp/$1.in"
	path_pid[$1]=$(worker_of "$1")
	path_mac[$1]=02:00:00:00:00:01
	ends_up "$1"
}

# The end of a way instead: hopd-a is 10.1.0.2, hopd itself 10.1.0.1; what else
# it has comes on standard input.
end_hopd()	# [OPTIONS OF hopd...]
{
	ns_add hopd-a
	{
		echo "port add a0 netns $(ns_name hopd-a)"
		echo 'addr add 10.1.0.1/24 dev a0'
		cat
	} >"$tmp/hopd.in"
	hopd_start hopd "$@" <"$tmp/hopd.in"
	path_pid[hopd]=$(worker_of hopd)
	device_up hopd-a a0 10.1.0.2/24
}

path_relay()	# NAME
{
	spawn "${on_mid[@]}" "$build/bench/tap_relay" \
	    "$(ns_name "$1-a")/a0" "$(ns_name "$1-b")/b0"
	path_pid[$1]=$spawned
	path_mac[$1]=$sink_mac
	await 5 ip -n "$(ns_name "$1-b")" link show b0 && ends_up "$1"
}

path_kernel()	# NAME [FILE OF ROUTES]
{
	ns_add "$1-r"
	veth "$1-a" a0 - "$1-r" r0 10.1.0.1/24 &&
	    veth "$1-b" b0 - "$1-r" r1 10.2.0.1/24 && ends_up "$1" &&
	    in_ns "$1-r" sh -c 'echo 1 >/proc/sys/net/ipv4/ip_forward' &&
	    in_ns "$1-r" ip neigh add 10.2.0.9 lladdr $sink_mac dev r1 ||
	    return 1
	path_mac[$1]=$(in_ns "$1-r" ip -o link show r0 |
	    sed 's/.*ether \([^ ]*\).*/\1/')
	if [ -z "$2" ]; then
		in_ns "$1-r" ip route add 198.18.0.0/15 via 10.2.0.9
	else
		sed 's/.*/route add & via 10.2.0.9/' "$2" |
		    in_ns "$1-r" ip -batch -
	fi
}

# The CPU time of what moves the frames, around a run.
path_mark()	# NAME
{
	[ -z "${path_pid[$1]:-}" ] || cpu_mark "${path_pid[$1]}"
}

path_used()	# NAME
{
	[ -z "${path_pid[$1]:-}" ] || cpu_used "${path_pid[$1]}"
}

# Small frames through a path to TARGET and PORT: a sample of thousands a
# second.
path_blast()	# NAME TARGET PORT [OPTIONS OF blast]
{
	local name=$1 target=$2 port=$3 got

	shift 3
	path_mark "$name"
	got=$(client "$name-a" "$build/bench/blast" "$@" a0 \
	    "${path_mac[$name]}" 10.1.0.2 "$target" "$port" \
	    "$(ns_name "$name-b")/b0" "$seconds") || return
	# shellcheck disable=SC2046
	sample $(echo "$got" | awk '{ printf "%.1f offered=%.1f", $1 / 1000,
	    $2 / 1000 }') $(path_used "$name")
}
