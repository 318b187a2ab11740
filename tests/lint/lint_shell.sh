#!/bin/sh
# Every shell script passes shellcheck.

set -eu
: "${top_srcdir:=.}"
cd "$top_srcdir"

if ! command -v shellcheck > /dev/null; then
	echo "1..0 # SKIP shellcheck is not installed"
	exit 0
fi
tmp=$(mktemp)
trap 'rm -f "$tmp"' EXIT
find bootstrap tests lab bench demo -type f 2> /dev/null | sort |
    while read -r f; do
	if head -n 1 "$f" | grep -q -a -E '^#! ?/(usr/)?bin/(env )?(ba)?sh'; then
		echo "$f"
	fi
done > "$tmp"

echo "1..$(wc -l < "$tmp")"
n=0
while read -r f; do
	n=$((n + 1))
	if out=$(shellcheck "$f"); then
		echo "ok $n - $f"
	else
		echo "$out" | sed 's/^/# /'
		echo "not ok $n - $f"
	fi
done < "$tmp"
