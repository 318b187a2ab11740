#!/bin/sh
# The configuration by file and by hopctl: shown, checked, planned, applied,
# saved.
#
#	hopd --taph-- a namespace
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

ns_add a
conf=$tmp/hopd.conf
printf 'port add taph netns %s\naddr add 10.9.0.1/24 dev taph\n' \
    "$(ns_name a)" >"$conf"
need hopd_start -f "$conf"

try 'what runs is shown as a file' sh -c \
    "'$hopctl' -S '$socket' config show >'$tmp/shown'"
try 'which is good' "$hopd" -t -f "$tmp/shown"
try 'and differs in nothing' hopctl config plan "$tmp/shown"
try 'so its plan is empty' has_lines 0

need hopctl route add 192.0.2.0/24 via 10.9.0.7
try 'a command is accepted and can be saved' hopctl config save
try 'the file has it' matches '^route add 192\.0\.2\.0/24 via 10\.9\.0\.7' \
    "$conf"
try 'the file keeps its mode' test "$(stat -c %a "$conf")" = 644
try 'no other file is left beside it' test "$(find "$tmp" -name 'hopd.conf*' |
    wc -l)" = 1
try 'another file is written by hopctl' hopctl config save "$tmp/saved"
try 'with the same words' diff "$conf" "$tmp/saved"

sed 's/10\.9\.0\.1/10.9.0.3/' "$conf" >"$tmp/next.conf"
try 'a changed file is planned' hopctl config plan "$tmp/next.conf"
try 'with what would go' matches '10\.9\.0\.1/24'
try 'and what would come' matches '10\.9\.0\.3/24'
try 'a changed file is applied' hopctl config apply "$tmp/next.conf"
try 'what it has is there' sh -c \
    "'$hopctl' -S '$socket' addr show | grep -q 10.9.0.3/24"
echo nonsense >>"$tmp/next.conf"
try_status 'a bad file is refused' 1 hopctl config apply "$tmp/next.conf"
try 'with file, line and word' matches 'next\.conf:[0-9]+: .*nonsense'

# ---- the MTU of a port is its device's, too -------------------------------------

device_has()	# MTU
{
	in_ns a ip -o link show taph | grep "mtu $1 "
}

port_has()	# MTU
{
	hopctl port show taph | grep "mtu $1 "
}

try 'the MTU of a port changes' hopctl port set taph mtu 1400
try 'that of its device, too' device_has 1400
try_status 'an MTU that the device refuses is refused' 1 \
    hopctl port set taph mtu 65535
try 'with the port and the word' matches "taph.*65535"
try 'and nothing changes' port_has 1400
kill -KILL "$(worker_of "$keeper")"
try 'after a restart of the worker the port has it' await 10 port_has 1400
try 'and the device' device_has 1400
try 'the file takes it back' hopctl config apply "$conf"
try 'in the port' port_has 1500
try 'and in the device' device_has 1500
finish
