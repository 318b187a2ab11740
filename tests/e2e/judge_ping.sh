#!/bin/sh
# ping, fping and arping in all their ways, to hopd and through it.
#
#	a 10.81.0.2 --tapa-- 10.81.0.1 hopd 10.82.0.1 --tapb-- b 10.82.0.2
#	                                                (MTU 1400)
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

has ping || skip_all 'needs ping'
two_sides </dev/null

pings()		# PING'S OPTIONS
{
	in_ns a ping -n "$@"
}

try 'the very first ping' pings -q -c 1 -W 5 10.82.0.2
for to in 10.81.0.1 10.82.0.2; do
	try "flood ping $to" pings -q -f -c 2000 $to
	try 'none is lost' matches '2000 received, 0% packet loss'
	for size in 0 1 1371 1372 1373 1472 1473 8000 65000; do
		try "ping $to, $size bytes" pings -q -c 2 -i 0.02 -M dont \
		    -s $size $to
		try 'all come back' matches '2 received'
	done
	try "TOS comes back from $to" pings -q -c 1 -Q 0x28 $to
	try "pattern comes back from $to" pings -c 1 -p ff00aa $to
	try 'unchanged' sh -c "! grep -q 'wrong data' '$tmp/out'"
done

try 'the largest that fits with DF' pings -q -c 1 -M 'do' -s 1372 10.82.0.2
try_status 'one more with DF' 1 pings -c 1 -W 1 -M 'do' -s 1373 10.82.0.2
try 'is told with the MTU' matches 'mtu ?= ?1400'
try 'and goes without DF' pings -q -c 1 -M dont -s 1373 10.82.0.2

try 'record route to hopd' pings -c 1 -R 10.81.0.1
# There and back: a, hopd, a.
try 'has hopd' sh -c "grep -A 3 RR: '$tmp/out' | grep -q '10\.81\.0\.1'"
try 'record route through hopd' pings -c 1 -R 10.82.0.2
try 'has the way there' matches '^.10\.82\.0\.1$'
try 'and back' matches '^.10\.81\.0\.1$'
for kind in tsonly tsandaddr; do
	try "timestamp option, $kind, to hopd" \
	    pings -c 1 -T $kind 10.81.0.1
	try 'comes back' matches 'TS:'
	try "timestamp option, $kind, through hopd" \
	    pings -c 1 -T $kind 10.82.0.2
	try 'comes back too' matches 'TS:'
done
try 'timestamps at given addresses' \
    pings -c 1 -T tsprespec 10.81.0.1 10.82.0.2 10.82.0.2
try 'come back' matches 'TS:'
try_status 'TTL of 1 does not get through' 1 pings -c 1 -W 1 -t 1 10.82.0.2
try 'and hopd says so' matches 'From 10\.81\.0\.1 .*Time to live exceeded'
try_status 'nobody there' 1 pings -c 1 -W 5 10.82.0.99
try 'and hopd says so' matches 'From 10\.81\.0\.1 .*Destination Host Unreach'
try_status 'no route' 1 pings -c 1 -W 1 203.0.113.1
try 'and hopd says so' matches 'From 10\.81\.0\.1 .*Destination Net Unreach'
try_status 'directed broadcast is not forwarded' 1 \
    pings -c 1 -W 1 -b 10.82.0.255

if has fping; then
	try 'fping both' in_ns a fping -q -c 20 -p 20 -t 2000 \
	    10.81.0.1 10.82.0.2
	try 'none is lost' sh -c "[ \$(grep -c '20/20/0%' '$tmp/out') = 2 ]"
	try_status 'fping a network' 1 in_ns a fping -a -r 0 -t 1500 \
	    -g 10.82.0.1 10.82.0.6
	try 'two are alive' matches '^10\.82\.0\.2'
	try 'fping with fragments' in_ns a fping -q -c 5 -t 2000 -b 20000 \
	    10.82.0.2
fi
if has arping && arping -V 2>&1 | grep -q iputils; then
	try 'arping' in_ns a arping -c 2 -I tapa 10.81.0.1
	try 'is answered twice' matches 'Received 2 response'
	try_status 'arping for an address elsewhere' 1 \
	    in_ns a arping -c 1 -w 1 -I tapa 10.82.0.2
	try_status 'duplicate address detection finds hopd' 1 \
	    in_ns a arping -D -c 1 -w 2 -I tapa 10.81.0.1
	need hopctl port set tapa proxy_arp on
	try 'with proxy ARP hopd answers' \
	    in_ns a arping -c 1 -w 2 -I tapa 10.82.0.2
fi
finish
