#!/bin/sh
# The rooms stand in one order, and dependencies point down it:
# - only a *_input.c includes a header of a higher room; free to everybody are
#   stack/stack.h, the context, and *_wire.h, formats without state;
# - only src/tcp and src/stack touch stk->tcp;
# - only src/hopd/loop.c includes libevent;
# - protocol rooms have no #if but the guards of their headers.

set -eu
: "${top_srcdir:=.}"
cd "$top_srcdir"

awk '
BEGIN {
	n = split("base port eth arp ip icmp udp tcp nat tunnel lb service " \
	    "stack ctl hopd hopctl", room, " ")
	for (i = 1; i <= n; i++)
		rank[room[i]] = i
	split("eth arp ip icmp udp tcp nat tunnel lb", p, " ")
	for (i in p)
		protocol[p[i]] = 1
	for (i = 1; i <= 4; i++)
		bad[i] = 0
}

function fault(test, why) {
	print "# " FILENAME ":" FNR ": " why
	bad[test]++
}

FNR == 1 {
	split(FILENAME, part, "/")
	here = part[2]
	files++
	if (!(here in rank))
		fault(1, "room " here " is not in the order")
	guards = 0
}

/^[ \t]*#[ \t]*include[ \t]*"/ {
	split($0, quote, "\"")
	header = quote[2]
	split(header, h, "/")
	if (FILENAME !~ /_input\.c$/ && header != "stack/stack.h" &&
	    FILENAME != "src/stack/stack.h" &&
	    header !~ /_wire\.h$/ && h[1] in rank && rank[h[1]] > rank[here])
		fault(1, header " is of a higher room")
}

/(stk|stack)->tcp\./ && here != "tcp" && here != "stack" {
	fault(2, "touches the state of TCP")
}

/include[ \t]*[<"]event/ && FILENAME != "src/hopd/loop.c" {
	fault(3, "includes libevent")
}

/^[ \t]*#[ \t]*if/ && here in protocol {
	if (FILENAME !~ /\.h$/ || $0 !~ /^#ifndef HOPD_[A-Z0-9_]+_H$/ ||
	    guards++ > 0)
		fault(4, "conditional compilation in a protocol room")
}

END {
	name[1] = "includes point down the order of the rooms"
	name[2] = "only TCP touches the state of TCP"
	name[3] = "only loop.c knows libevent"
	name[4] = "no #if in protocol rooms"
	print "1..5"
	for (i = 1; i <= 4; i++)
		print (bad[i] ? "not ok " : "ok ") i " - " name[i]
	print (files > 50 ? "ok" : "not ok") " 5 - " files " files seen"
}' src/*/*.[ch]
