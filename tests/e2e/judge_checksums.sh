#!/bin/sh
# tcpdump on both sides finds no bad checksum: in what hopd forwards, in what
# it cuts, and in what it says itself.
#
#	a 10.81.0.2 --tapa-- 10.81.0.1 hopd 10.82.0.1 --tapb-- b --veth-- c
#	                               (MTU 1400)       10.82.0.2     10.83.0.2
#
# Where a device completes checksums, a capture shows the unfinished ones of
# its own side as wrong.  So the hosts' offloads are off, and hopd gets and
# gives whole checksums; but its own UDP it leaves to its devices, and who
# looks at that is c, behind one hop more.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

for tool in tcpdump ethtool ping curl; do
	command -v $tool >/dev/null || skip_all "needs $tool"
done
need ns_add c
two_sides <<END
route add 10.83.0.0/24 via 10.82.0.2
inetd add echo
inetd add daytime
inetd add chargen
END
need in_ns b sysctl -q -w net.ipv4.ip_forward=1
need in_ns b ip link add vethb type veth peer name vethc \
    netns "$(ns_name c)"
need in_ns b ip addr add 10.83.0.1/24 dev vethb
need in_ns b ip link set vethb up
need in_ns b ethtool -K vethb tx off
need in_ns c ip addr add 10.83.0.2/24 dev vethc
need in_ns c ip link set vethc up
need in_ns c ip route add default via 10.83.0.1
for at in a:tapa b:tapb c:vethc; do
	in_ns ${at%:*} ethtool -K ${at#*:} tx off rx off tso off gso off \
	    gro off >"$tmp/ethtool" 2>&1
	in_ns ${at%:*} tcpdump -vv -n -l -s 0 -i ${at#*:} ip or arp \
	    >"$tmp/${at%:*}.dump" 2>"$tmp/${at%:*}.said" &
	pids="$pids $!"
	need await 10 grep -q 'listening on' "$tmp/${at%:*}.said"
done

# A datagram to hopd's small services; bash has the socket.
datagram()	# ADDRESS PORT TEXT
{
	in_ns a timeout 2 bash -c "exec 3<>/dev/udp/$1/$2 &&
	    printf %s '$3' >&3 && dd bs=2000 count=1 <&3 2>/dev/null"
}

try 'pings' in_ns a ping -n -q -c 3 -i 0.05 10.82.0.2
try 'pings to be cut' in_ns a ping -n -q -c 2 -i 0.05 -M dont -s 1472 10.82.0.2
try 'pings in fragments' in_ns a ping -n -q -c 2 -i 0.05 -s 5001 10.82.0.2
try 'pings to hopd' in_ns a ping -n -q -c 2 -i 0.05 -s 5001 10.81.0.1
try 'record route' in_ns a ping -n -q -c 1 -R 10.81.0.1
try 'timestamps' in_ns a ping -n -q -c 1 -T tsandaddr 10.82.0.2
try 'UDP echo' datagram 10.81.0.1 7 'odd bytes'
try 'comes back' matches 'odd bytes'
try 'daytime' datagram 10.81.0.1 13 x
try 'chargen' datagram 10.81.0.1 19 x
datagram 10.81.0.1 9999 'port unreachable' >/dev/null 2>&1
in_ns a ping -n -c 1 -W 1 -t 1 10.82.0.2 >/dev/null 2>&1
in_ns a ping -n -c 1 -W 1 -M 'do' -s 1450 10.82.0.2 >/dev/null 2>&1
in_ns a curl -s -m 2 http://10.81.0.1:81/ >/dev/null 2>&1
try 'hopctl ping' hopctl ping 10.82.0.2 count 2 interval 50ms
try 'hopctl traceroute' hopctl traceroute 10.83.0.2 queries 1
try 'ping to c' in_ns a ping -n -q -c 2 -i 0.05 10.83.0.2
if has iperf3; then
	in_ns b timeout 20 iperf3 -s -1 >/dev/null 2>&1 &
	pids="$pids $!"
	await 5 in_ns b sh -c 'ss -ltn | grep -q :5201'
	try 'TCP' in_ns a timeout 20 iperf3 -c 10.82.0.2 --bytes 1M
fi

# Sums that are not right; $own: those that hopd's device would complete.
no_bad_checksum()	# SIDE
{
	_own='^ *10\.8[12]\.0\.1\.[0-9]+ > .*bad udp cksum'
	[ "$1" != c ] || _own='^$'
	! grep -E 'bad (udp )?cksum|wrong icmp|incorrect' "$tmp/$1.dump" |
	    grep -Ev "$_own" | grep .
}

# Each side has seen its last packets.
in_ns a ping -n -q -c 1 -p 77 -s 77 10.83.0.2 >/dev/null
for side in a b c; do
	await 5 grep -q 'length 85' "$tmp/$side.dump"
	try "$side saw packets" sh -c "[ \$(grep -c 'proto' \
	    '$tmp/$side.dump') -gt 8 ]"
	try "$side saw no bad checksum" no_bad_checksum $side
done
try 'c saw right UDP sums of hopd' matches \
    '10\.82\.0\.1.* > 10\.83\.0\.2.*udp sum ok' "$tmp/c.dump"
try 'a saw right TCP sums' matches 'cksum 0x[0-9a-f]+ \(correct\)' \
    "$tmp/a.dump"
try 'a saw a port unreachable' matches 'udp port 9999 unreachable' \
    "$tmp/a.dump"
try 'a saw the MTU' matches 'need to frag \(mtu 1400\)' "$tmp/a.dump"
try 'a saw the time exceeded' matches 'time exceeded in-transit' \
    "$tmp/a.dump"
finish
