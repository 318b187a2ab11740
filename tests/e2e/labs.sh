#!/bin/sh
# Labs go up, do what they say, and vanish without a trace, also after a
# crash; whatever else is on the machine stays untouched.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

nothing_left()
{
	! ip netns list | grep "^$HOPD_LAB_PREFIX-" &&
	    [ ! -e "/run/hopd-lab-$HOPD_LAB_PREFIX" ]
}

# A namespace that is not a lab's, and a process that a lab does not own.
ns_add bystander
sleep 1000 &
bystander=$!
pids="$pids $bystander"

for name in lvs-dr lvs-fullnat lvs-nat lvs-self lvs-tun router; do
	try "$name: goes up" lab_up $name
	try "$name: shows its drawing" matches --tap
	try "$name: is listed as up" sh -c \
	    "'$top_srcdir/lab/lab' list | grep -Eq '^$name +up '"
	try_status "$name: does not go up twice" 1 lab up $name
	try "$name: all of its checks pass" lab check $name
	try "$name: a command in a node finds hopctl and hopd" \
	    lab exec hopd hopctl port show
	try_status "$name: exec passes the exit status on" 7 \
	    lab exec $name hopd sh -c 'exit 7'
	try_status "$name: a node that is none is named" 1 lab exec nobody true
	try "$name: with the nodes that there are" \
	    matches "'nobody': no such node in $name; there are: hopd"
	try "$name: goes down" lab_down $name
	try "$name: nothing is left" nothing_left
done

try 'a lab goes up' lab_up router
kill -KILL "$keeper"
try 'a crashed lab goes down' lab_down router
try 'and nothing is left' nothing_left

try 'a lab goes up once more' lab_up router
# As if the number had been given to another process meanwhile.
echo "$bystander 1 stranger" >>"$(lab_dir router)/processes"
try 'a lab with a stale process number goes down' lab_down router
try 'the process of that number lives' kill -0 "$bystander"
try 'the namespace that is not the lab'"'"'s is there' \
    test -e "/run/netns/$(ns_name bystander)"

ip netns add "$HOPD_LAB_PREFIX-router-left"
try_status 'a namespace in the way is not taken' 1 lab up router
try 'it is named' \
    matches "namespace $HOPD_LAB_PREFIX-router-left exists already"
try 'and it is still there' \
    test -e "/run/netns/$HOPD_LAB_PREFIX-router-left"
ip netns del "$HOPD_LAB_PREFIX-router-left"
try 'nothing else is left' nothing_left

try_status 'no lab up: exec says so' 1 lab exec client true
try 'and names the labs' matches 'no lab is up.*lvs-nat lvs-self lvs-tun router'
try_status 'a lab that is none is named' 1 lab up nowhere
try 'with the labs that there are' \
    matches "'nowhere': no such lab; there are: lvs-dr lvs-fullnat lvs-nat lvs-self lvs-tun router"
try_status 'no word: usage' 2 lab
finish
