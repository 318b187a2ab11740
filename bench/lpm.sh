#!/bin/bash
# lpm: look-ups a second and bytes a prefix, beside DPDK's rte_lpm if it is
# installed.  No huge pages and no devices are needed.
set -eu
cd "$(dirname "$0")/.."
build=${HOPD_BUILD:-build}
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

bench/routes "$tmp/routes"
dpdk=()
libs=()
if pkg-config --exists libdpdk 2>/dev/null; then
	read -ra dpdk <<<"-DHAVE_DPDK $(pkg-config --cflags libdpdk)"
	libs=(-lrte_lpm -lrte_eal)
else
	echo 'lpm: libdpdk-dev is not installed: hopd alone'
fi
${CC:-cc} -std=gnu11 -O2 -Isrc "${dpdk[@]}" -o "$tmp/lpm_bench" \
    bench/lpm_bench.c "$build/libhopstack.a" "${libs[@]}"
"$tmp/lpm_bench" "$tmp/routes" ${1:+"$1"}
