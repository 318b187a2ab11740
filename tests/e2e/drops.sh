#!/bin/sh
# What is dropped is counted by its name: bad frames from a raw socket, and
# packets that the client's kernel sends to nowhere.
#
#	left --tapl-- hopd --tapr-- right
#	                  \--taps-- small (MTU 1280)
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

need lab_up router
mac=$(hopctl -j port show tapl | grep -Eo '([0-9a-f]{2}:){5}[0-9a-f]{2}' |
    head -n 1 | tr -d :)
eth=${mac}020000000077	# to hopd, from a neighbour nobody knows

# hopctl drops prints: COUNT REASON MEANING.
count()		# REASON
{
	hopctl drops | awk -v reason="$1" '
	    $2 == reason { n = $1 } END { print n + 0 }'
}

counts_more()	# REASON THAN
{
	[ "$(count "$1")" -gt "$2" ]
}

# counted REASON TEXT COMMAND...: the command makes the counter grow.
counted()
{
	_reason=$1 _label=$2
	_before=$(count "$_reason")
	shift 2
	"$@" >"$tmp/sent" 2>&1
	try "$_label: $_reason" await 5 counts_more "$_reason" "$_before"
}

frame()		# HEX
{
	lab exec router left "$top_builddir/tests/e2e/frame_send" tapl "$1"
}

pad=$(printf '%092d' 0)	# 46 bytes
# The end of an IPv4 header: from 10.1.0.2 to 10.2.0.2.
ip=0a0100020a020002
counted eth-other-host 'frame to another MAC' \
    frame "0200000000990200000000770800$pad"
counted eth-type 'unknown EtherType' frame "${eth}9999$pad"
counted eth-bad-source 'group address as the source' \
    frame "${mac}0300000000770800$pad"
counted ip-short 'half an IP header' frame "${eth}080045000014"
counted ip-version 'IP version 5' \
    frame "${eth}0800550000140000400040010000$ip"
counted ip-header-length 'header length past the end' \
    frame "${eth}08004f0000140000400040010000$ip"
counted ip-length 'total length that lies' \
    frame "${eth}0800450005dc0000400040010000$ip"
counted ip-checksum 'wrong header checksum' \
    frame "${eth}080045000014000040004001dead$ip"
counted arp-short 'ARP cut off' frame "${eth}080600010800"
counted arp-bad 'ARP of another hardware' \
    frame "${eth}0806000608000604000102000000007700000000000000000000000a010001"
counted ip-ttl 'TTL of 1' \
    lab exec router left ping -n -c 1 -W 1 -t 1 10.2.0.2
counted ip-no-route 'no route' \
    lab exec router left ping -n -c 1 -W 1 203.0.113.1
counted ip-too-big 'too big with DF' \
    lab exec router left ping -n -c 1 -W 1 -M 'do' -s 1400 10.3.0.2
counted ip-prohibit 'prohibit route' \
    lab exec router left ping -n -c 1 -W 1 192.0.2.1
counted ip-blackhole 'blackhole route' \
    lab exec router left ping -n -c 1 -W 1 198.51.100.1

# A stranger: an address outside the network asks who has 10.1.0.1.
stranger()
{
	lab exec router left sh -c '
		ip addr add 192.168.77.1/24 dev tapl
		ip route add 10.1.0.1/32 dev tapl src 192.168.77.1
		ip neigh flush dev tapl
		ping -n -c 1 -W 1 -I 192.168.77.1 10.1.0.1
		ip addr del 192.168.77.1/24 dev tapl'
}
counted arp-stranger 'ARP from a stranger' stranger
try 'the router lives' lab exec router left ping -n -c 1 -W 2 10.2.0.2
need lab_down router
finish
