#!/bin/bash
# vip-conns: connections a second, one request each, 64 at a time, through a
# virtual address; the peers are those of vip-http.  "failed" counts in a run.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=lib_path.sh
. "$(dirname "$0")/lib_path.sh"
# shellcheck source=lib_vip.sh
. "$(dirname "$0")/lib_vip.sh"
bench_start "$@"
need_tool nginx

run()	# PEER
{
	local got

	path_mark "$1"
	got=$(client "$1-a" "$build/bench/rr" -c 64 \
	    "${vip_addr[$1]}" 80 "$seconds") || return
	# shellcheck disable=SC2046
	sample $(echo "$got" | awk '{ print $1, "failed=" $2 }') \
	    $(path_used "$1")
}

vip_peers
compare '64 at a time' connections/s more run "${peers[@]}"
bench_end
