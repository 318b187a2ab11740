#!/bin/bash
# route-pps: frames of 60 bytes through a router, of 1 and of 1000 flows, with
# one route and with a whole Internet table.  "offered" is what the generator
# tried to send.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=lib_path.sh
. "$(dirname "$0")/lib_path.sh"
bench_start "$@"

# 10.0.0.0/8 is ours.
bench/routes "$tmp/all"
grep -v '^10\.' "$tmp/all" >"$tmp/routes"
shuf -n 1000 --random-source=<(yes) "$tmp/routes" >"$tmp/some"

run()	# NAME of a path; $flows and the options in $to
{
	path_blast "$1" 198.18.0.2 9 -f "$flows" "${to[@]}"
}

for peer in hopd relay kernel; do
	path_make $peer $peer
done
for flows in 1 1000; do
	to=()
	compare "$flows flows, 1 route" 'thousand frames/s' more run \
	    hopd relay kernel
done
path_make hopd hopd-full "$tmp/routes"
path_make kernel kernel-full "$tmp/routes"
for flows in 1 1000; do
	to=(-l "$tmp/some")
	compare "$flows flows, $(wc -l <"$tmp/routes") routes" \
	    'thousand frames/s' more run hopd-full relay kernel-full
done
bench_end
