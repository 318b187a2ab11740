#!/bin/sh
# The worker is killed while connections run, routed ones and balanced ones:
# they go on, with the same devices, configuration and flows.
#
#	client --tapc-- hopd --tapa-- rs1 (nginx)
#	                    \--tapb-- rs2 (nginx)
#
# and then the networks of the labs lvs-dr, lvs-tun and lvs-fullnat.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

need lab_up lvs-nat
dir=$(lab_dir lvs-nat)
for rs in rs1 rs2; do
	need dd if=/dev/urandom of="$dir/$rs/www/blob" bs=1M count=24 status=none
	md5sum <"$dir/$rs/www/blob" >>"$tmp/sums"
done

# Slow enough that it is still running after the kills.
download()	# NAME URL
{
	lab exec client curl -s -m 60 --limit-rate 6M -o "$tmp/$1" "$2" &
	pids="$pids $!"
	eval "$1=\$!"
}

is_under_way()	# NAME
{
	[ "$(stat -c %s "$tmp/$1" 2>/dev/null || echo 0)" -gt 1000000 ]
}

has_a_sum()	# NAME
{
	grep -qF "$(md5sum <"$tmp/$1")" "$tmp/sums"
}

has_words()	# COUNT TEXT
{
	test "$(echo "$2" | wc -w)" = "$1"
}

# How many connections were balanced, and whether their packets are still
# counted: none of that begins anew.
counted()
{
	hopctl stats | awk '$1 == "lb" && $2 == "conns" { print $3 }'
}

packets_are_counted()
{
	hopctl stats | awk '$1 == "lb" && $2 == "in_packets" { exit $3 < 50 }'
}

# The devices' numbers and how often their carrier changed ("transns").
devices()
{
	for node in client rs1 rs2; do
		lab exec $node ip -s -s link show type tun | awk '
			/^[0-9]+:/	{ print $1, $2 }
			/ transns/	{ getline; print $NF }'
	done
}

hopctl route add 192.0.2.0/24 via 10.0.2.2 >/dev/null
hopctl route add 198.51.100.0/24 via 10.0.2.2 >/dev/null
hopctl route del 198.51.100.0/24 >/dev/null
hopctl port set tapb mtu 1600 rp_filter 1 >/dev/null
hopctl config show >"$tmp/config.before"
devices=$(devices)
try 'the devices are seen' has_words 9 "$devices"

download routed http://10.0.2.2/blob
download balanced1 http://10.0.1.100/blob
download balanced2 http://10.0.1.100/blob
for name in routed balanced1 balanced2; do
	try "$name download is under way" await 10 is_under_way $name
done
for round in 1 2 3; do
	old=$(worker_of "$keeper")
	kill -KILL "$old"
	try "kill $round: another worker" await 10 has_other_worker \
	    "$keeper" "$old"
	try "kill $round: answers" await 10 hopctl port show
done
try 'the commands since the start are part of the configuration' \
    hopctl route get 192.0.2.1
hopctl config show >"$tmp/config.after"
try 'the configuration is the same' \
    diff "$tmp/config.before" "$tmp/config.after"
try 'the devices are the same, and their carriers never left' \
    test "$(devices)" = "$devices"
try 'the connections are still counted' test "$(counted)" = 2
try 'and their packets' packets_are_counted
hopctl conn show >"$tmp/conns"
try 'the connections are still known' \
    matches '10\.0\.1\.2:[0-9]+ .*10\.0\.1\.100:80' "$tmp/conns"
for name in routed balanced1 balanced2; do
	eval "pid=\$$name"
	try "$name download ends well" wait "$pid"
	try "$name download is whole" has_a_sum $name
done
try 'new connections are balanced' \
    lab exec client curl -s -m 5 http://10.0.1.100/
try 'the keeper told about it' \
    matches 'worker: killed by signal 9' "$dir/hopd.log"
need lab_down lvs-nat

# The other modes, where replies pass the director by or ports are its own.  In
# TUN the servers stand behind hopds of their own; the director is killed.
for mode in dr tun fullnat; do
	need lab_up lvs-$mode
	dir=$(lab_dir lvs-$mode)
	: >"$tmp/sums"
	for rs in rs1 rs2; do
		need dd if=/dev/urandom of="$dir/$rs/www/blob" bs=1M count=16 \
		    status=none
		md5sum <"$dir/$rs/www/blob" >>"$tmp/sums"
	done
	for name in ${mode}1 ${mode}2; do
		download "$name" http://10.0.1.100/blob
		try "$mode: download is under way" await 10 is_under_way "$name"
	done
	old=$(worker_of "$keeper")
	kill -KILL "$old"
	try "$mode: another worker" await 10 has_other_worker "$keeper" "$old"
	for name in ${mode}1 ${mode}2; do
		eval "pid=\$$name"
		try "$mode: download ends well" wait "$pid"
		try "$mode: download is whole" has_a_sum "$name"
	done
	need lab_down lvs-$mode
done
finish
