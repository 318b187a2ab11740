/*
 * limits.h - every bound in one table, with its reason.
 *
 * Nothing in a packet makes memory grow past these.  `hopctl limits` prints
 * them; struct env may carry others when a stack is made.
 *
 * Columns: field, default, what it bounds and why that number.
 */
#ifndef HOPD_BASE_LIMITS_H
#define HOPD_BASE_LIMITS_H

#include <stdint.h>

#define LIMITS_TABLE(X)							\
X(pkt_small,	    16384, "small packets alive: 2 KiB each, 32 MiB")	\
X(pkt_large,	      512, "super-frames alive: 64 KiB each, 32 MiB")	\
X(ports,	      256, "ports: one descriptor and interface each")	\
X(addrs,	     4096, "addresses on all interfaces")		\
X(routes,	  2000000, "routes: twice a full Internet table")	\
X(neighs,	     4096, "neighbours: Linux's gc_thresh3 times four")	\
X(rarp_stations,    1024, "stations that the RARP server knows")	\
X(neigh_hold,	       16, "packets held for one unresolved neighbour")	\
X(neigh_hold_all,    1024, "packets held for all of them")		\
X(frag_bytes,	  4194304, "bytes in reassembly, as gVisor and Seastar")\
X(frag_source,	   524288, "bytes in reassembly from one source")	\
X(frag_queues,	     1024, "datagrams in reassembly")			\
X(groups,	      256, "multicast memberships")			\
X(icmp_per_sec,	     1000, "ICMP errors a second, as Linux")		\
X(icmp_per_dest,       10, "ICMP errors a second to one destination")	\
X(icmp_echoes,	      256, "echo sessions (ping, traceroute) at a time")	\
X(udp_socks,	    65536, "UDP sockets")				\
X(udp_queue,	   262144, "bytes waiting in one UDP socket")		\
X(tcp_conns,	  2000000, "TCP connections of every state")		\
X(tcp_listeners,   131072, "TCP listeners")				\
X(tcp_syn_queue,     1024, "half-open connections of one listener")	\
X(tcp_half_open,    65536, "half-open connections of all listeners")	\
X(tcp_sndbuf,	  6291456, "bytes one connection may have unsent or unacknowledged") \
X(tcp_rcvbuf,	  6291456, "largest receive window of one connection")	\
X(tcp_mem,	536870912, "bytes in all TCP buffers")			\
X(service_conns,    65536, "connections to the small services and HTTP")\
X(lb_services,	    65536, "services")					\
X(lb_servers,	    65536, "real servers of all services")		\
X(lb_flows,	  8388608, "flows: room for so many is mapped, max_flows bounds them") \
X(log_per_sec,	      100, "log lines a second that packets may cause")

struct limits {
#define X(field, value, why) uint32_t field;
	LIMITS_TABLE(X)
#undef X
};

#define LIMITS_DEFAULT { LIMITS_TABLE(LIMITS_INIT_) }
#define LIMITS_INIT_(field, value, why) .field = (value),

#endif
