#!/bin/sh
# hopd's own TCP, its small services and its HTTP server against the kernel's
# TCP and the programs that people use: transfers over good and bad wires both
# ways, curl, wrk, ab, nmap, slow readers, peers that vanish, storms of RSTs.
#
#	client (kernel: 10.0.0.2) ---- tap t0 ---- hopd (10.0.0.1)
#
# HOPD_INTEROP_MIB       of a transfer: 64; "make check-interop": 1024
# HOPD_INTEROP_BAD_MIB   of one over a bad wire: 8; 1024
# HOPD_INTEROP_REQUESTS  for wrk and ab: 20000; 1000000
# HOPD_INTEROP_PAUSE     of a slow reader, seconds: 4; 90

# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

mib=${HOPD_INTEROP_MIB:-64}
bad_mib=${HOPD_INTEROP_BAD_MIB:-8}
requests=${HOPD_INTEROP_REQUESTS:-20000}
pause=${HOPD_INTEROP_PAUSE:-4}
peer=$top_builddir/tests/e2e/peer
chmod 755 "$tmp"

need test -x "$peer"
need ns_add client
cat >"$tmp/hopd.conf" <<END
port add t0 netns $(ns_name client)
addr add 10.0.0.1/24 dev t0
inetd add echo
inetd add discard
inetd add chargen
http add 10.0.0.1:80 name judge root /
addr add 10.0.0.100/32 dev t0
http add 10.0.0.100:80 name local
service add tcp 10.0.0.100:80 sched rr
server add tcp 10.0.0.100:80 10.0.0.100:80 mode local
END

mkdir "$tmp/www"
head -c $((mib * 1048576)) /dev/urandom >"$tmp/www/big"
head -c $((bad_mib * 1048576)) "$tmp/www/big" >"$tmp/www/bad"
echo '<p>index' >"$tmp/www/index.html"
chmod -R a+rX "$tmp/www"
need hopd_start -f "$tmp/hopd.conf" -r "$tmp/www"
need in_ns client ip addr add 10.0.0.2/24 dev t0
need in_ns client ip link set t0 up
url=http://10.0.0.1

sum_of()	# FILE
{
	md5sum <"$1" | cut -d ' ' -f 1
}

same_sum()	# FILE COMMAND...; what the command prints is the file
{
	_sum=$(sum_of "$1")
	shift
	_got=$("$@" 2>"$tmp/stderr" | md5sum | cut -d ' ' -f 1)
	[ "$_got" = "$_sum" ] || {
		echo "sums differ: $_got, expected $_sum"
		cat "$tmp/stderr"
		return 1
	}
}

get()		# PATH CURL'S OPTIONS...
{
	_path=$1
	shift
	in_ns client curl -sS --max-time 3000 "$@" "$url/$_path"
}

echo_file()	# FILE [PEER'S OPTIONS...]
{
	_file=$1
	shift
	in_ns client timeout 3000 "$peer" "$@" 10.0.0.1 7 <"$_file"
}

# hopd opens; the kernel says the file, and is told it too.
connect_file()	# FILE
{
	in_ns client timeout 3000 "$peer" -l 10.0.0.2 5000 <"$1" \
	    >"$tmp/heard" &
	_listener=$!
	await 10 in_ns client sh -c 'ss -Hltn sport = 5000 | grep -q .'
	timeout 3000 "$top_builddir/hopctl" -S "$socket" tcp connect \
	    10.0.0.2 5000 <"$1"
	wait "$_listener" && cmp "$tmp/heard" "$1" >&2
}

# ---- transfers ------------------------------------------------------------------

try "$mib MiB from hopd" same_sum "$tmp/www/big" get big
try "$mib MiB to hopd and back" same_sum "$tmp/www/big" \
    echo_file "$tmp/www/big"
head -c 4194304 "$tmp/www/big" >"$tmp/small"
try '4 MiB both ways, opened by hopd' same_sum "$tmp/small" \
    connect_file "$tmp/small"

faults()	# WORDS...; on the wire from here on
{
	hopctl fault set dev t0 "$@"
}

for bad in 'loss 1%' 'reorder 2% hold 2ms' 'duplicate 2%' 'corrupt 0.2%' \
    'loss 1% reorder 1% hold 3ms duplicate 1% corrupt 0.1% delay 1ms jitter 1ms'
do
	# shellcheck disable=SC2086
	need faults $bad seed 5
	try "$bad_mib MiB from hopd: $bad" same_sum "$tmp/www/bad" get bad
	try "$bad_mib MiB to hopd and back: $bad" same_sum "$tmp/www/bad" \
	    echo_file "$tmp/www/bad"
done
try 'faults were thrown' hopctl fault show
try 'faults are counted' matches 'lost [1-9].*duplicated [1-9]' 
need hopctl fault del dev t0

# ---- curl -----------------------------------------------------------------------

if command -v curl >/dev/null; then
	try 'two requests' in_ns client curl -sS -w '%{num_connects}\n' \
	    "$url/index.html" "$url/whoami"
	try 'on one connection' matches '^0$'
	try 'it says who asked' matches '^client: 10\.0\.0\.2:[0-9]+$'
	try 'a range' get big -r 1000-1999 -o "$tmp/range"
	tail -c +1001 "$tmp/www/big" | head -c 1000 >"$tmp/range.want"
	try 'is the right one' cmp "$tmp/range" "$tmp/range.want"
	try 'HEAD' get big -I
	try 'tells the length' matches "^Content-Length: $((mib * 1048576))"
	tag=$(get index.html -I | tr -d '\r' | sed -n 's/^ETag: //p')
	try 'a condition' get index.html -i -H "If-None-Match: $tag"
	try 'holds' matches '^HTTP/1.1 304 Not Modified'
	try 'no way out of the tree' get '../../etc/passwd' -i --path-as-is
	try 'is served' matches '^HTTP/1.1 400'
	ln -s /etc/passwd "$tmp/www/passwd"
	try 'nor by a link' get passwd -i
	try 'that leads out' matches '^HTTP/1.1 404'
else
	skip 'curl' 'curl is not installed'
fi

# hopd as the real server behind its own virtual address.
via_vip()
{
	in_ns client curl -sS --max-time 20 http://10.0.0.100/whoami
}

if command -v curl >/dev/null; then
	try 'LOCAL behind a virtual address' via_vip
	try 'answers itself' matches '^node: local$'
	try 'to the client' matches '^client: 10\.0\.0\.2:'
	try 'which the balancer' hopctl conn show
	try 'knows' matches '10\.0\.0\.100:80'
fi

pipeline()
{
	_i=0
	while [ "$_i" -lt 200 ]; do
		printf 'GET /whoami HTTP/1.1\r\nHost: h\r\n\r\n'
		_i=$((_i + 1))
	done >"$tmp/requests"
	printf 'GET / HTTP/1.0\r\n\r\n' >>"$tmp/requests"
	in_ns client timeout 20 "$peer" 10.0.0.1 80 <"$tmp/requests" \
	    >"$tmp/answers"
	_n=$(grep -c '^HTTP/1.1 200 OK' "$tmp/answers")
	[ "$_n" = 201 ] || {
		echo "$_n answers"
		return 1
	}
}
try '200 requests ahead of their answers' pipeline

# ---- load -----------------------------------------------------------------------

if command -v wrk >/dev/null; then
	# About as many requests as wanted, at what a slow machine does.
	try 'wrk' in_ns client timeout 600 wrk -t 2 -c 100 \
	    -d $((requests / 10000 + 1)) "$url/index.html"
	try 'without an error' lacks 'Socket errors|Non-2xx'
else
	skip 'wrk' 'wrk is not installed'
fi
if command -v ab >/dev/null; then
	try 'ab, connections that stay' in_ns client timeout 3000 ab -q -k \
	    -n "$requests" -c 100 "$url/index.html"
	try 'without a failure' matches '^Failed requests: +0$'
	try 'ab, a connection a request' in_ns client timeout 3000 ab -q \
	    -n $((requests / 10)) -c 100 "$url/index.html"
	try 'without a failure there' matches '^Failed requests: +0$'
else
	skip 'ab' 'ab is not installed'
fi
try 'the server counted' hopctl http show
try 'no answer of its own fault' matches ' 5xx 0, .* timeouts 0$'

# ---- nmap -----------------------------------------------------------------------

scan()		# OPTION
{
	in_ns client timeout 120 nmap -n -Pn --max-retries 3 -p 80,81 "$1" \
	    10.0.0.1
}

if command -v nmap >/dev/null; then
	for kind in -sT -sS; do
		try "nmap $kind" scan $kind
		try 'sees the open port' matches '^80/tcp +open +http'
		try 'and the closed one' matches '^81/tcp +closed'
	done
	try 'nmap -sA' scan -sA
	try 'is not filtered' matches 'unfiltered'
	# RFC 9293 3.10.7: nothing answers these but a closed port.
	for kind in -sF -sX; do
		try "nmap $kind" scan $kind
		try 'the open port is silent' matches '^80/tcp +open\|filtered'
		try 'the closed one resets' matches '^81/tcp +closed'
	done
	try 'nmap -O' in_ns client timeout 120 nmap -n -Pn -O -p 80,81 \
	    --max-os-tries 1 10.0.0.1
	try 'has an opinion' matches '^80/tcp +open'
else
	skip 'nmap' 'nmap is not installed'
fi

# ---- slow, vanished and rude peers ----------------------------------------------

slow_reader()
{
	in_ns client timeout 3000 "$peer" -p "$pause" 10.0.0.1 80 <<END | tail -c "$((bad_mib * 1048576))"
GET /bad HTTP/1.0

END
}
try "a reader that sleeps for $pause seconds" same_sum "$tmp/www/bad" \
    slow_reader
try "and one that echoes" same_sum "$tmp/www/bad" \
    echo_file "$tmp/www/bad" -p "$pause"

# The client's side of the wire is gone for a while.
cut_in_the_middle()
{
	get bad --limit-rate 8M &
	_getter=$!
	sleep 0.5
	in_ns client ip link set t0 down
	sleep 1.5
	in_ns client ip link set t0 up
	wait "$_getter"
}
try 'a wire that was cut in the middle' same_sum "$tmp/www/bad" \
    cut_in_the_middle

# A peer that vanishes without a word costs no more than its buffers, and what
# it left goes when hopd speaks to it again: it comes back and resets.
vanish()
{
	in_ns client timeout 60 "$peer" -p 60 10.0.0.1 19 </dev/null \
	    >/dev/null 2>&1 &
	_gone=$!
	await 10 conns_are 1
	in_ns client ip link set t0 down
	kill "$_gone"
	wait "$_gone"
	sleep 1
	conns_are 1 || return 1
	in_ns client ip link set t0 up
	await 60 conns_are 0
}

conns_are()	# N; with chargen, their own half closed
{
	[ "$(hopctl -j tcp show port 19 | grep -c CLOSE-WAIT)" = "$1" ]
}
try 'a peer that vanished' vanish

try '1000 connections reset at once' in_ns client timeout 100 \
    "$peer" -R 1000 10.0.0.1 80
try 'another 1000, of echo' in_ns client timeout 100 \
    "$peer" -R 1000 10.0.0.1 7

nothing_is_left()
{
	[ "$(hopctl -j tcp show | grep -c -E 'ESTABLISHED|CLOSE-WAIT')" = 0 ]
}
try 'leave nothing behind' await 20 nothing_is_left
try 'it still answers' get index.html
try 'as before' matches '^<p>index$'
finish
