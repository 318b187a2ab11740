/*
 * service.h - services (virtual servers) and their real servers.
 *
 * A service is found by firewall mark, by (protocol, address, port), or by
 * (protocol, address, port 0: every port), in that order.  It owns a list of
 * real servers and a scheduler (lb/sched.h) that picks one for each new
 * connection.  Semantics are IPVS's: weight 0 drains, a server over its upper
 * threshold takes nothing new until it is below the lower one.
 *
 * A server's identity is (service, address, port).  A server that is removed
 * while flows still use it stays as an orphan, out of its service's list, and
 * its flows go on for lb_conf.drain_s; adding the same identity again finds
 * the orphan with its flows and counters.  Flows refer to servers by index,
 * and an index lives as long as its last flow.
 *
 * All functions here are control functions: 0 or -Exxx, and one line of words
 * in err.  -EEXIST already there, -ENOENT not there, -EINVAL bad argument,
 * -ERANGE thresholds, -ENOSPC over lb_services or lb_servers, -ENOMEM.
 * Refused means nothing changed.
 *
 * Memory: services and servers are single objects of stk->mem; pointers to
 * them stay valid until they are removed, so a caller keeps none across turns.
 */
#ifndef HOPD_LB_SERVICE_H
#define HOPD_LB_SERVICE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/addr.h"
#include "base/err.h"
#include "base/hash.h"
#include "base/instant.h"
#include "base/timer.h"

struct lb_local;
struct lb_local_use;
struct lb_sched;
struct stack;

/* What names a service. */
struct lb_service_key {
	uint32_t fwmark;	/* not 0: the rest is zero */
	uint8_t proto;		/* IPPROTO_TCP4, IPPROTO_UDP4, IPPROTO_SCTP4 */
	uint16_t port;		/* 0: all ports; needs persistence */
	struct addr addr;
};

enum lb_fwd { LB_FWD_NAT, LB_FWD_DR, LB_FWD_TUN, LB_FWD_FULLNAT, LB_FWD_LOCAL,
    LB_FWD_COUNT };
/* "nat", "dr", "tun", "fullnat", "local". */
const char *lb_fwd_name(enum lb_fwd fwd);

/* Flags of a service. */
#define LB_SVC_PERSIST	0x0001u	/* persist_s and netmask count */
#define LB_SVC_OPS	0x0002u	/* one-packet scheduling: UDP only */
#define LB_SVC_FLAG1	0x0008u	/* sh, mh: fall back to another server */
#define LB_SVC_FLAG2	0x0010u	/* sh, mh: the port counts too */
#define LB_SVC_FLAG3	0x0020u	/* free for schedulers */
#define LB_SVC_RST	0x0100u	/* no server: TCP is answered with RST */

/* Idle time-outs in seconds; in a service, 0 means the global one. */
struct lb_timeouts {
	uint32_t tcp_s;		/* ESTABLISHED */
	uint32_t tcp_fin_s;	/* FIN_WAIT */
	uint32_t udp_s;
};

struct lb_service_conf {
	const struct lb_sched *sched;	/* lb_sched_find(); NULL: wlc */
	uint32_t flags;			/* LB_SVC_* */
	uint32_t persist_s;		/* of templates; 0 with the flag: 360 */
	struct addr netmask;		/* of persistence, v4 mapped
					 * (::ffff:255.255.255.0); all zero: the
					 * whole address counts */
	struct lb_timeouts timeouts;
	uint64_t seed;			/* maglev: directors with the same seed
					 * and servers agree */
};

/* Counted since the last lb_zero(), also by earlier processes.  Bytes are IP
 * lengths. */
struct lb_stats {
	uint64_t conns, in_pkts, out_pkts, in_bytes, out_bytes;
};

/* Per second, as IPVS shows them: every 2 s, avg += (rate - avg) / 4. */
struct lb_rates {
	uint64_t cps, in_pps, out_pps, in_bps, out_bps;
};

/* The running estimate behind lb_rates. */
struct lb_estimator {
	struct lb_stats last;		/* at the previous sample */
	uint64_t cps, in_pps, out_pps;	/* scaled by 2^10 */
	uint64_t in_bps, out_bps;	/* scaled by 2^5 */
};

/* What is counted of a service, a server or everything; lb/tally.h says where
 * it stands. */
#define LB_TALLY_ID 48
struct lb_tally {
	struct lb_stats stats;
	struct lb_estimator est;
	uint8_t id[LB_TALLY_ID];	/* whose; the last byte 0: free */
};

struct lb_server_conf {
	enum lb_fwd fwd;
	int32_t weight;			/* 0: takes nothing new */
	uint32_t upper;			/* connections; 0: no bound */
	uint32_t lower;			/* 0: three quarters of upper */
	uint32_t drain_s;		/* with weight 0: after so long its
					 * flows end, too; 0: never */
};

/* Flags of a server. */
#define LB_SRV_OVERLOAD	0x01u	/* reached upper, not yet below lower */
#define LB_SRV_GONE	0x02u	/* an orphan: removed, flows remain */

struct lb_server {
	struct lb_server *prev, *next;	/* in its service: the newest first,
					 * as IPVS schedules */
	struct lb_server *hash_next;	/* by identity */
	struct lb_service *svc;		/* NULL: an orphan */
	struct lb_service_key key;	/* of its service: identity */
	struct addr addr;
	uint16_t port;
	uint32_t index;			/* what flows store; never 0 */
	uint32_t place;			/* in svc->load */
	struct lb_server_conf conf;
	uint32_t flags;			/* LB_SRV_* */
	uint32_t refs;			/* flows and templates that refer */
	uint32_t active;		/* flows that IPVS calls active */
	uint32_t inactive;
	uint32_t persist;		/* templates */
	struct instant gone;		/* orphan: when it was removed */
	struct instant drain;		/* end of conf.drain_s, or never */
	int32_t last_weight;		/* mh: last one that was not 0 */
	int64_t credit;			/* swrr, maglev: share not yet given */
	uint32_t perm, skip, turns;	/* mh, maglev: while filling a table */
	struct lb_local_use *local_uses;	/* FULLNAT: ports taken */
	uint32_t tun_mtu;		/* TUN: path MTU learnt, 0: none */
	struct instant tun_mtu_due;	/* when that is forgotten */
	struct lb_tally *tally, own_tally;
};

/* What schedulers that look at every server want of it, side by side. */
struct lb_load {
	struct lb_server *srv;
	uint32_t active, inactive;
	int32_t weight;			/* 0: takes nothing new */
};

struct lb_service {
	struct lb_service *hash_next;
	struct lb_service *prev, *next;	/* all, in the order of addition */
	struct lb_service_key key;
	struct lb_service_conf conf;
	struct lb_server *servers, *last;	/* the newest, the oldest */
	uint32_t server_count;
	struct lb_load *load;		/* of the servers, the oldest first */
	uint32_t load_room;
	void *sched_data;		/* the scheduler's own */
	struct lb_local *locals;	/* FULLNAT: local addresses */
	struct lb_local *local_turn;	/* used last, or NULL */
	uint32_t local_count;
	uint64_t no_local;		/* FULLNAT: refused, ports exhausted */
	struct lb_tally *tally, own_tally;
};

#define LB_BUCKETS_FIRST	64u	/* a power of two, as the later ones */
#define LB_ADDR_BUCKETS		1024

struct lb_services {
	struct hash_key key;
	struct lb_service **bucket;	/* as many as services, or more */
	uint32_t buckets;
	struct lb_server **server_bucket;
	uint32_t server_buckets;
	struct lb_service *first, *last;
	uint32_t count;
	uint32_t fwmarks;		/* services by mark */
	uint32_t any_port;		/* services on port 0 */
	/* Services and servers whose address falls there: a 0 says quickly
	 * that an address is nobody's. */
	uint32_t service_addrs[LB_ADDR_BUCKETS];
	uint32_t server_addrs[LB_ADDR_BUCKETS];
	struct lb_server **by_index;	/* [0] is never used */
	uint32_t index_size;
	uint32_t index_hint;		/* where to look for a free one */
	uint32_t server_count;		/* orphans included */
	struct lb_tally *tally, own_tally;	/* of everything */
	struct timer est_timer;		/* every 2 s while there are services */
};

/* stk->lb.services, empty; its end, with all services and servers.  init: 0 or
 * -ENOMEM, and _fini() is right after either. */
int lb_services_init(struct stack *stk);
void lb_services_fini(struct stack *stk);

/*
 * Services.  _set changes scheduler, flags, persistence, time-outs of one that
 * is there; flows and servers stay.  _del orphans the servers.
 */
int lb_service_add(struct stack *stk, const struct lb_service_key *key,
    const struct lb_service_conf *conf, struct err *err);
int lb_service_set(struct stack *stk, const struct lb_service_key *key,
    const struct lb_service_conf *conf, struct err *err);
int lb_service_del(struct stack *stk, const struct lb_service_key *key,
    struct err *err);
/* Exactly this key, or NULL. */
struct lb_service *lb_service_lookup(struct stack *stk,
    const struct lb_service_key *key);
/* What a packet with these words belongs to: mark, then port, then port 0. */
struct lb_service *lb_service_match(struct stack *stk, uint32_t mark,
    uint8_t proto, const struct addr *dst, uint16_t dport);
/* Does any service (not by mark) have this address? */
bool lb_service_has_addr(struct stack *stk, const struct addr *addr);
/* Is it the address of a server behind NAT, orphans included? */
bool lb_server_has_addr(struct stack *stk, const struct addr *addr);
/* Walk in the order of addition: NULL starts, NULL ends. */
struct lb_service *lb_service_next(struct stack *stk,
    const struct lb_service *svc);
/* Same service? */
bool lb_service_key_eq(const struct lb_service_key *a,
    const struct lb_service_key *b);

/*
 * Real servers.  Port 0 takes the service's port.  NAT and FULLNAT may map
 * ports; for DR, TUN and LOCAL the port must be the service's (-EINVAL), or
 * anything in a fwmark service.  _del orphans it while flows refer to it.
 */
int lb_server_add(struct stack *stk, struct lb_service *svc,
    const struct addr *addr, uint16_t port, const struct lb_server_conf *conf,
    struct err *err);
int lb_server_set(struct stack *stk, struct lb_service *svc,
    const struct addr *addr, uint16_t port, const struct lb_server_conf *conf,
    struct err *err);
int lb_server_del(struct stack *stk, struct lb_service *svc,
    const struct addr *addr, uint16_t port, struct err *err);
/* Weight 0 and drain_s at once; the time begins anew if it ran already.  A
 * weight over 0 takes it back. */
int lb_server_drain(struct stack *stk, struct lb_service *svc,
    const struct addr *addr, uint16_t port, uint32_t drain_s,
    struct err *err);
struct lb_server *lb_server_lookup(struct stack *stk,
    const struct lb_service *svc, const struct addr *addr, uint16_t port);
/* In the order of addition: NULL starts, NULL ends. */
struct lb_server *lb_server_next(const struct lb_service *svc,
    const struct lb_server *srv);

/* Statistics back to zero: of one service with its servers, or of all and the
 * total (NULL). Rates start anew, too. */
void lb_zero(struct stack *stk, struct lb_service *svc);
void lb_estimator_read(const struct lb_estimator *est, struct lb_rates *out);

/* For the flow table and the data path.  NULL: no server has that index. */
static inline struct lb_server *
lb_server_at(const struct lb_services *s, uint32_t index)
{
	return index < s->index_size ? s->by_index[index] : NULL;
}
struct lb_server *lb_server_by_index(struct stack *stk, uint32_t index);
/* May it take a new connection: in a service, weight over 0, not overloaded? */
static inline bool
lb_server_available(const struct lb_server *srv)
{
	return srv->conf.weight > 0 && (srv->flags & LB_SRV_OVERLOAD) == 0;
}
/* estimator.c: the timer of all rates */
void lb_estimator_fire(struct stack *stk, struct timer *t);
void lb_estimator_start(struct stack *stk);
/* The orphan or the live server of this identity; makes an orphan if there is
 * none (a flow table taken over names servers not yet configured).  NULL: no
 * memory. */
struct lb_server *lb_server_adopt(struct stack *stk,
    const struct lb_service_key *key, const struct addr *addr, uint16_t port,
    enum lb_fwd fwd);
/* A flow refers to srv or no longer does; the last one takes an orphan with
 * it. */
void lb_server_hold(struct lb_server *srv);
void lb_server_release(struct stack *stk, struct lb_server *srv);
/* Copies what counts to svc->load, after active, inactive, weight or flags
 * changed. */
void lb_server_load(struct lb_server *srv);
/* Sets or clears overload after active, inactive or the bounds changed; and
 * lb_server_load(). */
void lb_server_check_load(struct lb_server *srv);

#endif
