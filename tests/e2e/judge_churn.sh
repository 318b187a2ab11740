#!/bin/sh
# Connections over a director whose servers are added, removed, weighted, fail
# and come back, and whose worker is killed: nobody is moved, and only what a
# failed server had is lost.
#
#	client 10.83.0.1-16 --tapc-- hopd --tapa-- a 10.84.1.2 (server)
#	            VIP 10.83.0.100:80    \ ...     b, c, d
#
# HOPD_CHURN=N connections in place of 3000; HOPD_CHURN_MODE=fullnat for nat.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

total=${HOPD_CHURN:-3000}
mode=${HOPD_CHURN_MODE:-nat}
at_once=$((total / 10 < 2000 ? total / 10 : 2000))
churn=$top_builddir/tests/e2e/churn
[ -x "$churn" ] || skip_all 'tests/e2e/churn is not built'

need ns_add client
for s in a b c d; do
	need ns_add $s
done
cat >"$tmp/hopd.conf" <<END
port add tapc netns $(ns_name client)
port add tapa netns $(ns_name a)
port add tapb netns $(ns_name b)
port add tapo netns $(ns_name c)
port add tapd netns $(ns_name d)
addr add 10.83.0.254/16 dev tapc
addr add 10.83.0.100/32 dev tapc
addr add 10.84.1.1/24 dev tapa
addr add 10.84.2.1/24 dev tapb
addr add 10.84.3.1/24 dev tapo
addr add 10.84.4.1/24 dev tapd
lb set rst_on_expire on
service add tcp 10.83.0.100:80 sched wrr
END
[ "$mode" = nat ] ||
    echo 'local add tcp 10.83.0.100:80 10.83.0.254' >>"$tmp/hopd.conf"
need hopd_start -f "$tmp/hopd.conf"

sources=
for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16; do
	need in_ns client ip addr add 10.83.0.$i/16 dev tapc
	sources="$sources 10.83.0.$i"
done
need in_ns client ip link set tapc up
server_up()	# LETTER: its process is $last
{
	nsenter --net="/run/netns/$(ns_name "$1")" -- \
	    "$churn" server "$1" 80 &
	last=$!
	pids="$pids $last"
}

net_of()	# LETTER
{
	case $1 in
	a)	echo 1 ;;
	b)	echo 2 ;;
	c)	echo 3 ;;
	d)	echo 4 ;;
	esac
}

for s in a b c d; do
	tap=tap$s
	[ $s != c ] || tap=tapo
	need in_ns $s ip link set $tap up
	need in_ns $s ip addr add "10.84.$(net_of $s).2/24" dev $tap
	need in_ns $s ip route add default via "10.84.$(net_of $s).1"
	server_up $s
done

server()	# VERB LETTER [WEIGHT]
{
	_at=10.84.$(net_of "$2").2:80
	case $1 in
	add)	hopctl server add tcp 10.83.0.100:80 "$_at" mode "$mode" \
		    weight "$3" ;;
	set)	hopctl server set tcp 10.83.0.100:80 "$_at" weight "$3" ;;
	del)	hopctl server del tcp 10.83.0.100:80 "$_at" ;;
	esac
}

for s in a b c; do
	need server add $s 1
done

count()		# NAME
{
	awk -v name="$1" '$1 == name { n = $2 } END { print n + 0 }' \
	    "$tmp/counts"
}

is_running()
{
	kill -0 "$runner" 2>/dev/null
}

run()		# [ROUND COMMAND...]: the clients, and meanwhile the command
{
	# shellcheck disable=SC2086
	in_ns client "$churn" client 10.83.0.100 80 "$total" "$at_once" \
	    $sources >"$tmp/counts" 2>"$tmp/client.err" &
	runner=$!
	pids="$pids $runner"
	_round=0
	while is_running; do
		_round=$((_round + 1))
		"$@" $_round
		sleep 0.2
	done
	wait "$runner" || cat "$tmp/client.err"
	sed 's/^/# /' "$tmp/counts"
}

# Weights wander, a server goes and comes back, another one joins and leaves.
changes()	# ROUND
{
	case $(($1 % 16)) in
	1 | 9)	server set a $(($1 % 5 + 1)) ;;
	2 | 10)	server del b ;;
	3 | 11)	server add d 3 ;;
	4 | 12)	server set c 0 ;;
	5 | 13)	server add b 2 ;;
	6 | 14)	server del d ;;
	7 | 15)	server set c 2 ;;
	8)	kill -KILL "$(worker_of "$keeper")" ;;
	esac >>"$tmp/changes" 2>&1
}

echo "# $total connections, $at_once at a time, $mode: servers change"
start=$(date +%s)
run changes
echo "# $(($(date +%s) - start)) s, $(wc -l <"$tmp/changes") complaints of" \
    "hopctl, $(grep -c 'killed by signal' "$tmp/hopd.log") workers killed"
try 'all came to their end' test "$(count "done")" = "$total"
for what in refused moved broken silent; do
	try "none was $what" test "$(count $what)" = 0
done
for s in a b c d; do
	try "server $s had its part" test "$(count done.$s)" -gt 0
done

# A server dies, is taken out, and comes back.
fails()		# ROUND
{
	case $(($1 % 8)) in
	1)	kill -KILL "$last"
		server del d ;;
	3)	server_up d
		server add d 2 ;;
	esac >>"$tmp/changes" 2>&1
}

{
	server set c 2
	server add d 2
} >/dev/null 2>&1
echo "# $total connections: one server fails, again and again"
run fails
try 'none was moved' test "$(count moved)" = 0
try 'none was silent' test "$(count silent)" = 0
try 'the failed server broke some' test "$(count broken.d)" -gt 0
try 'and no other' \
    test "$(count broken)" = "$(count broken.d)"
try 'few were refused: those on the way while it failed' \
    test "$(($(count refused) * 20))" -lt "$total"
try 'all others came to their end' test \
    "$(($(count "done") + $(count broken) + $(count refused)))" = "$total"
finish
