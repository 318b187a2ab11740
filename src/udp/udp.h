/*
 * udp.h - UDP (RFC 768, RFC 1122 4.1): datagrams in and out, and the stack's
 * own sockets, in event style.
 *
 * A socket belongs to an owner, whose ready() is called from udp_poll() and
 * from nowhere else, once for all that has arrived since the last call.  It
 * may read, send, close this socket or any other.  Nothing blocks.
 *
 * Who gets a datagram: the socket of the local port that names most of it
 * (connected, then bound to an address, then to an interface); among equals,
 * sharers of a port by a hash of the flow (UDP_REUSE_PORT), else the one bound
 * last (UDP_REUSE_ADDR).  Broadcast and multicast: everyone who fits.
 *
 * Limits: limits.udp_socks sockets; limits.udp_queue bytes waiting in each,
 * the bookkeeping of each datagram counted in.
 */
#ifndef HOPD_UDP_UDP_H
#define HOPD_UDP_UDP_H

#include <sys/queue.h>
#include <sys/types.h>

#include "base/addr.h"
#include "base/hash.h"
#include "base/instant.h"
#include "base/pkt.h"
#include "ip/ip.h"

struct stack;
struct udp_sock;

#define UDP_HLEN		8
#define UDP_OFF_LEN		4
#define UDP_OFF_CSUM		6
#define UDP_DATA_MAX		65507	/* 65535 less the two headers */
#define UDP_SEGMENTS_MAX	128	/* datagrams of one super-frame */

#define UDP_BUCKETS		4096
#define UDP_GROUPS_MAX		16	/* multicast groups of one socket */
#define UDP_REPORTS_MAX		32	/* ICMP errors waiting in one socket */

/* RFC 6056 3.2 would have all of 1024 to 65535; these leave the ports of
 * services alone (and are what users of Linux know). */
#define UDP_EPHEMERAL_MIN	32768
#define UDP_EPHEMERAL_MAX	60999

struct udp_hdr {
	uint16_t sport, dport, len, csum;
};

/* Events, or'ed together. */
#define UDP_READ	0x1u	/* udp_recv() has something */
#define UDP_ERROR	0x2u	/* udp_error() or udp_report() has */

typedef void udp_ready_fn(struct stack *stk, struct udp_sock *s,
    unsigned events);

enum udp_option {
	UDP_REUSE_ADDR,		/* share the port; before bind, both sides */
	UDP_REUSE_PORT,		/* share it and spread the load */
	UDP_BROADCAST,		/* may send to a broadcast address */
	UDP_TTL,		/* 1 to 255 */
	UDP_MULTICAST_TTL,	/* 1 (RFC 1112 6.1) until set */
	UDP_TOS,		/* 0 to 255 */
	UDP_DF,			/* never fragment what is sent */
	UDP_QUEUE,		/* bytes that may wait, to limits.udp_queue */
	UDP_REPORTS,		/* keep each ICMP error for udp_report() */
};

/* About a received datagram. */
struct udp_from {
	struct addr src, dst;	/* dst: what it was sent to */
	uint16_t sport;
	uint8_t tos, ttl;
	uint32_t len;		/* bytes of it, more than fitted or not */
	uint32_t ifindex;	/* interface it came in by; 0: built here */
	struct instant when;
};

/* An ICMP error about a datagram that was sent. */
struct udp_report {
	struct addr from;	/* who reports */
	struct addr dst;	/* whom the datagram was for */
	uint16_t dport;
	uint8_t type, code;	/* of the ICMP message */
	uint32_t info;		/* next-hop MTU of "fragmentation needed" */
	struct instant when;
};

struct udp_dgram {
	STAILQ_ENTRY(udp_dgram) link;
	struct udp_from from;
	uint8_t data[];			/* from.len of them */
};

struct udp_group {
	struct addr group;
	char ifname[PORT_NAME_MAX];
};

/* Invariants: lport 0: in no bucket and never ready with UDP_READ; rport 0:
 * not connected; rx_bytes is the cost of what is in rx. */
struct udp_sock {
	LIST_ENTRY(udp_sock) all;	/* latest first */
	LIST_ENTRY(udp_sock) bucket;	/* by lport, latest bound first */
	TAILQ_ENTRY(udp_sock) ready_link;	/* while events is not 0 */
	udp_ready_fn *ready;
	void *owner;
	unsigned events;	/* to be told by udp_poll() */
	uint64_t turn;		/* of udp_poll() when it became ready */

	struct addr local;	/* all zero: any */
	struct addr remote;	/* connected to it, if rport is not 0 */
	uint16_t lport, rport;
	char ifname[PORT_NAME_MAX];	/* only by this interface; "": any */
	bool local_chosen;	/* local was set by udp_connect() */
	bool reuse_addr, reuse_port, broadcast, df;
	uint8_t ttl, multicast_ttl, tos;
	uint8_t group_count;
	struct udp_group group[UDP_GROUPS_MAX];

	int error;		/* -Exxx to be told once, or 0 */
	struct udp_report *reports;	/* ring of UDP_REPORTS_MAX, or NULL */
	uint32_t report_first, report_count;

	STAILQ_HEAD(, udp_dgram) rx;
	uint32_t rx_bytes, rx_max;
	uint64_t received, sent, dropped;	/* datagrams */
};

struct udp_state {
	LIST_HEAD(, udp_sock) socks;
	LIST_HEAD(udp_bucket, udp_sock) bucket[UDP_BUCKETS];
	TAILQ_HEAD(, udp_sock) ready;
	uint64_t turn;		/* calls of udp_poll() so far */
	uint32_t count;		/* sockets open */
	struct hash_key key;	/* spreads flows over sharers of a port */
	uint64_t received, delivered, sent;
};

int udp_init(struct stack *stk);	/* 0; allocates nothing */
/* Closes what is still open, without telling the owners. */
void udp_fini(struct stack *stk);

/* A socket of its own, bound to nothing; NULL: no memory, or too many. */
struct udp_sock *udp_open(struct stack *stk, udp_ready_fn *ready, void *owner);
/* Throws away what waits; no more events. */
void udp_close(struct stack *stk, struct udp_sock *s);

/* 0, -EINVAL (value out of range), -ENOMEM. */
int udp_set(struct stack *stk, struct udp_sock *s, enum udp_option opt,
    uint32_t value);

/* Takes a local address (all zero or 0.0.0.0: any; ours, broadcast or
 * multicast) and port (0: an ephemeral one, RFC 6056 3.3.1).  0, -EINVAL
 * (bound already), -EADDRNOTAVAIL, -EADDRINUSE, -EAFNOSUPPORT. */
int udp_bind(struct stack *stk, struct udp_sock *s, const struct addr *addr,
    uint16_t port);

/* Only by the interface of that name from now on, in and out; "": by any.
 * 0 or -ENODEV. */
int udp_bind_iface(struct stack *stk, struct udp_sock *s, const char *ifname);

/* Sends to and hears from that peer only; binds first if need be.  0,
 * -EINVAL, -EACCES (broadcast without UDP_BROADCAST), -ENETUNREACH and what
 * else ip_path() and udp_bind() say.  _disconnect: hears everyone again. */
int udp_connect(struct stack *stk, struct udp_sock *s,
    const struct addr *addr, uint16_t port);
void udp_disconnect(struct udp_sock *s);

/* Hears datagrams to a multicast group that come in by an interface.  0,
 * -EINVAL (no group address), -ENODEV, -EADDRINUSE (joined already),
 * -ENOBUFS, -ENOSPC, -ENOMEM; _leave: 0 or -EADDRNOTAVAIL. */
int udp_join(struct stack *stk, struct udp_sock *s, const struct addr *group,
    const char *ifname);
int udp_leave(struct stack *stk, struct udp_sock *s, const struct addr *group,
    const char *ifname);

/* Sends len bytes as one datagram, or, if segment is not 0, as datagrams of
 * that many bytes each (the last may be shorter), which leave as one
 * super-frame where the port can.  addr NULL: to the peer it is connected to.
 * Binds first if need be.  0; a pending error (which is then told and nothing
 * sent); -EDESTADDRREQ, -EMSGSIZE, -EACCES, -ENODEV, -ENOBUFS, -EINVAL, and
 * what ip_send() says. */
int udp_send(struct stack *stk, struct udp_sock *s, const struct addr *addr,
    uint16_t port, const void *data, uint32_t len, uint16_t segment);

/* Sends back to where a datagram came from, from the address that it was sent
 * to if that is one of ours (RFC 1122 4.1.3.5).  As udp_send(). */
int udp_reply(struct stack *stk, struct udp_sock *s, const struct udp_from *to,
    const void *data, uint32_t len);

/* The oldest datagram: copies up to max bytes of it, the rest is lost, and
 * returns how many; from may be NULL.  -EAGAIN: none.  A pending error is told
 * first, once: -ECONNREFUSED, ... */
ssize_t udp_recv(struct stack *stk, struct udp_sock *s, void *buf,
    uint32_t max, struct udp_from *from);

/* The pending error (-Exxx), which is told only once, or 0. */
int udp_error(struct udp_sock *s);
/* The oldest ICMP error kept (UDP_REPORTS); false: none. */
bool udp_report(struct udp_sock *s, struct udp_report *out);

/* Tells owners what happened; stack_poll() calls it after the batch.  What
 * becomes ready meanwhile waits for the next turn. */
void udp_poll(struct stack *stk);
bool udp_pending(const struct stack *stk);	/* is anyone to be told? */

/* Walk: NULL starts, NULL ends; latest first. */
const struct udp_sock *udp_next(const struct stack *stk,
    const struct udp_sock *s);

/* 0 or -EINVAL: cut off, or the length lies. */
int udp_parse(const uint8_t *p, size_t len, struct udp_hdr *out);
/* Writes the header as it stands in h. */
void udp_build(uint8_t p[UDP_HLEN], const struct udp_hdr *h);

/* Consumes; data at the UDP header. */
void udp_input(struct stack *stk, struct pkt *pkt, const struct ip_meta *m);

/* `from` reports an ICMP error about a datagram of ours: quoted has its
 * addresses, l4 its first 8 bytes.  Was it of a socket that is still here? */
bool udp_icmp_error(struct stack *stk, const struct addr *from,
    const struct ip_meta *quoted, const uint8_t *l4, uint8_t type,
    uint8_t code, uint32_t info);

/* ---- between the files of this room ---- */

/* udp_poll() will tell the owner of these events, too. */
void udp_mark_ready(struct stack *stk, struct udp_sock *s, unsigned events);
/* A free port at random, which nobody shares (RFC 6056 3.3.1).  0, or
 * -EADDRINUSE: there is none. */
int udp_bind_ephemeral(struct stack *stk, struct udp_sock *s);
/* The one socket for a datagram to one host, or NULL.  ifname: where it came
 * in ("": built here), NULL: no matter. */
struct udp_sock *udp_lookup(struct stack *stk, const struct addr *local,
    uint16_t lport, const struct addr *remote, uint16_t rport,
    const char *ifname);
/* May s have a datagram to a group address?  For a walk over the bucket. */
bool udp_match_group(const struct udp_sock *s, const struct addr *group,
    bool multicast, uint16_t lport, const struct addr *remote,
    uint16_t rport, const char *ifname);
struct udp_bucket *udp_bucket(struct stack *stk, uint16_t lport);

#endif
