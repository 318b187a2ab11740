#!/bin/bash
# flow_scale: what a balanced connection costs among a thousand, a million and
# eight million: time of the processor, memory, and the pause when a new worker
# takes all of them over.  1.3 GB of memory; no privilege.
#
#	bench/flow_scale.sh [JSON]
set -eu
cd "$(dirname "$0")/.."
build=${HOPD_BUILD:-build}

make -s -C "$build" bench/flow_scale
"$build/bench/flow_scale" ${1:+-j "$1"}
