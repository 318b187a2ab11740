#!/bin/sh
# Bad input: one line that says where and what, exit status 1 or 2, and
# nothing left behind.
#
#	hopd --taph-- a namespace
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

ns_add a
ns=$(ns_name a)

no_devices()
{
	! in_ns a ip -o link show | grep -v ': lo:'
}

# refused TEXT STATUS REGEX FILE-TEXT: hopd -f and hopd -t.
refused()
{
	_what=$1 _status=$2 _regex=$3
	printf '%s' "$4" >"$tmp/bad.conf"
	try_status "$_what: hopd gives up" "$_status" \
	    timeout 10 "$hopd" -S "$socket" -f "$tmp/bad.conf"
	try "$_what: one line" has_lines 1
	try "$_what: with file, line and word" matches "$_regex"
	try "$_what: no device is left" await 5 no_devices
	try "$_what: no socket is left" test ! -e "$socket"
}

checked()	# TEXT REGEX; the file of the last refused
{
	try_status "$1: hopd -t refuses it too" 1 "$hopd" -t -f "$tmp/bad.conf"
	try "$1: hopd -t says the same" matches "$2"
}

good="port add taph netns $ns
addr add 10.9.0.1/24 dev taph
"

refused 'unknown object' 1 'bad\.conf:3:.*"?frobnicate' \
    "${good}frobnicate add x
"
checked 'unknown object' 'bad\.conf:3:.*frobnicate'
printf '%sroute add default\0via 10.9.0.2\n' "$good" >"$tmp/bad.conf"
checked 'a NUL' 'bad\.conf:3: a NUL'
try_status 'a NUL: hopd gives up' 1 \
    timeout 10 "$hopd" -S "$socket" -f "$tmp/bad.conf"
try 'a NUL: with file and line' matches 'bad\.conf:3: a NUL'
refused 'unknown keyword' 1 'bad\.conf:3:.*spedd' \
    "${good}route add default via 10.9.0.2 spedd 3
"
refused 'wrong address' 1 'bad\.conf:3:.*10\.9\.0\.300' \
    "${good}addr add 10.9.0.300/24 dev taph
"
checked 'wrong address' 'bad\.conf:3:.*10\.9\.0\.300'
refused 'duplicate name' 1 'bad\.conf:3:.*taph' \
    "${good}port add taph
"
checked 'duplicate name' 'bad\.conf:3:.*taph'
refused 'interface that is none' 1 'bad\.conf:3:.*tapx' \
    "${good}addr add 10.9.1.1/24 dev tapx
"
refused 'namespace that is none' 1 'bad\.conf:3:.*nowhere-at-all' \
    "${good}port add tapn netns nowhere-at-all
"
in_ns a ip tuntap add mode tap tapd
refused_device()
{
	printf '%sport add tapd netns %s\n' "$good" "$ns" >"$tmp/bad.conf"
	try_status 'device in the way: hopd gives up' 1 \
	    timeout 10 "$hopd" -S "$socket" -f "$tmp/bad.conf"
	try 'device in the way: one line' has_lines 1
	try 'device in the way: with file, line and word' \
	    matches 'bad\.conf:3:.*tapd.*exists'
	try 'device in the way: it is still there' in_ns a ip link show tapd
	try 'device in the way: no other device is left' \
	    await 5 has_no_device taph
	in_ns a ip tuntap del mode tap tapd
}
refused_device

printf 'one error\ntwo errors\nport add taph\nthree\n' >"$tmp/bad.conf"
try_status 'several errors: refused' 1 "$hopd" -t -f "$tmp/bad.conf"
try 'several errors: each has its line' has_lines 3

try_status 'file that is none' 1 "$hopd" -S "$socket" -f "$tmp/none.conf"
try 'file that is none: named' matches 'none\.conf: No such file'
try_status 'option that is none' 2 "$hopd" -x
try_status 'argument that is none' 2 "$hopd" now
try_status 'user that is none' 1 "$hopd" -S "$socket" -u no-such-user
try_status 'root as the worker'"'"'s user' 1 "$hopd" -S "$socket" -u root
try_status 'directory that is none' 1 "$hopd" -S "$tmp/no/such/dir/sock"
echo precious >"$tmp/file"
try_status 'a file where the socket should be' 1 "$hopd" -S "$tmp/file"
try 'a file where the socket should be: it is still there' \
    matches precious "$tmp/file"

# A second hopd on the same socket.
printf '%s' "$good" >"$tmp/good.conf"
try 'a good file passes hopd -t' "$hopd" -t -f "$tmp/good.conf"
need hopd_start -f "$tmp/good.conf"
try_status 'second hopd: gives up' 1 \
    timeout 10 "$hopd" -S "$socket" -f "$tmp/good.conf"
try 'second hopd: one line' has_lines 1
try 'second hopd: names the socket' matches "$socket"
try 'second hopd: the first goes on' hopctl port show
try_status 'hopctl: unknown word' 2 hopctl prot show
try_status 'hopctl: refused' 1 hopctl addr add 10.9.2.1/24 dev tapx
kill "$keeper"
try 'it stops' await 10 is_gone "$keeper"
wait "$keeper"
try 'and its device is gone' await 5 no_devices
finish
