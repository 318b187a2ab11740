#!/bin/sh
# Much data through the router in both directions at once, with the offloads
# that the kernel gives: every byte arrives as it was.
#
#	left (nginx) --tapl-- hopd --tapr-- right (nginx)
#	                          \--taps-- small (MTU 1280)
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

need lab_up router
for node in left right; do
	need dd if=/dev/urandom of="$(lab_dir router)/$node/www/blob" bs=1M \
	    count=128 status=none
	md5sum <"$(lab_dir router)/$node/www/blob" >"$tmp/$node.sum"
done

fetch()		# NODE ADDRESS NAME
{
	lab exec router "$1" curl -s -m 60 "http://$2/blob" | md5sum \
	    >"$tmp/$3.got"
}

fetch left 10.2.0.2 right &
one=$!
fetch right 10.1.0.2 left &
two=$!
pids="$pids $one $two"
try 'left fetches from right' wait $one
try 'right fetches from left' wait $two
try 'right'"'"'s bytes are whole' diff "$tmp/right.sum" "$tmp/right.got"
try 'left'"'"'s bytes are whole' diff "$tmp/left.sum" "$tmp/left.got"

# To a smaller MTU.
fetch small 10.2.0.2 small
try 'to the small MTU all bytes arrive too' \
    diff "$tmp/right.sum" "$tmp/small.got"

try 'no frame was refused for its offload header' sh -c \
    "! '$hopctl' -S '$socket' drops | grep -E 'port-bad-vnet +[1-9]'"
need lab_down router
finish
