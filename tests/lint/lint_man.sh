#!/bin/sh
# The man pages are clean mdoc.

set -eu
: "${top_srcdir:=.}"
cd "$top_srcdir"

if ! command -v mandoc > /dev/null; then
	echo "1..0 # SKIP mandoc is not installed"
	exit 0
fi
set -- man/*.[1-9]
if [ ! -e "$1" ]; then
	echo "1..0 # SKIP no man pages"
	exit 0
fi
echo "1..$#"
n=0
for page; do
	n=$((n + 1))
	if out=$(mandoc -T lint -W warning "$page" 2>&1); then
		echo "ok $n - $page"
	else
		echo "$out" | sed 's/^/# /'
		echo "not ok $n - $page"
	fi
done
