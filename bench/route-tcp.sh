#!/bin/bash
# route-tcp: iperf3 from one namespace to another, 1 and 8 streams, MTU 1500.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=lib_path.sh
. "$(dirname "$0")/lib_path.sh"
bench_start "$@"
need_tool iperf3

run()	# NAME of a path; $streams
{
	local got

	path_mark "$1"
	got=$(client "$1-a" iperf3 \
	    -c 10.2.0.2 -P "$streams" -t "$seconds" -f m -i 0) || return
	# shellcheck disable=SC2046
	sample $(echo "$got" | awk '/receiver/ { v = $0
	    sub(/ Mbits.*/, "", v); sub(/.* /, "", v); last = v / 1000 }
	    END { print last }') $(path_used "$1")
}

for peer in hopd relay kernel; do
	path_make $peer $peer
	spawn_in $peer-b "${on_far[@]}" iperf3 -s
	answers $peer-b 10.2.0.2 5201
done
for streams in 1 8; do
	compare "$streams streams" Gbit/s more run hopd relay kernel
done
bench_end
