#!/bin/sh
# What the stack library wants from outside is on a list: no clock, no random
# numbers, no environment, no printing.  symbols.allow says why each is there.

set -eu
export LC_ALL=C
: "${top_srcdir:=.}" "${top_builddir:=.}"
lib=$top_builddir/libhopstack.a
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

nm -P --defined-only "$lib" 2>/dev/null | awk 'NF >= 3 { print $1 }' |
    sort -u > "$tmp/defined"
nm -P -u "$lib" 2>/dev/null | awk 'NF >= 2 { print $1 }' | sort -u |
    grep -v -E '^_*(asan|ubsan|sanitizer|sancov|gcov|llvm)_' |
    sed -E 's/^__([a-z]+)_chk$/\1/' | sort -u > "$tmp/wanted"
sed -e 's/#.*//' -e 's/[[:space:]]*$//' -e '/^$/d' \
    "$top_srcdir/tests/lint/symbols.allow" | sort -u > "$tmp/allowed"
sort -u "$tmp/defined" "$tmp/allowed" > "$tmp/known"

echo 1..2
if [ "$(wc -l < "$tmp/defined")" -gt 100 ]; then
	echo "ok 1 - the library was read"
else
	echo "not ok 1 - the library was read"
fi
comm -23 "$tmp/wanted" "$tmp/known" > "$tmp/strange"
if [ -s "$tmp/strange" ]; then
	sed 's/^/# not on the list: /' "$tmp/strange"
	echo "not ok 2 - wants only what is on the list"
else
	echo "ok 2 - wants only what is on the list"
fi
