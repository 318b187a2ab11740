#!/bin/bash
# nat-pps: frames of 60 bytes to a virtual UDP service, of 1 and of 1000 flows:
# hopd's NAT and DR beside nftables DNAT in the kernel's router.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=lib_path.sh
. "$(dirname "$0")/lib_path.sh"
bench_start "$@"

run()	# NAME of a path; $flows
{
	path_blast "$1" 10.1.0.100 9 -f "$flows"
}

peers=()
for mode in nat dr; do
	# shellcheck disable=SC2034
	path_conf="addr add 10.1.0.100/32 dev a0
service add udp 10.1.0.100:9 sched rr
server add udp 10.1.0.100:9 10.2.0.9:9 mode $mode"
	path_make hopd hopd-$mode
	peers+=("hopd-$mode")
done
peer_if nft nftables
if [ ${#peers[@]} = 3 ]; then
	path_make kernel nftables
	in_ns nftables-r nft -f - <<-'END' || die 'nft failed'
	table ip nat {
		chain pre {
			type nat hook prerouting priority dstnat;
			ip daddr 10.1.0.100 udp dport 9 dnat to 10.2.0.9:9
		}
	}
	END
fi
for flows in 1 1000; do
	compare "$flows flows" 'thousand frames/s' more run "${peers[@]}"
done
bench_end
