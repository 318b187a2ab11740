#!/bin/sh
# The demo, as a person runs it.
#
#	client --tapc-- hopd --tapa-- rs1 (nginx)
#	                    \--tapb-- rs2 (nginx)
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

within_30s()
{
	timeout 30 "$top_srcdir/lab/demo"
}

no_namespace()
{
	! ip netns list | grep '^hopdemo-'
}

try 'the demo passes, in less than 30 s' within_30s
try 'it prints the commands that a person would type' \
    matches '^\$ lab/lab exec client traceroute -I '
try 'it shows what the commands print' \
    matches '^    3 packets transmitted, 3 received'
try 'no check of it failed' matches ', 0 failed$'
try 'its namespaces are gone' no_namespace
try 'its directory is gone' test ! -e /run/hopd-lab-hopdemo
finish
