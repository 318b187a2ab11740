/*
 * flow.h - the flow table: plain data in one memory, linked by index.
 *
 * A flow is one connection of a client: who talks to which service and which
 * real server has it.  All flows stand in one region of memory that the
 * keeper of the process may hold: a new process that maps it goes on with
 * every flow.  What is true of a flow is in its own 128 bytes; the links
 * between flows are made anew when a region is taken over, so it does not
 * matter at which instruction the old process died.
 *
 * A flow is found from both sides: by (client, service) in the client chains
 * and by (server, client or local address) in the server chains, with one
 * keyed SipHash of (protocol, source, port, destination, port) for both.  A
 * look-up wants two cache lines that may be far: the bucket, which has both
 * heads and says in a few bits that a chain need not be followed, and the flow
 * itself.
 *
 * Time: a flow holds its deadline, in ticks of 1/16 s, and stands in a wheel
 * of coarse slots that one timer drives.  A packet only moves the deadline;
 * the sweep finds a flow that is not due yet and moves it on.  A deadline
 * that comes nearer moves the flow at once.  A flow never goes early and at
 * most a slot (250 ms) late.
 *
 * Bounds: lb_conf.max_flows, and the region's room.  Memory that no flow used
 * yet is not touched.  When the table is full the half-open flow that stands
 * nearest to its end makes room; they have a wheel of their own.
 */
#ifndef HOPD_LB_FLOW_H
#define HOPD_LB_FLOW_H

#include <assert.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"
#include "base/err.h"
#include "base/hash.h"
#include "base/instant.h"
#include "base/timer.h"
#include "lb/service.h"

struct stack;

/* IPVS's names and numbers. */
enum lb_tcp_state {
	LB_TCP_NONE, LB_TCP_ESTABLISHED, LB_TCP_SYN_SENT, LB_TCP_SYN_RECV,
	LB_TCP_FIN_WAIT, LB_TCP_TIME_WAIT, LB_TCP_CLOSE, LB_TCP_CLOSE_WAIT,
	LB_TCP_LAST_ACK, LB_TCP_LISTEN, LB_TCP_SYNACK, LB_TCP_STATE_COUNT
};

enum lb_sctp_state {
	LB_SCTP_NONE, LB_SCTP_INIT1, LB_SCTP_INIT, LB_SCTP_COOKIE_SENT,
	LB_SCTP_COOKIE_REPLIED, LB_SCTP_COOKIE_WAIT, LB_SCTP_COOKIE,
	LB_SCTP_COOKIE_ECHOED, LB_SCTP_ESTABLISHED, LB_SCTP_SHUTDOWN_SENT,
	LB_SCTP_SHUTDOWN_RECEIVED, LB_SCTP_SHUTDOWN_ACK_SENT, LB_SCTP_REJECTED,
	LB_SCTP_CLOSED, LB_SCTP_STATE_COUNT
};

#define LB_FLOW_USED		0x0001u	/* written last, cleared first */
#define LB_FLOW_TEMPLATE	0x0002u	/* persistence, not a connection */
#define LB_FLOW_NO_OUTPUT	0x0004u	/* DR, TUN, LOCAL: replies not seen */
#define LB_FLOW_ACTIVE		0x0008u	/* counts in server->active */
#define LB_FLOW_HALF_OPEN	0x0010u	/* may go under pressure */
#define LB_FLOW_TWO_WAY		0x0020u	/* the server answered */
#define LB_FLOW_ANY_PORT	0x0040u	/* the service is on port 0 */
#define LB_FLOW_SEQ		0x0080u	/* FULLNAT: seq_delta counts */
#define LB_FLOW_TOA_DONE	0x0100u	/* FULLNAT: server's data acked */
#define LB_FLOW_SERVER_ISN	0x0200u	/* server_isn is known */
#define LB_FLOW_SECOND		0x0400u	/* more than one packet passed */
#define LB_FLOW_SERVER_ANY	0x0800u	/* the server is on port 0 */
#define LB_FLOW_CLIENT_SEQ	0x1000u	/* client_end is known */
#define LB_FLOW_SERVER_SEQ	0x2000u	/* server_end is known */
#define LB_FLOW_SAME_PORT	0x4000u	/* sport is the packet's, though the
					 * server, as its template, has one */

/*
 * Addresses are those of packets: client and vip on the client's side, server
 * and local (the client itself, but for FULLNAT) on the server's side.
 *
 * Invariants: not USED means every link is stale; linked in a wheel exactly
 * once while USED; in the server chain unless NO_OUTPUT or TEMPLATE.
 */
struct lb_flow {
	struct addr client, vip;	/* template: client masked; by mark:
					 * vip is 0.0.0.0 + mark */
	struct addr server, local;
	uint16_t cport, vport, sport, lport;
	uint32_t client_next;		/* chain; free: next free one */
	uint32_t server_next;
	uint32_t wheel_prev, wheel_next;	/* 0: head or end of slot */
	uint32_t due;			/* tick of its end */
	uint32_t server_index;		/* lb_server_by_index() */
	uint32_t template_index;	/* controlling template, or 0 */
	uint32_t fwmark;		/* of the service, or 0 */
	union {
		uint32_t client_end;	/* TCP: next sequence number the client
					 * sends, in the client's numbers */
		uint32_t controls;	/* template: flows it controls */
	};
	uint32_t server_end;		/* TCP: next one the server sends; DR,
					 * TUN: what the client expects */
	uint32_t seq_delta;		/* FULLNAT: server's - client's */
	uint32_t server_isn;		/* FULLNAT: to know its first data */
	uint8_t proto;
	uint8_t state;			/* enum lb_tcp_state, lb_sctp_state;
					 * UDP: 0 */
	uint16_t flags;			/* LB_FLOW_* */
	uint8_t fwd;			/* enum lb_fwd */
	uint8_t wheel;			/* 0, or 1: half-open */
	uint16_t slot;
};

#define LB_FLOW_BYTES 128
static_assert(sizeof(struct lb_flow) <= LB_FLOW_BYTES,
    "a flow costs at most 128 bytes");

#define LB_TICK_US	INT64_C(62500)
#define LB_TICKS_PER_S	16u
#define LB_SLOT_TICKS	4u
#define LB_SLOTS	4096u		/* 1024 s ahead; longer goes round */

/* The heads of two chains, each an index and above it a bit for every eighth
 * of the hash that may be in the chain: what is not there is mostly known
 * without a look at a flow. */
struct lb_bucket {
	uint32_t client, server;
};

#define LB_INDEX_BITS	24
#define LB_INDEX_MASK	((UINT32_C(1) << LB_INDEX_BITS) - 1)
#define LB_FLOWS_DEFAULT 1048576u	/* lb_conf.max_flows */
#define LB_FLOW_RECENT	4096u

/* The head of the region; the flows and the buckets follow. */
struct lb_region {
	uint64_t magic;
	uint32_t version;
	uint32_t flow_bytes;	/* sizeof(struct lb_flow) */
	uint32_t flows;		/* slots for flows, [0] is never used */
	uint32_t pad;
	struct hash_key key;
	uint64_t check;		/* SipHash of the fields above */
	uint32_t high;		/* flows from here on were never used */
	uint32_t limit;		/* lb_conf.max_flows */
};

struct lb_wheel {
	uint32_t head[LB_SLOTS];	/* first flow, or 0 */
	uint32_t tail[LB_SLOTS];
	uint64_t used[LB_SLOTS / 64];	/* bit per slot with flows */
	uint32_t count;
};

struct lb_flows {
	struct lb_region *region;
	struct lb_flow *flow;		/* [region->flows] */
	struct lb_bucket *bucket;	/* room for as many as the flows want */
	uint32_t buckets;		/* in use: a power of two */
	struct lb_tally *tally;		/* statistics (lb/tally.h), or NULL */
	uint32_t tallies;
	void *own;			/* the region, if it is ours */
	size_t own_len;
	struct lb_wheel *wheel;		/* [2]: all, half-open */
	uint64_t swept;			/* slot since time 0 up to which both
					 * are swept */
	/* Found last, by bits of the tuple that anybody can compute: saves
	 * most of the keyed hashes, and a stranger can at most undo that.
	 * An index, doubled, and 1 for the server's side; 0: none.  Above it
	 * are more of those bits: among many flows another one's word is
	 * nearly always known without a look at its flow.  Whether it is the
	 * one is seen from the flow itself, so nothing is ever wrong in here,
	 * only stale. */
	uint32_t recent[LB_FLOW_RECENT];
	uint32_t free;			/* first free flow, or 0 */
	uint32_t count;			/* flows and templates alive */
	struct timer timer;
	uint64_t expired, evicted, refused, taken_over;
};

/* mem as in lb_init().  A region of the right shape is taken over, anything
 * else is made anew.  0 or -ENOMEM. */
int lb_flows_init(struct stack *stk, void *mem, size_t mem_len);
void lb_flows_fini(struct stack *stk);
/* Bytes that a region of so many flows wants. */
size_t lb_flows_bytes(uint32_t flows);
/* lb_conf.max_flows is limit now: chains are made anew if that asks for other
 * buckets.  0, or -EINVAL: no room for so many, or 0. */
int lb_flows_limit(struct stack *stk, uint32_t limit, struct err *err);

/* Five words of a packet, or of a flow's side. */
struct lb_tuple {
	struct addr src, dst;
	uint16_t sport, dport;
	uint8_t proto;
};

/* The flow to whose service this packet goes (*reply false), or whose server
 * sent it (*reply true), or NULL.  Never a template. */
struct lb_flow *lb_flow_lookup(struct stack *stk, const struct lb_tuple *t,
    bool *reply);
/* The template for a masked client, or NULL: t is (client, 0) to (vip, port),
 * or to (0.0.0.0 + mark, 0) with proto 0. */
struct lb_flow *lb_flow_template(struct stack *stk, const struct lb_tuple *t);

/* A copy of *f becomes a flow: linked, its server held and counted.  NULL: the
 * table is full (counted).  due, flags USED and links are set here; it ends
 * after timeout_s. */
struct lb_flow *lb_flow_add(struct stack *stk, const struct lb_flow *f,
    uint32_t timeout_s);
/* Ends it at once: unlinked, its server and its template released. */
void lb_flow_del(struct stack *stk, struct lb_flow *f);
/* New deadline, timeout_s from now. */
void lb_flow_touch(struct stack *stk, struct lb_flow *f, uint32_t timeout_s);
/* A template's server becomes srv. */
void lb_flow_retarget(struct stack *stk, struct lb_flow *template_,
    struct lb_server *srv);
/* Half-open or not; moves between the wheels. */
void lb_flow_set_half_open(struct stack *stk, struct lb_flow *f, bool on);
/* Active or not, in its server's counters. */
void lb_flow_set_active(struct stack *stk, struct lb_flow *f, bool on);

static inline uint32_t
lb_flow_index(const struct lb_flows *ft, const struct lb_flow *f)
{
	return (uint32_t)(f - ft->flow);
}

/* Whole seconds until it ends. */
uint32_t lb_flow_expires_s(const struct stack *stk, const struct lb_flow *f);
/* "ESTABLISHED", "UDP", "NONE" ... as ipvsadm -Lc prints them. */
const char *lb_flow_state_name(const struct lb_flow *f);
/* All such names, some of them twice; i from 0, NULL ends. */
const char *lb_flow_state_at(unsigned i);
struct lb_service_key lb_flow_service_key(const struct lb_flow *f);

/* For conn show and conn flush; zero fields match everything. */
struct lb_flow_filter {
	uint8_t proto;
	bool has_client, has_vip, has_server;
	struct addr client, vip, server;
	uint16_t cport, vport, sport;	/* 0: any */
	uint32_t fwmark;
	const char *state;		/* its name; NULL: any */
	bool no_templates;
	const struct lb_service_key *service;	/* NULL: any */
};
bool lb_flow_matches(const struct lb_flow *f, const struct lb_flow_filter *w);
/* Walk: *pos starts at 0; NULL ends.  The flow returned may be deleted.
 * filter may be NULL. */
struct lb_flow *lb_flow_next(struct stack *stk, uint32_t *pos,
    const struct lb_flow_filter *filter);
/* The same over no more than *steps places of the table, which counts down:
 * NULL is the end only if some are left. */
struct lb_flow *lb_flow_scan(struct stack *stk, uint32_t *pos,
    uint32_t *steps, const struct lb_flow_filter *filter);
/* Deletes all that match; returns how many. */
uint32_t lb_flow_flush(struct stack *stk, const struct lb_flow_filter *filter);

#endif
