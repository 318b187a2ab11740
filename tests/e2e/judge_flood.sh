#!/bin/sh
# A flood of malformed frames: hopd goes on, its memory stays, and every frame
# has a fate: received = forwarded + delivered + merged + dropped by reason,
# and the fragments that still wait.
#
#	a (flood) --tapa-- 10.81.0.1 hopd 10.82.0.1 --tapb-- b 10.82.0.2
#
# HOPD_FLOOD=N frames in place of 200000; HOPD_SEED=N another flood.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

count=${HOPD_FLOOD:-200000}
seed=${HOPD_SEED:-1}
flood=$top_builddir/tests/e2e/flood
[ -x "$flood" ] || skip_all 'tests/e2e/flood is not built'

need ns_add a
need ns_add b
for ns in a b; do
	in_ns $ns sysctl -q -w net.ipv6.conf.all.disable_ipv6=1 \
	    net.ipv6.conf.default.disable_ipv6=1 2>/dev/null
done
cat >"$tmp/hopd.conf" <<END
port add tapa netns $(ns_name a) acd 1
port add tapb netns $(ns_name b) mtu 1280
addr add 10.81.0.1/24 dev tapa
addr add 10.82.0.1/24 dev tapb
inetd add echo
inetd add discard
END
need hopd_start -f "$tmp/hopd.conf"
worker=$(worker_of "$keeper")
need in_ns a ip link set tapa up
need in_ns b ip link set tapb up mtu 1280
need in_ns b ip addr add 10.82.0.2/24 dev tapb
need in_ns b ip route add default via 10.82.0.1
mac=$(hopctl -j port show tapa | grep -Eo '([0-9a-f]{2}:){5}[0-9a-f]{2}' |
    head -n 1)

# What the devices handed to hopd.
handed()
{
	for _at in a:tapa b:tapb; do
		in_ns "${_at%:*}" ip -s -s link show "${_at#*:}" |
		    awk '/TX:/ { getline; print $2 }'
	done | awk '{ n += $1 } END { print n + 0 }'
}

# The counters of one moment: "fate.received 12" a line.
stats()
{
	hopctl stats | awk '{ print $1 "." $2, $3 }' >"$tmp/stats"
}

stat()		# NAME
{
	awk -v name="$1" '$1 == name { print $2 }' "$tmp/stats"
}

all_read()
{
	stats
	[ "$(stat fate.received)" = "$(handed)" ] || {
		echo "received $(stat fate.received), sent $(handed)"
		return 1
	}
}

rss_kb()
{
	awk '/^VmRSS/ { print $2 }' "/proc/$worker/status"
}

every_frame_has_a_fate()
{
	stats
	grep -E '^(fate|ip)\.' "$tmp/stats"
	[ "$(stat fate.received)" -gt 0 ] &&
	    [ "$(stat fate.received)" = $(($(stat fate.forwarded) +
	    $(stat fate.delivered) + $(stat fate.merged) +
	    $(stat fate.dropped) + $(stat ip.reassembling))) ]
}

# The rows of `drops` add up to the total of the same moment.
reasons_add_up()
{
	_rows=$(hopctl -j drops show | grep -o '"received":[ 0-9]*' |
	    awk -F: '{ n += $2 } END { print n + 0 }')
	stats
	echo "rows $_rows, total $(stat fate.dropped)"
	[ "$_rows" = "$(stat fate.dropped)" ]
}

memory_is_flat()	# BEFORE
{
	_now=$(rss_kb)
	# A sanitizer keeps what was freed.
	! grep -q libasan "/proc/$worker/maps" || return 0
	echo "RSS $1 KB, then $_now KB"
	[ "$_now" -le $(($1 + 2048)) ]
}

run()		# COUNT SEED
{
	in_ns a "$flood" tapa "$1" "$2" "$mac" 10.81.0.1 10.82.0.2
}

try 'a tenth of the flood' run $((count / 10)) "$seed"
try 'all of it was read' await 60 all_read
before=$(rss_kb)
try 'the flood' run "$count" $((seed + 1))
try 'all of it was read too' await 120 all_read
try 'it was as many as were sent' [ "$(stat fate.received)" -ge "$count" ]
try 'every frame has a fate' every_frame_has_a_fate
sed 's/^/# /' "$tmp/out"
try 'its reasons add up' await 40 reasons_add_up
try 'some were forwarded' [ "$(stat fate.forwarded)" -gt 0 ]
try 'some were delivered' [ "$(stat fate.delivered)" -gt 0 ]
try 'some were put together' [ "$(stat fate.merged)" -gt 0 ]
try 'memory stays' memory_is_flat "$before"
sed 's/^/# /' "$tmp/out"
try 'the worker is the same' [ "$(worker_of "$keeper")" = "$worker" ]
try 'many reasons were met' sh -c "[ \$('$hopctl' -S '$socket' drops |
    wc -l) -gt 25 ]"
hopctl drops | sed 's/^/# /'
need in_ns a ip addr add 10.81.0.2/24 dev tapa
need in_ns a ip route add default via 10.81.0.1
# The flood's ARP said that 10.81.0.2 is elsewhere: the truth takes a moment.
try 'and it routes' await 15 in_ns a ping -n -q -c 3 -i 0.2 10.82.0.2
finish
