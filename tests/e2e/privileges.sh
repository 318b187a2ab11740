#!/bin/sh
# What the worker may do: nothing.
#
#	hopd --taph-- a namespace
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

ns_add a
printf 'port add taph netns %s\n' "$(ns_name a)" >"$tmp/hopd.conf"
need hopd_start -f "$tmp/hopd.conf"

looks_jailed()
{
	_status=/proc/$1/status
	for _set in CapInh CapPrm CapEff CapBnd CapAmb; do
		matches "^$_set:[[:space:]]+0000000000000000$" "$_status" ||
		    return 1
	done
	matches '^NoNewPrivs:[[:space:]]+1$' "$_status" &&
	    matches '^Seccomp:[[:space:]]+2$' "$_status" &&
	    matches '^Uid:[[:space:]]+([1-9][0-9]*)[[:space:]]+\1[[:space:]]+\1' \
	    "$_status" &&
	    matches '^Gid:[[:space:]]+([1-9][0-9]*)[[:space:]]+\1[[:space:]]+\1' \
	    "$_status" &&
	    matches '^Groups:[[:space:]]*$' "$_status"
}

worker=$(worker_of "$keeper")
try 'the worker has no capability, no privilege, no root' \
    looks_jailed "$worker"
try 'the control socket is for its owner and group' \
    test "$(stat -c %a "$socket")" = 660
kill -KILL "$worker"
try 'another worker' await 10 has_other_worker "$keeper" "$worker"
try 'it answers' await 10 hopctl port show
try 'it is in the same jail' looks_jailed "$(worker_of "$keeper")"

worker=$(worker_of "$keeper")
kill -KILL "$keeper"
wait "$keeper" 2>/dev/null
try 'the worker goes with its keeper' await 10 is_gone "$worker"
try 'and so does the device' await 10 has_no_device taph
try 'the stale socket is there' test -S "$socket"
try 'the next hopd takes its place' hopd_start -f "$tmp/hopd.conf" -u daemon
worker=$(worker_of "$keeper")
try '-u is obeyed' matches "^Uid:[[:space:]]+$(id -u daemon)[[:space:]]" \
    "/proc/$worker/status"
finish
