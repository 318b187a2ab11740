#!/bin/bash
# config: a whole Internet table by `hopctl config apply`: how long, of it the
# worker's CPU time ("cpu"); the same file again ("same"); `route show`
# ("show"); a worker that is killed, until its successor has it all ("back");
# all in milliseconds.  "MB" is the worker's memory.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
bench_start "$@"

now_ms()
{
	echo $((${EPOCHREALTIME/./} / 1000))
}

# Milliseconds that the command takes, in $took.
timed()		# COMMAND...
{
	local start

	start=$(now_ms)
	"$@" >/dev/null || return
	took=$(($(now_ms) - start))
}

route_count()
{
	ctl r summary 2>/dev/null | awk '$1 == "routes" { print $2 }'
}

is_back()	# OLD WORKER
{
	[ "$(worker_of r)" != "$1" ] && [ "$(route_count)" = "$count" ]
}

kill_worker()
{
	local old

	old=$(worker_of r)
	kill -KILL "$old"
	until is_back "$old"; do
		sleep 0.02
	done
}

run()
{
	local apply cpu same show mb

	hopd_start r <"$tmp/base" || return
	timed ctl r config apply "$tmp/full" || return
	apply=$took
	cpu=$(awk -v hz="$(getconf CLK_TCK)" \
	    '{ print ($14 + $15) * 1000 / hz }' "/proc/$(worker_of r)/stat")
	mb=$(awk '/^VmRSS/ { print $2 / 1024 }' "/proc/$(worker_of r)/status")
	count=$(route_count)
	timed ctl r config apply "$tmp/full" || return
	same=$took
	timed ctl r route show || return
	show=$took
	timed kill_worker
	hopd_stop r
	sample "$apply" cpu="$cpu" same="$same" show="$show" back="$took" \
	    MB="$mb"
}

ns_add a
printf '%s\n' "port add a0 netns $(ns_name a)" \
    'addr add 10.81.0.1/24 dev a0' >"$tmp/base"
bench/routes "$tmp/routes"
awk -v base="$tmp/base" 'BEGIN { while ((getline l <base) > 0) print l }
    { print "route add " $1 " via 10.81.0." 2 + NR % 200 }' "$tmp/routes" \
    >"$tmp/full"
compare "$(wc -l <"$tmp/routes") routes: config apply" ms less run hopd
bench_end
