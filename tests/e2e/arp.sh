#!/bin/sh
# ARP with a kernel on the other side: answers, silence, proxy, gratuitous ARP,
# a conflict, and the first ping.
#
#	a 10.77.0.2 --tapa-- 10.77.0.1 hopd 10.78.0.1 --tapb-- b 10.78.0.2
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

command -v arping >/dev/null || skip_all 'needs arping'

need ns_add a
need ns_add b
cat >"$tmp/hopd.conf" <<END
port add tapa netns $(ns_name a) proxy_arp on
port add tapb netns $(ns_name b)
addr add 10.77.0.1/24 dev tapa
addr add 10.78.0.1/24 dev tapb
addr add 10.77.0.100/32 dev lo scope host
END
need hopd_start -f "$tmp/hopd.conf"
need in_ns a ip link set tapa up
need in_ns a ip addr add 10.77.0.2/24 dev tapa
need in_ns a ip route add default via 10.77.0.1
need in_ns b ip link set tapb up
need in_ns b ip addr add 10.78.0.2/24 dev tapb
need in_ns b ip route add default via 10.78.0.1

ask()		# ARPING'S OPTIONS
{
	in_ns a arping -c 1 -w 2 -I tapa "$@"
}

# Nobody on the way knows a MAC yet: hopd holds the packet, and so on back.
try 'the first ping is not lost' in_ns a ping -n -c 1 -W 3 10.78.0.2
try 'both neighbours are known' hopctl neigh show
try 'one on a' matches '^10\.77\.0\.2 +tapa '
try 'one on b' matches '^10\.78\.0\.2 +tapb '

try 'a request is answered' ask 10.77.0.1
try_status 'an address of scope host is not' 1 ask 10.77.0.100
try 'proxy ARP for what is behind the other port' ask 10.78.0.50
try_status 'no proxy ARP for what is on this one' 1 ask 10.77.0.50
# -D: an answer to the probe is a duplicate, status 1.
try_status 'a probe for our address is answered' 1 ask -D 10.77.0.1
try_status 'a probe for a proxied one is not' 0 ask -D 10.78.0.50

knows_hopd()
{
	in_ns a ip neigh show 10.77.0.1 dev tapa | grep -q lladdr
}

need in_ns a sysctl -qw net.ipv4.conf.tapa.arp_accept=1
need in_ns a ip neigh flush dev tapa
try_status 'a has forgotten hopd' 1 knows_hopd
try 'neigh announce' hopctl neigh announce 10.77.0.1 dev tapa
try 'a knows hopd again' await 5 knows_hopd

try 'nobody there: the sender is told' \
    status_is 1 in_ns a ping -n -c 1 -W 6 10.78.0.77
try 'by host unreachable' matches 'From 10\.77\.0\.1 .*Host Unreachable'

# a has 10.77.0.60 already: hopd probes for it, and leaves it alone.
in_conflict()
{
	hopctl addr show dev tapa | grep -q '^10\.77\.0\.60/24 .*acd conflict'
}
need in_ns a ip addr add 10.77.0.60/24 dev tapa
try 'an address that a has' hopctl addr add 10.77.0.60/24 dev tapa
try 'the conflict is found' await 5 in_conflict
try 'a still talks to hopd' in_ns a ping -n -c 1 -W 3 10.77.0.1
finish
