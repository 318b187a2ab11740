#!/bin/bash
# config: a full Internet table by `hopctl config apply`, what it costs, and a
# worker that is killed with it.  Needs root; works in a namespace of its own.
set -eu
cd "$(dirname "$0")/.."
build=$(realpath "${HOPD_BUILD:-build}")
rounds=${HOPD_ROUNDS:-5}
tmp=$(mktemp -d)
ns=hopd-bench-$$
keeper=

cleanup()
{
	[ -z "$keeper" ] || kill "$keeper" 2>/dev/null || true
	[ -z "$keeper" ] || wait "$keeper" 2>/dev/null || true
	ip netns del "$ns" 2>/dev/null || true
	rm -rf "$tmp"
}
trap cleanup EXIT

ctl()
{
	"$build/hopctl" -S "$tmp/sock" "$@"
}

worker()
{
	awk '{ print $1 }' "/proc/$keeper/task/$keeper/children"
}

start()
{
	"$build/hopd" -S "$tmp/sock" -f "$tmp/base.conf" 2>"$tmp/log" &
	keeper=$!
	for _ in {1..200}; do
		! ctl summary >/dev/null 2>&1 || return 0
		sleep 0.05
	done
	cat "$tmp/log" >&2
	exit 1
}

stop()
{
	kill "$keeper"
	wait "$keeper" || true
	keeper=
}

now_ms()
{
	echo $((${EPOCHREALTIME/./} / 1000))
}

median()	# VALUES
{
	printf '%s\n' "$@" | sort -n | sed -n "$((($# + 1) / 2))p"
}

is_back()	# OLD WORKER
{
	[ "$(worker)" != "$1" ] && ctl summary 2>/dev/null |
	    grep -q "^routes  *$routes\$"
}

ip netns add "$ns"
printf '%s\n' "port add tapa netns $ns" 'addr add 10.81.0.1/24 dev tapa' \
    >"$tmp/base.conf"
bench/routes "$tmp/routes"
awk -v base="$tmp/base.conf" 'BEGIN { while ((getline l <base) > 0) print l }
    { print "route add " $1 " via 10.81.0." 2 + NR % 200 }' "$tmp/routes" \
    >"$tmp/full.conf"
fresh=() same=() show=() back=() cpu=()
for ((i = 0; i < rounds; i++)); do
	start
	t=$(now_ms)
	ctl config apply "$tmp/full.conf"
	fresh+=($(($(now_ms) - t)))
	cpu+=("$(awk '{ print ($14 + $15) * 10 }' "/proc/$(worker)/stat")")
	routes=$(ctl summary | awk '$1 == "routes" { print $2 }')
	rss=$(awk '/^VmRSS/ { print $2 }' "/proc/$(worker)/status")
	t=$(now_ms)
	ctl config apply "$tmp/full.conf"
	same+=($(($(now_ms) - t)))
	t=$(now_ms)
	ctl route show >"$tmp/shown"
	show+=($(($(now_ms) - t)))
	old=$(worker)
	t=$(now_ms)
	kill -KILL "$old"
	until is_back "$old"; do
		sleep 0.02
	done
	back+=($(($(now_ms) - t)))
	stop
done
echo "config: $(wc -l <"$tmp/routes") routes, medians of $rounds"
row()
{
	printf 'config  %-34s %8d ms\n' "$1" "$2"
}
row 'config apply' "$(median "${fresh[@]}")"
row '  of it CPU time of hopd' "$(median "${cpu[@]}")"
row 'config apply, nothing changed' "$(median "${same[@]}")"
row 'route show' "$(median "${show[@]}")"
row 'worker killed, until all is back' "$(median "${back[@]}")"
printf 'config  %-34s %8d KB\n' 'memory of the worker' "$rss"
[ $# = 0 ] || printf '{"bench":"config","routes":%d,"apply_ms":%d,%s}\n' \
    "$routes" "$(median "${fresh[@]}")" "\"same_ms\":$(median "${same[@]}")
,\"show_ms\":$(median "${show[@]}"),\"restart_ms\":$(median "${back[@]}")
,\"rss_kb\":$rss" | tr -d '\n' >"$1"
