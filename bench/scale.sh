#!/bin/bash
# scale: what a packet costs as tables grow: the stack alone, without system
# calls, in nanoseconds of the processor; packets go everywhere at random.
# "open" is the packet that makes a flow or a connection, "bytes" the memory of
# each route, service, server, flow or connection.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
bench_start "$@"
make -s -C "$build" bench/flow_scale || die 'flow_scale does not build'

# Runs a program of bench/ and makes a sample of the first line that the
# pattern fits.
take()		# PATTERN REPLACEMENT PROGRAM ARGUMENTS...
{
	local pattern=$1 replacement=$2 program=$3

	shift 3
	"${on_mid[@]}" "$build/bench/$program" "$@" >"$tmp/out" || return
	# shellcheck disable=SC2046
	sample $(sed -nE "s/^$pattern/$replacement/p" "$tmp/out" | head -n 1)
}

n=' *([0-9.]+)'		# a number

with_routes()	# COUNT
{
	take "$n$n$n" '\1 bytes=\3' scale routes "$1" "$tmp/routes"
}

with_services()	# COUNT
{
	take "$n$n$n" '\1 open=\2 bytes=\3' scale services "$1"
}

with_servers()	# COUNT; $sched
{
	take "$n$n$n" '\1 open=\2 bytes=\3' scale servers "$1" \
	    "$sched"
}

# "1000 flows: 139 bytes each, open 830 ns, ... packet in 366 ns, out 383 ns"
with_flows()	# COUNT
{
	take ".*:$n bytes.*open$n.*in$n ns, out$n.*" \
	    '\3 out=\4 open=\2 bytes=\1' flow_scale "$1"
}

# "1000 connections: 554 bytes each, open 1414 ns, segment in and its ACK 678"
with_connections()	# COUNT
{
	take ".*:$n bytes.*open$n.*ACK$n.*" \
	    '\3 open=\2 bytes=\1' tcp_scale "$1"
}

bench/routes "$tmp/all"
grep -Ev '^(10|169\.254|192\.168|172\.(1[6-9]|2[0-9]|3[01]))\.' "$tmp/all" |
    shuf --random-source=<(yes) >"$tmp/routes"
grow 'routes: a packet forwarded' ns less with_routes 1 1000 100000 \
    "$(wc -l <"$tmp/routes")"
grow 'services: a packet through NAT' ns less with_services 1 100 10000
for sched in rr wlc maglev; do
	grow "servers, $sched: a packet through NAT" ns less with_servers \
	    2 32 1000
done
grow 'flows: a segment through NAT' ns less with_flows 1000 4000000
grow 'TCP connections: a segment in and its ACK' ns less with_connections \
    1 1000 1000000
bench_end
