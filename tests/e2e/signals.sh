#!/bin/sh
# Signals and -d: stop cleanly, read the file again, start in the background.
#
#	hopd --taph-- a namespace
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

ns_add a
ns=$(ns_name a)
conf=$tmp/hopd.conf

write_conf()	# ADDRESS
{
	printf 'port add taph netns %s\naddr add %s dev taph\n' "$ns" "$1" \
	    >"$conf"
}

has_device()
{
	in_ns a ip link show taph
}

has_addr()
{
	hopctl addr show | grep -qF "$1"
}

has_no_addr()
{
	! has_addr "$1"
}

for sig in TERM INT; do
	write_conf 10.9.0.1/24
	need hopd_start -f "$conf"
	worker=$(worker_of "$keeper")
	need has_device
	kill -$sig "$keeper"
	try_status "$sig: hopd ends with status 0" 0 wait "$keeper"
	try "$sig: the worker is gone" is_gone "$worker"
	try "$sig: the device is gone" await 5 has_no_device taph
	try "$sig: the socket is gone" test ! -e "$socket"
done

need hopd_start -f "$conf"
worker=$(worker_of "$keeper")
write_conf 10.9.7.1/24
kill -HUP "$keeper"
try 'HUP: the new file counts' await 10 has_addr 10.9.7.1/24
try 'HUP: what is not in it is gone' has_no_addr 10.9.0.1
printf 'port add taph netns %s\nnonsense\n' "$ns" >"$conf"
kill -HUP "$keeper"
try 'HUP: a bad file is reported with its line' await 10 \
    grep -q 'hopd\.conf:2:.*nonsense' "$tmp/hopd.log"
try 'HUP: and changes nothing' has_addr 10.9.7.1/24
try 'HUP: all this by one and the same worker' \
    test "$(worker_of "$keeper")" = "$worker"

# A worker that does nothing any more.
write_conf 10.9.8.1/24
kill -STOP "$worker"
kill "$keeper"
try 'TERM: a worker that does not listen is killed' await 10 is_gone "$keeper"
wait "$keeper"
# The kernel ends the worker's ring in the background.
try 'TERM: even then the device is gone' await 5 has_no_device taph
try 'TERM: even then the socket is gone' test ! -e "$socket"

need hopd_start -f "$conf"
worker=$(worker_of "$keeper")
kill -KILL "$keeper"
wait "$keeper" 2>/dev/null
need await 5 is_gone "$worker"
need hopd_start -f "$conf"
try 'KILL: it starts again at once' has_device taph
kill "$keeper"
wait "$keeper"

try '-d: returns when hopd is ready' timeout 10 "$hopd" -d -f "$conf" \
    -S "$socket"
try '-d: it answers at once' hopctl port show
keeper=$(for p in /proc/[0-9]*; do
	tr '\0' ' ' <"$p/cmdline" 2>/dev/null |
	    grep -qF "$hopd -d -f $conf " && basename "$p"
    done)
try '-d: one process is the keeper' test "$(echo "$keeper" | wc -w)" = 1
try '-d: it has no terminal' test \
    "$(readlink "/proc/$keeper/fd/0")" = /dev/null
kill "$keeper"
try '-d: it stops' await 10 is_gone "$keeper"
try '-d: its socket is gone' test ! -e "$socket"
echo nonsense >"$conf"
try_status '-d: fails when the file is bad' 1 timeout 10 "$hopd" -d \
    -f "$conf" -S "$socket"
try '-d: and says why' matches 'hopd\.conf:1:.*nonsense'
finish
