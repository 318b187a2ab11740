#!/bin/sh
# A router that moves its frames in batches, by io_uring; one that was told not
# to; and one that may not.
#
#	a 10.81.0.2 --tapa-- hopd --tapb-- b 10.82.0.2
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

two_sides </dev/null

ring_of()	# PROCESS
{
	find "/proc/$1/fd" -lname 'anon_inode:\[io_uring\]' 2>/dev/null
}

has_ring()
{
	[ -n "$(ring_of "$(worker_of "$keeper")")" ]
}

has_no_ring()
{
	! has_ring
}

# Sixty at a time there and back, of 98 bytes and of several frames each, when
# the neighbours are known.
no_loss()
{
	in_ns a ping -n -q -c 1 -W 2 10.82.0.2 >"$tmp/ping" || return 1
	in_ns a ping -n -q -f -l 60 -c 3000 -W 5 10.82.0.2 >"$tmp/ping" &&
	    matches ' 0% packet loss' "$tmp/ping" &&
	    in_ns a ping -n -q -f -l 20 -c 300 -s 9000 -W 5 10.82.0.2 \
	    >"$tmp/ping" && matches ' 0% packet loss' "$tmp/ping"
}

b_has_device()
{
	in_ns b ip link show tapb
}

b_has_none()
{
	! b_has_device
}

again()		# COMMAND...: with the same configuration
{
	kill "$keeper"
	wait "$keeper"
	need hopd_start -f "$tmp/hopd.conf" "$@"
	need sides_up
}

sides_up()
{
	in_ns a ip link set tapa up &&
	    in_ns a ip addr replace 10.81.0.2/24 dev tapa &&
	    in_ns a ip route replace default via 10.81.0.1 && b_up
}

b_up()
{
	in_ns b ip link set tapb up mtu 1400 &&
	    in_ns b ip addr replace 10.82.0.2/24 dev tapb &&
	    in_ns b ip route replace default via 10.82.0.1
}

if has_ring; then
	try 'a worker has one ring' test \
	    "$(ring_of "$(worker_of "$keeper")" | wc -l)" = 1
	try 'and says nothing about it' test \
	    "$(grep -c io_uring "$tmp/hopd.log")" = 0
else
	skip 'a worker has one ring' 'the kernel has none for us'
fi
try 'nothing is lost' no_loss

worker=$(worker_of "$keeper")
kill -KILL "$worker"
try 'another worker' await 20 has_other_worker "$keeper" "$worker"
try 'nothing is lost by it' await 20 no_loss

# The device goes under load, with frames on their way to it.
nsenter --net="/run/netns/$(ns_name a)" \
    ping -n -q -f -l 60 10.82.0.2 >/dev/null 2>&1 &
flood=$!
pids="$pids $flood"
worker=$(worker_of "$keeper")
for _ in 1 2 3 4 5; do
	need hopctl port del tapb
	need await 5 b_has_none
	need hopctl port add tapb netns "$(ns_name b)" mtu 1400
	need hopctl addr add 10.82.0.1/24 dev tapb
	need b_up
done
in_ns b ip link del tapb
kill "$flood"
wait "$flood" 2>/dev/null
try 'a port comes and goes under load, and one worker stands it' test \
    "$(worker_of "$keeper")" = "$worker"
hopctl port del tapb
hopctl port add tapb netns "$(ns_name b)" mtu 1400
hopctl addr add 10.82.0.1/24 dev tapb
need b_up
try 'and nothing is lost afterwards' await 10 no_loss

again -n
try '-n: no ring' has_no_ring
try '-n: nothing is lost' no_loss

real=$hopd
printf '#!/bin/sh\nexec "%s" io_uring_setup "%s" "$@"\n' \
    "$top_builddir/tests/e2e/without" "$real" >"$tmp/hopd-without"
chmod +x "$tmp/hopd-without"
hopd=$tmp/hopd-without
again
try 'forbidden: no ring' has_no_ring
try 'forbidden: it is said once' test \
    "$(grep -c 'io_uring: ' "$tmp/hopd.log")" = 1
try 'forbidden: nothing is lost' no_loss
finish
