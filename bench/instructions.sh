#!/bin/bash
# instructions: how many a packet costs, counted by callgrind, beside what the
# committed table says (tests/bench/instructions.txt).  System calls are not in
# it.  The same build gives the same count, to the digit, on any machine.
#
#   bench/instructions.sh [JSON]
#   bench/instructions.sh --table     in the table's form: to write it anew
#   bench/instructions.sh --profile CASE   where they go, by function
#
# HOPD_BUILD=DIR    where it was built, if not in build/
set -eu
build=$(realpath -s "${HOPD_BUILD:-$(dirname "$0")/../build}")
cd "$(dirname "$0")/.."
table=tests/bench/instructions.txt
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

if ! command -v valgrind >/dev/null; then
	echo 'instructions: valgrind is not installed: left out'
	exit 0
fi
cases=(forward nat-in nat-out dr-in tun-in fullnat-in fullnat-out
    tcp-data-in tcp-ack-in)

variable()	# NAME: as configured
{
	sed -n "s/^$1 = //p" "$build/Makefile"
}

# Compiler and flags: what the counts depend on.
built_by()
{
	local cc

	read -ra cc <<<"$(variable CC)"
	printf '%s %s %s %s\n' "$("${cc[@]}" --version |
	    grep -q 'Free Software Foundation' && echo gcc || echo other)" \
	    "$("${cc[@]}" -dumpfullversion)" "$(uname -m)" \
	    "$(variable CFLAGS)"
}

# The C library picks its copying functions by the processor; here it shall
# pick the same ones everywhere.
count()		# CASE: leaves the profile in $tmp/out
{
	env -i PATH="$PATH" \
	    GLIBC_TUNABLES=glibc.cpu.hwcaps=-AVX2,-AVX,-AVX512F,-ERMS,-FSRM,-SSSE3,-SSE4_1,-SSE4_2,-Fast_Unaligned_Copy,-AVX_Fast_Unaligned_Load \
	    valgrind --tool=callgrind --toggle-collect=measured \
	    --callgrind-out-file="$tmp/out" "$build/bench/instructions" "$1" \
	    >"$tmp/packets" 2>"$tmp/log" || { cat "$tmp/log" >&2; exit 1; }
	awk -v packets="$(cat "$tmp/packets")" '/Collected/ {
		printf "%.1f\n", $NF / packets
	}' "$tmp/log"
}

if [ "${1-}" = --profile ]; then
	count "$2"
	callgrind_annotate --auto=no "$tmp/out"
	exit
fi
if [ "${1-}" = --table ]; then
	echo "built $(built_by)"
	for name in "${cases[@]}"; do
		n=$(count "$name")
		echo "$name $n"
	done
	exit
fi
echo "instructions a packet ($(built_by))"
printf '%-12s %8s %8s %6s\n' case counted table ratio
for name in "${cases[@]}"; do
	n=$(count "$name")
	was=$(awk -v name="$name" '$1 == name { print $2 }' $table)
	printf '%-12s %8s %8s %6s\n' "$name" "$n" "$was" \
	    "$(awk "BEGIN { printf \"%.3f\", $n / $was }")"
	[ -z "${1-}" ] || printf '{"bench":"instructions","case":"%s",%s}\n' \
	    "$name" "\"instructions\":$n,\"table\":$was" >>"$1"
done
