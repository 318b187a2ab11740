#!/bin/sh
# ICMP with the tools people use on the other side: ping in its ways,
# traceroute, path MTU, timestamps, unreachable ports and protocols.
#
#	a 10.81.0.2 --tapa-- 10.81.0.1 hopd 10.82.0.1 --tapb-- b 10.82.0.2
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

has ping || skip_all 'needs ping'
has traceroute || skip_all 'needs traceroute'

two_sides </dev/null

pings()		# PING'S OPTIONS
{
	in_ns a ping -n -q "$@"
}

try 'ping' pings -c 2 -i 0.01 10.81.0.1
try 'ping to the far interface' pings -c 2 -i 0.01 10.82.0.1
try 'ping of every small size' pings -c 1 -s 0 10.81.0.1
try 'flood ping' pings -f -c 500 10.81.0.1
try 'none is lost' matches '500 received, 0% packet loss'
try 'ping of 65000 bytes, in fragments' pings -c 2 -i 0.01 -s 65000 10.81.0.1
try 'both come back' matches '2 received'
try_status 'silence to a broadcast ping' 1 pings -b -c 1 -W 1 10.81.0.255

try 'traceroute by UDP' in_ns a traceroute -n -q 2 10.82.0.2
try 'the first hop is hopd' matches '^ 1  10\.81\.0\.1 .*ms'
try 'the second is b' matches '^ 2  10\.82\.0\.2 .*ms'
try 'traceroute by ICMP' in_ns a traceroute -n -I -q 2 10.82.0.2
try 'the same way' matches '^ 1  10\.81\.0\.1 .*ms'
try 'traceroute to hopd' in_ns a traceroute -n 10.81.0.1
try 'ends there' matches '^ 1  10\.81\.0\.1 .*ms'

try_status 'too big with DF set' 1 \
    in_ns a ping -n -c 1 -W 1 -M 'do' -s 1472 10.82.0.2
try 'is told with the MTU' matches 'mtu = ?1400'
if has tracepath; then
	try 'tracepath finds it' in_ns a tracepath -n 10.82.0.2
	try 'pmtu 1400' matches 'pmtu 1400'
fi
if has fping; then
	try 'fping' in_ns a fping -q -c 20 -p 20 -t 2000 -b 1400 10.82.0.2
	try 'none is lost' matches '20/20/0%'
fi
if has mtr; then
	try 'mtr' in_ns a mtr -n -r -c 2 -i 0.2 10.82.0.2
	try 'shows hopd' matches '1\.\|-- 10\.81\.0\.1 +0\.0%'
	try 'and b' matches '2\.\|-- 10\.82\.0\.2 +0\.0%'
fi
if has hping3; then
	try 'timestamp' in_ns a hping3 -q -1 -C 13 -c 1 10.81.0.1
	try 'answered' matches '1 packets received, 0% packet loss'
	try_status 'bad checksum' 1 in_ns a hping3 -q -1 -b -c 1 10.81.0.1
	try 'not answered' matches '100% packet loss'
fi
if has nmap; then
	try 'ports by UDP' in_ns a nmap -n -Pn -sU -p 7,53,123 10.81.0.1
	try 'are closed' matches '^53/udp +closed'
	try 'protocols' in_ns a nmap -n -Pn -sO -p 1,47,132 10.81.0.1
	try 'GRE is closed' matches '^47 +closed'
	try 'ICMP is open' matches '^1 +open'
fi

try 'drops' hopctl drops
try 'a name for the closed port' matches 'udp-no-port'
try 'a name for the broadcast' matches 'icmp-broadcast'
finish
