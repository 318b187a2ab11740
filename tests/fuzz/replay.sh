#!/bin/sh
# Every fuzz target lives through its corpus, and through what fuzzing found
# before.

set -eu
: "${top_srcdir:=.}"
: "${top_builddir:=.}"
corpus=$top_srcdir/tests/fuzz/corpus

echo "1..$(find "$corpus" -mindepth 1 -maxdepth 1 -type d | wc -l)"
n=0
for dir in "$corpus"/*/; do
	n=$((n + 1))
	target=$(basename "$dir")
	if out=$("$top_builddir/tests/fuzz/$target" "$dir"* 2>&1); then
		echo "ok $n - $target: $(find "$dir" -type f | wc -l) inputs"
	else
		echo "$out" | sed 's/^/# /'
		echo "not ok $n - $target"
	fi
done
