/*
 * frame_words.c - the commands that an input of `frame` can name.
 *
 * A table and not text: one byte reaches each, whatever the grammar, which has
 * targets of its own.  What makes, changes or takes away something that
 * packets are about stands beside what brings it back.
 */
#include "fuzz/frame_words.h"

#include <string.h>

static const char *const words[] = {
	/* what is there, with traffic in it */
	"tcp show", "tcp show listening", "udp show", "conn show",
	"conn show state ESTABLISHED", "conn show service tcp 192.168.1.100:80",
	"neigh show", "route show all", "route get 10.0.0.99", "stats show",
	"route get 10.9.0.1 from 192.168.1.10", "drops show all", "fault show",
	"server show", "service show", "limits show", "config show",
	"http show", "rarp show", "port show", "addr show", "summary",
	/* what asks by itself */
	"ping 10.0.0.11 count 3", "ping 192.168.1.10 df size 1400 count 2",
	"ping 172.16.0.2 count 2 ttl 1", "traceroute 100.0.0.1 queries 1",
	"traceroute 10.0.0.11 icmp queries 2", "tcp connect 10.0.0.11 80 scan",
	"tcp connect 10.0.0.11 80",
	"neigh announce 10.0.0.1 dev sv",
	"capture cl count 4", "capture drops count 4",
	/* the balancer */
	"server set tcp 192.168.1.100:80 10.0.0.11:8080 weight 0",
	"server set tcp 192.168.1.100:80 10.0.0.11:8080 weight 9 upper 1",
	"server set tcp 192.168.1.100:80 10.0.0.11:8080 mode dr",
	"server set tcp 192.168.1.100:80 10.0.0.11:8080 mode fullnat",
	"server del tcp 192.168.1.100:80 10.0.0.12:8080",
	"server add tcp 192.168.1.100:80 10.0.0.12:8080",
	"server add tcp 192.168.1.100:85 10.0.0.11:85",
	"server del tcp 192.168.1.100:85 10.0.0.11:85",
	"service set tcp 192.168.1.100:80 sched wlc persistent 9",
	"service set tcp 192.168.1.100:80 sched maglev ops off",
	"service del tcp 192.168.1.100:80",
	"service add tcp 192.168.1.100:80 sched rr",
	"local del tcp 192.168.1.100:83 10.0.0.1",
	"local add tcp 192.168.1.100:83 10.0.0.1",
	"local add tcp 192.168.1.100:80 10.0.0.1",
	"lb set toa off", "lb set drain 0 expire_quiescent on",
	"lb set conn_reuse 0 sloppy_tcp on", "lb set max_flows 8",
	"lb set tcp_timeout 1 udp_timeout 1 fin_timeout 1",
	"conn flush", "conn flush service tcp 192.168.1.100:80", "service zero",
	"mark add 7 proto udp dst 192.168.1.0/24 port 53",
	"mark del 7 proto tcp dst 192.168.1.0/24 port 1000-1099",
	/* addresses, routes, neighbours */
	"addr del 192.168.1.1/24 dev cl", "addr add 192.168.1.1/24 dev cl",
	"addr del 10.0.0.1/24 dev sv", "addr add 10.0.0.1/24 dev sv",
	"addr del 192.168.1.100/32 dev cl", "addr add 192.168.1.100/32 dev cl",
	"route add 10.8.0.0/16 dev ipip0",
	"route add 10.7.0.0/16 nexthop via 10.0.0.11 nexthop via 10.0.0.99"
	    " weight 3",
	"route set 10.9.0.0/16 via 172.16.0.2", "route del 10.9.0.0/16",
	"route add prohibit 10.9.1.0/24", "route add default via 172.16.0.9",
	"neigh flush", "neigh del 10.0.0.11 dev sv",
	"neigh del 192.168.1.10 dev cl",
	"neigh add 10.0.0.11 mac 02:00:00:00:00:0b dev sv",
	/* ports */
	"port set cl mtu 600", "port set cl mtu 1500", "port set sv mtu 9000",
	"port set sv mtu 576", "port set tn mtu 68", "port set cl down",
	"port set cl up", "port set cl arp_accept on arp_ignore 2 acd 2",
	"port set sv forwarding off", "port set sv forwarding on",
	"port set cl rp_filter 2 accept_source_route off",
	"port del sv", "port add sv mac 02:00:00:00:00:02",
	"port del cl", "port add cl mac 02:00:00:00:00:01",
	"tunnel del ipip0",
	"tunnel add ipip0 local 10.0.0.1 remote 10.0.0.12",
	/* Damage to what comes in only: what goes out is looked at. */
	"fault add dev cl dir in loss 20% duplicate 20% corrupt 20%"
	    " reorder 30% hold 1 jitter 1 seed 1",
	"fault add dev sv dir out delay 1 duplicate 90%",
	"fault del dev cl", "fault del dev sv",
	/* the host */
	"inetd del echo", "inetd add echo", "inetd del chargen",
	"http add 192.168.1.1:8080 name n", "http del 192.168.1.1:8080",
	"ip set min_pmtu 68", "ip set min_pmtu 1400",
	"ip set accept_source_route on", "ip set accept_source_route off",
};

#define WORDS (sizeof(words) / sizeof(words[0]))

const char *
frame_words(uint8_t n)
{
	return words[n % WORDS];
}

int
frame_words_find(const char *line)
{
	for (size_t i = 0; i < WORDS; i++) {
		if (strcmp(words[i], line) == 0)
			return (int)i;
	}
	return -1;
}
