#!/bin/sh
# The way through hopd, by every tool that shows one.
#
#	a 10.81.0.2 --tapa-- 10.81.0.1 hopd 10.82.0.1 --tapb-- b 10.82.0.2
#	                                                (MTU 1400)
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

has traceroute || skip_all 'needs traceroute'
two_sides <<END
inetd add echo
END
# b would answer six probes and then one a second.
need in_ns b sysctl -q -w net.ipv4.icmp_ratelimit=0

# Hop 1 is hopd and hop 2 is b.  A step that met hopd's limit of ICMP errors a
# second shows no address, and has waited long enough for the next try.
goes_the_way()	# COMMAND...
{
	for _ in 1 2 3; do
		in_ns a "$@" >"$tmp/way" 2>&1 &&
		    matches '^ *1(:|\.\|--)? +10\.81\.0\.1 ' "$tmp/way" &&
		    matches '^ *2(:|\.\|--)? +10\.82\.0\.2 ' "$tmp/way" &&
		    return 0
	done
	return 1
}

way()		# TEXT COMMAND...
{
	_text=$1
	shift
	try "$_text: hopd, then b" goes_the_way "$@"
}

way 'traceroute by UDP' traceroute -n -q 3 10.82.0.2
way 'traceroute by UDP to port 53' traceroute -n -U -q 1 10.82.0.2
way 'traceroute by ICMP' traceroute -n -I -q 3 10.82.0.2
way 'traceroute by TCP' traceroute -n -T -p 80 -q 1 10.82.0.2
way 'traceroute by UDP-Lite' traceroute -n -UL -q 1 10.82.0.2
way 'traceroute of 1400 bytes' traceroute -n -q 1 10.82.0.2 1400
try 'traceroute with DF finds the MTU' \
    in_ns a traceroute -n -q 1 --mtu 10.82.0.2
try '1400' matches 'F=1400'
try 'traceroute to hopd by TCP, a closed port' \
    in_ns a traceroute -n -T -p 81 -q 1 10.81.0.1
try 'ends there' matches '^ 1  10\.81\.0\.1 .*ms'
try 'traceroute to hopd by TCP, an open port' \
    in_ns a traceroute -n -T -p 7 -q 1 -O info 10.81.0.1
try 'ends there with a SYN that is answered' \
    matches '^ 1  10\.81\.0\.1 <syn,ack.*ms'
try 'traceroute to its far interface by TCP, an open port' \
    in_ns a traceroute -n -T -p 7 -q 1 -O info 10.82.0.1
try 'ends there just so' matches '^ 1  10\.82\.0\.1 <syn,ack.*ms'
try 'traceroute to the far interface by ICMP' \
    in_ns a traceroute -n -I -q 1 10.82.0.1
try 'ends there too' matches '^ 1  10\.82\.0\.1 .*ms'
# One probe at a time: a burst would meet the limit of errors a second.
try 'traceroute to nowhere' \
    in_ns a traceroute -n -q 1 -N 1 -w 1 203.0.113.9
try 'network unreachable' matches '^ *[0-9]+  10\.81\.0\.1 .*!N'
try 'traceroute to a silent host' \
    in_ns a traceroute -n -q 1 -w 4 -m 2 10.82.0.77
try 'host unreachable' matches '10\.81\.0\.1 .*!H'

if has tracepath; then
	try 'tracepath' in_ns a tracepath -n 10.82.0.2
	try 'finds hopd' matches '1: +10\.81\.0\.1 '
	try 'finds b and the MTU' matches 'Resume: pmtu 1400 hops 2 back 2'
fi
if has mtr; then
	way 'mtr by ICMP' mtr -n -r -c 3 -i 0.2 10.82.0.2
	try 'none is lost' sh -c "! grep -E '^ +[12]\.' '$tmp/way' |
	    grep -v ' 0\.0% '"
	way 'mtr by UDP' mtr -n -r -u -c 2 -i 0.2 10.82.0.2
	way 'mtr by TCP' mtr -n -r -T -P 80 -c 2 -i 0.2 10.82.0.2
fi

# And from hopd itself.
try 'hopctl traceroute' hopctl traceroute 10.82.0.2 queries 1
try 'ends at b' matches '10\.82\.0\.2'
try 'hopctl traceroute by ICMP' hopctl traceroute 10.81.0.2 icmp queries 1
try 'ends at a' matches '10\.81\.0\.2'
finish
