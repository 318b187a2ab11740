#!/bin/bash
# A packet costs no more instructions than the committed table says, 3 % spared
# (another compiler or other flags than the table's: 30 %).  Who changes the
# cost on purpose writes the table anew and commits it with the change:
#
#   bench/instructions.sh --table >tests/bench/instructions.txt
set -u
: "${top_srcdir:=.}" "${top_builddir:=build}"
table=$top_srcdir/tests/bench/instructions.txt
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

skip()
{
	echo "1..0 # SKIP $*"
	exit 0
}

# Who can install it on the system that the table is from, must.
if ! command -v valgrind >/dev/null; then
	if [ "$(id -u)" = 0 ] && grep -qs '^12' /etc/debian_version; then
		printf '1..1\nnot ok 1 - valgrind is not installed\n'
		exit 1
	fi
	skip 'valgrind is not installed'
fi
if ! grep -q '^CFLAGS = .*-O[23]' "$top_builddir/Makefile" ||
    grep -qE '^HOPD_CFLAGS = .*(-fsanitize|--coverage)' \
    "$top_builddir/Makefile"; then
	skip 'not an optimized build'
fi
if ! HOPD_BUILD=$top_builddir "$top_srcdir/bench/instructions.sh" --table \
    >"$tmp/now" 2>"$tmp/log"; then
	sed 's/^/# /' "$tmp/log"
	printf '1..1\nnot ok 1 - counted\n'
	exit 1
fi
awk '
FNR == 1 && NR == 1 {
	built = $0
	next
}
FNR == NR {
	limit[$1] = $2
	next
}
FNR == 1 {
	spare = $0 == built ? 1.03 : 1.3
	if ($0 != built)
		print "# table: " built "\n# here:  " $0
	next
}
{
	good = $1 in limit && $2 > 0 && $2 <= limit[$1] * spare
	printf "%s %d - %s: %s, table %s\n", good ? "ok" : "not ok", ++n, $1, \
	    $2, limit[$1]
	if (good && spare < 1.1 && $2 < limit[$1] * 0.97)
		print "# cheaper than it was: write the table anew"
}
END { print "1.." n }' "$table" "$tmp/now"
