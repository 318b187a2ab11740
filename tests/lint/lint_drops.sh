#!/bin/sh
# hopd-drops(7) lists the reasons of src/base/drop.h, and only those.

set -eu
: "${top_srcdir:=.}"
cd "$top_srcdir"
page=man/hopd-drops.7
rows=$(awk '/^X\(/ { n++ } END { print n + 0 }' src/base/drop.h)
items=$(awk '/^\.It Sy / { n++ } END { print n + 0 }' $page)
tmp=$(mktemp)
trap 'rm -f "$tmp"' EXIT
awk -f man/drops.awk src/base/drop.h >"$tmp"
diff=$(sed -n '/printed by man\/drops.awk/,/End of the list/p' $page |
    sed '1d;$d' | diff - "$tmp") || true

echo 1..2
if [ "$rows" -gt 50 ] && [ "$rows" = "$items" ]; then
	echo 'ok 1 - as many reasons as rows'
else
	echo "not ok 1 - $rows rows, $items reasons in the page"
fi
if [ -z "$diff" ]; then
	echo 'ok 2 - the same words'
else
	echo "$diff" | sed 's/^/# /'
	echo 'not ok 2 - the page differs: run man/drops.awk'
fi
