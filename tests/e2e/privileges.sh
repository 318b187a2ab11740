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
kill "$keeper"
wait "$keeper"

# Who is root only in a namespace of its own has a router there all the same.
rootless()
{
	setpriv --reuid daemon --regid daemon --clear-groups \
	    unshare --map-root-user --net --pid --fork --kill-child "$@"
}

cp "$hopd" "$hopctl" "$tmp"
cat >"$tmp/rootless" <<'END'
set -e
cd "$1"
ip link set lo up
./hopd -d -S ./rootless.sock -f rootless.conf
ip link set taph up
ip addr add 10.9.0.2/24 dev taph
ping -n -c 1 -W 2 10.9.0.1
./hopctl -S ./rootless.sock port show
END
printf 'port add taph\naddr add 10.9.0.1/24 dev taph\n' \
    >"$tmp/rootless.conf"
chown -R daemon "$tmp"
if rootless true; then
	try 'without any privilege, in a user namespace' \
	    rootless sh "$tmp/rootless" "$tmp"
else
	skip 'without any privilege' 'user namespaces are off'
fi
finish
