#!/bin/bash
# ipvs: hopd's NAT, DR and TUN beside the kernel's IPVS: frames of 60 bytes to a
# virtual UDP service, 1000 flows; and at a rate that both can do, the time of
# all processors that a frame costs, its generator's included.
#
# Where the kernel has no IPVS, HOPD_IPVS_GUEST names a program that runs a
# command in a virtual machine whose kernel has it, on this machine's files:
#
#	GUEST -t SECONDS -o DIRECTORY COMMAND...	DIRECTORY is /out there
#
# HOPD_IPVS_RATE  frames a second of the second comparison
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=lib_path.sh
. "$(dirname "$0")/lib_path.sh"
bench_start "$@"
need_tool ipvsadm

in_guest()
{
	local out=$tmp/out

	mkdir "$out"
	"$HOPD_IPVS_GUEST" -t 1200 -o "$out" env HOPD_IPVS_INSIDE=yes \
	    HOPD_BUILD="$build" HOPD_ROUNDS="$rounds" \
	    HOPD_SECONDS="$seconds" HOPD_IPVS_RATE="${HOPD_IPVS_RATE:-20000}" \
	    "$PWD/bench/ipvs.sh" /out/json || failed=1
	cat "$out/json" >>"$json"
	bench_end
}

# One may be made for every namespace.
if ! [ -e /proc/net/ip_vs ] && ! modprobe -q ip_vs; then
	if [ -n "${HOPD_IPVS_INSIDE:-}" ] || [ -z "${HOPD_IPVS_GUEST:-}" ]; then
		say 'no IPVS in this kernel, no HOPD_IPVS_GUEST: left out'
		exit 0
	fi
	in_guest
fi

make_hopd()	# MODE
{
	# shellcheck disable=SC2034
	path_conf="addr add 10.1.0.100/32 dev a0
service add udp 10.1.0.100:9 sched rr
server add udp 10.1.0.100:9 10.2.0.9:9 mode $1"
	path_make hopd "hopd-$1"
}

make_ipvs()	# MODE
{
	local node=ipvs-$1-r
	local -A how=([nat]=-m [dr]=-g [tun]=-i)

	path_make kernel "ipvs-$1"
	in_ns "$node" ip addr add 10.1.0.100/32 dev r0
	in_ns "$node" ipvsadm -A -u 10.1.0.100:9 -s rr
	in_ns "$node" ipvsadm -a -u 10.1.0.100:9 -r 10.2.0.9:9 "${how[$1]}" ||
	    die "ipvsadm: no $1"
}

run()	# NAME of a path
{
	path_blast "$1" 10.1.0.100 9 -f 1000
}

run_paced()	# NAME of a path
{
	local got

	machine_mark
	got=$(client "$1-a" "$build/bench/blast" -f 1000 \
	    -r "${HOPD_IPVS_RATE:-100000}" a0 "${path_mac[$1]}" 10.1.0.2 \
	    10.1.0.100 9 "$(ns_name "$1-b")/b0" "$seconds") || return
	# Frames of the warm-up cost, too.
	# shellcheck disable=SC2046
	sample $(echo "$got" | awk -v us="$(machine_used_us)" \
	    -v s="$seconds" '{ printf "%.2f kfps=%.1f", us / $1 / (s + 0.2),
	    $1 / 1000 }')
}

for mode in nat dr tun; do
	make_hopd $mode
	make_ipvs $mode
	compare "$mode" 'thousand frames/s' more run hopd-$mode ipvs-$mode
	compare "$mode, CPU time of a frame" us less run_paced \
	    hopd-$mode ipvs-$mode
done
bench_end
