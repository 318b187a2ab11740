#!/bin/bash
# route-latency: round trips from one namespace to another, one at a time:
# ping -f, and one byte over TCP.  The figure is the median of a run, "p99" its
# 99th percentile.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=lib_path.sh
. "$(dirname "$0")/lib_path.sh"
bench_start "$@"

run_ping()	# NAME of a path
{
	# What -f does, without leaving out the times.
	client "$1-a" ping -n -i 0 -w "$seconds" 10.2.0.2 |
	    sed -n 's/.* time=\([0-9.]*\) ms/\1/p' | sort -n >"$tmp/times"
	# shellcheck disable=SC2046
	sample $(awk '{ t[NR] = $1 * 1000 }
	    END { printf "%s p99=%s", t[int((NR + 1) / 2)],
	    t[NR - int(NR / 100)] }' "$tmp/times")
}

run_tcp()	# NAME of a path
{
	local got

	got=$(client "$1-a" "$build/bench/rr" 10.2.0.2 7 \
	    "$seconds") || return
	# shellcheck disable=SC2046
	sample $(echo "$got" | awk '{ print $1, "p99=" $2 }')
}

for peer in hopd relay kernel; do
	path_make $peer $peer
	spawn_in $peer-b "${on_far[@]}" "$build/bench/rr" -s
done
compare 'ping -f' us less run_ping hopd relay kernel
compare 'one byte over TCP' us less run_tcp hopd relay kernel
bench_end
