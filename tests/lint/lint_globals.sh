#!/bin/sh
# The stack library has no mutable objects: .data, .bss, .tdata and .tbss of
# every object are empty.  Two stacks in one process share nothing, and this is
# the proof.  (.data.rel.ro holds constant tables of pointers: allowed.)
#
# Sanitizers and gcov add data of their own, so under them the sources are
# compiled anew, plainly.

set -eu
: "${top_srcdir:=.}" "${top_builddir:=.}"
lib=$top_builddir/libhopstack.a
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

instrumented() {
	nm "$lib" 2>/dev/null | grep -q -E '__(asan|ubsan|gcov|sancov|llvm)_'
}

compile_plainly() {
	for room in base port eth arp ip icmp udp tcp nat tunnel lb service \
	    stack; do
		for c in "$top_srcdir/src/$room"/*.c; do
			[ -e "$c" ] || continue
			${CC:-cc} -std=gnu11 -O1 -I"$top_builddir" \
			    -I"$top_srcdir/src" -c "$c" \
			    -o "$tmp/$room-$(basename "$c" .c).o"
		done
	done
}

if instrumented; then
	compile_plainly
	size -A "$tmp"/*.o > "$tmp/sizes"
else
	size -A "$lib" > "$tmp/sizes"
fi

awk '
NF >= 2 && $2 == ":" || / \(ex / { object = $1; objects++ }
$1 ~ /^\.(data|bss|tdata|tbss)(\.|$)/ && $1 !~ /^\.data\.rel\.ro/ && $2 > 0 {
	print "# " object ": " $1 " has " $2 " bytes"
	bad++
}
END {
	print "1..2"
	print (objects > 20 ? "ok" : "not ok") " 1 - " objects " objects seen"
	print (bad ? "not ok" : "ok") " 2 - no mutable object in the library"
}' "$tmp/sizes"
