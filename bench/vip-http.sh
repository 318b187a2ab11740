#!/bin/bash
# vip-http: requests a second over 64 connections that stay open, through a
# virtual address: hopd's modes, nftables DNAT, haproxy in TCP mode, and no
# balancer.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=lib_path.sh
. "$(dirname "$0")/lib_path.sh"
# shellcheck source=lib_vip.sh
. "$(dirname "$0")/lib_vip.sh"
bench_start "$@"
need_tool nginx wrk

run()	# PEER
{
	local got

	path_mark "$1"
	got=$(client "$1-a" wrk -t 1 -c 64 -d "$seconds" \
	    "http://${vip_addr[$1]}/") || return
	# shellcheck disable=SC2046
	sample $(echo "$got" | awk '/Requests\/sec/ { r = $2 }
	    /Non-2xx|Socket errors/ { bad = 1 }
	    END { if (!bad) print r }') $(path_used "$1")
}

vip_peers
compare '64 connections' requests/s more run "${peers[@]}"
bench_end
