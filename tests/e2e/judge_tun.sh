#!/bin/sh
# A TUN port: bare IP packets, no Ethernet, no ARP; the same offloads.
#
#	a 10.81.0.2 ==tuna== 10.81.0.1 hopd 10.82.0.1 --tapb-- b 10.82.0.2
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

need ns_add a
need ns_add b
cat >"$tmp/hopd.conf" <<END
port add tuna type tun netns $(ns_name a)
port add tapb netns $(ns_name b)
addr add 10.81.0.1/24 dev tuna
addr add 10.82.0.1/24 dev tapb
route add 192.0.2.0/24 dev tuna
inetd add echo
END
need hopd_start -f "$tmp/hopd.conf"
need in_ns a ip link set tuna up
need in_ns a ip addr add 10.81.0.2/24 dev tuna
need in_ns a ip addr add 192.0.2.1/32 dev lo
need in_ns a ip route add default dev tuna
need in_ns b ip link set tapb up
need in_ns b ip addr add 10.82.0.2/24 dev tapb
need in_ns b ip route add default via 10.82.0.1

try 'the device has no Ethernet' in_ns a ip link show tuna
try 'but NOARP and POINTOPOINT' matches 'POINTOPOINT.*NOARP|NOARP.*POINTOPOINT'
try 'ping hopd' in_ns a ping -n -q -c 3 -i 0.1 10.81.0.1
try 'ping through hopd' in_ns a ping -n -q -c 3 -i 0.1 10.82.0.2
try 'ping from b' in_ns b ping -n -q -c 3 -i 0.1 10.81.0.2
try 'ping a network behind the TUN' in_ns b ping -n -q -c 3 -i 0.1 192.0.2.1
try 'flood ping' in_ns a ping -f -q -c 1000 10.82.0.2
try 'none is lost' matches '1000 received, 0% packet loss'
try 'ping in fragments' in_ns a ping -n -q -c 2 -i 0.1 -s 65000 10.82.0.2
try 'of hopd too' in_ns a ping -n -q -c 2 -i 0.1 -s 65000 10.81.0.1
try 'traceroute' in_ns a traceroute -n -q 1 10.82.0.2
try 'shows hopd' matches '^ 1  10\.81\.0\.1 .*ms'
try 'and b' matches '^ 2  10\.82\.0\.2 .*ms'
try 'hopctl pings a' hopctl ping 10.81.0.2 count 2 interval 100ms
try 'no neighbours on a TUN' sh -c \
    "! '$hopctl' -S '$socket' neigh show dev tuna | grep -q tuna"

# One iperf3 server for one client.
measure()	# OPTIONS
{
	in_ns b timeout 30 iperf3 -s -1 -B 10.82.0.2 >"$tmp/server" 2>&1 &
	_server=$!
	pids="$pids $_server"
	await 5 in_ns b sh -c 'ss -ltn | grep -q :5201'
	in_ns a timeout 20 iperf3 -c 10.82.0.2 --bytes 200M "$@" &&
	    wait "$_server"
}

if has iperf3; then
	try 'TCP to b' measure
	try 'TCP from b' measure -R
	try 'UDP to b' measure -u -b 20M --bytes 2M
	try 'most of it arrives' matches '\(([12]?[0-9])(\.[0-9]+)?(e-[0-9]+)?%\).*receiver'
	# 400 MB in frames of 1500 bytes would be 270000 of them.
	hopctl -j port show tuna >"$tmp/tuna"
	try 'super-frames came and went whole' sh -c "tr , '\n' <'$tmp/tuna' |
	    awk -F: '/rx_packets|tx_packets/ { if (\$2 > 120000) exit 1 }'"
fi
try 'no frame was refused for its offload header' sh -c \
    "! '$hopctl' -S '$socket' drops | grep -q port-bad-vnet"

old=$(worker_of "$keeper")
kill -KILL "$old"
try 'another worker' await 10 has_other_worker "$keeper" "$old"
try 'has the TUN again' await 10 in_ns a ping -n -q -c 1 -W 1 10.82.0.2
try 'down' hopctl port set tuna down
try_status 'nothing passes' 1 in_ns b ping -n -q -c 1 -W 1 10.81.0.2
try 'b is told' matches '1 errors|\+1 errors|100% packet loss'
try 'up' hopctl port set tuna up
try 'it passes again' in_ns b ping -n -q -c 2 -i 0.1 10.81.0.2
try 'and goes with its port' hopctl port del tuna
try_status 'the device is gone' 1 in_ns a ip link show tuna
finish
