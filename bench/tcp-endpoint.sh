#!/bin/bash
# tcp-endpoint: TCP that ends in hopd, by its small services: bulk to discard,
# bulk from chargen, with one stream and with eight, one byte to echo and back;
# beside the kernel over veth, gVisor on one end of a veth, and lwIP on a TAP of
# its own.
# pasta and slirp4netns end TCP, too, and hand the bytes to the kernel's.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=lib_path.sh
. "$(dirname "$0")/lib_path.sh"
bench_start "$@"

declare -A target=()	# whom the client asks

make_hopd()
{
	# shellcheck disable=SC2119	# no options
	end_hopd <<-END
		inetd add echo
		inetd add discard
		inetd add chargen
	END
}

make_kernel()
{
	ns_add kernel-a kernel-b
	veth kernel-a a0 10.1.0.2/24 kernel-b b0 10.1.0.1/24
	spawn_in kernel-b "${on_far[@]}" "$build/bench/rr" -s
}

# Its device has no address of the kernel's, and the kernel does not answer.
make_gvisor()
{
	ns_add gvisor-a gvisor-b
	veth gvisor-a a0 10.1.0.2/24 gvisor-b b0 -
	spawn_in gvisor-b "${on_mid[@]}" "$tmp/gvisor_end" b0 10.1.0.1
	path_pid[gvisor]=$spawned
}

make_lwip()
{
	ns_add lwip-a
	spawn_in lwip-a "${on_mid[@]}" "$tmp/lwip_end" a0 10.1.0.1
	path_pid[lwip]=$spawned
	await 5 ip -n "$(ns_name lwip-a)" link show a0
	device_up lwip-a a0 10.1.0.2/24
}

# A namespace that pasta or slirp4netns takes for the host.
make_host()	# PEER
{
	ns_add "$1-a" "$1-b"
	in_ns "$1-b" ip link add up0 type veth peer name up1
	device_up "$1-b" up0 192.0.2.2/24
	device_up "$1-b" up1 -
	in_ns "$1-b" ip route add default via 192.0.2.1
	spawn_in "$1-b" "${on_far[@]}" "$build/bench/rr" -s
}

make_pasta()
{
	make_host pasta
	spawn_in pasta-b "${on_mid[@]}" pasta -f -q --runas 0:0 --config-net \
	    -m 1500 -I a0 -4 -a 10.1.0.2 -n 24 -g 10.1.0.1 -t none -u none \
	    -T none -U none --netns "/run/netns/$(ns_name pasta-a)"
	path_pid[pasta]=$spawned
}

make_slirp4netns()
{
	make_host slirp4netns
	spawn_in slirp4netns-b "${on_mid[@]}" slirp4netns --configure \
	    --mtu=1500 --netns-type=path \
	    "/run/netns/$(ns_name slirp4netns-a)" a0
	path_pid[slirp4netns]=$spawned
	target[slirp4netns]=10.0.2.2
}

run()	# PEER; $how, $port, $scale, $streams
{
	local got i

	path_mark "$1"
	got=$(for ((i = 0; i < streams; i++)); do
		client "$1-a" "$build/bench/rr" "${how[@]}" \
		    "${target[$1]}" "$port" "$seconds" &
	done; wait)
	[ "$(echo "$got" | grep -c .)" = "$streams" ] || return
	# shellcheck disable=SC2046
	sample $(echo "$got" | awk '{ sum += $1; p99 = $2 }
	    END { print sum (p99 != "" ? " p99=" p99 : "") }') \
	    $(path_used "$1")
}

# Adds lwip to the peers if its library is there.
lwip_build()
{
	local -a flags libs

	read -ra flags < <(pkg-config --cflags lwip 2>/dev/null)
	read -ra libs < <(pkg-config --libs lwip 2>/dev/null)
	if [ ${#libs[@]} -gt 0 ] && ${CC:-cc} -O2 -D_GNU_SOURCE \
	    "${flags[@]}" -o "$tmp/lwip_end" bench/lwip_end.c "${libs[@]}"; then
		peers+=(lwip)
	else
		say 'liblwip-dev is not installed: without lwip'
	fi
}

# Adds gvisor to the peers if Go and its sources are there, where Debian's
# golang-gvisor-gvisor-dev has them.
gvisor_build()
{
	local go=/usr/share/gocode

	if ! have go || ! [ -d $go/src/gvisor.dev ]; then
		say 'golang-gvisor-gvisor-dev is not installed: without gvisor'
	elif GOPATH=$go GO111MODULE=off go build -o "$tmp/gvisor_end" \
	    bench/gvisor_end.go; then
		peers+=(gvisor)
	fi
}

peers=(hopd kernel)
gvisor_build
lwip_build
peer_if pasta pasta
peer_if slirp4netns slirp4netns
for peer in "${peers[@]}"; do
	target[$peer]=10.1.0.1
	"make_$peer"
	answers "$peer-a" "${target[$peer]}" 7 || die "$peer does not answer"
done
streams=1 how=(-u) port=9
compare 'bulk to it' Gbit/s more run "${peers[@]}"
how=(-d) port=19
compare 'bulk from it' Gbit/s more run "${peers[@]}"
streams=8 how=(-u) port=9
compare 'bulk to it, 8 streams' Gbit/s more run hopd kernel
how=(-d) port=19
compare 'bulk from it, 8 streams' Gbit/s more run hopd kernel
streams=1 how=() port=7
compare 'one byte there and back' us less run "${peers[@]}"
bench_end
