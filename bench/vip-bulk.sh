#!/bin/bash
# vip-bulk: one big download and one big upload through a virtual address; the
# peers are those of vip-http.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=lib_path.sh
. "$(dirname "$0")/lib_path.sh"
# shellcheck source=lib_vip.sh
. "$(dirname "$0")/lib_vip.sh"
bench_start "$@"
need_tool nginx iperf3

run()	# PEER; $way
{
	local got

	path_mark "$1"
	got=$(client "$1-a" iperf3 -c "${vip_addr[$1]}" \
	    -t "$seconds" -f m -i 0 "${way[@]}") || return
	# shellcheck disable=SC2046
	sample $(echo "$got" | awk '/receiver/ { sub(/ Mbits.*/, "")
	    sub(/.* /, ""); print $0 / 1000 }') $(path_used "$1")
}

vip_peers
way=(-R)
compare download Gbit/s more run "${peers[@]}"
way=()
compare upload Gbit/s more run "${peers[@]}"
bench_end
