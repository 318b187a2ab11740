/*
 * host.h - what runs on a node: scripted servers and clients on the stack's
 * own sockets.
 *
 * Every byte of a request and of a reply follows from who sent it and which
 * one it is, so both sides know what must come.  A client counts requests and
 * answers; one that is sent at or after app->strict must be answered, in time
 * and rightly, or the world fails.  What never may happen, faults or not: an
 * answer with wrong bytes, from the wrong address, or to a request that was
 * not made.
 *
 * Scripts survive their node: they are stopped before it goes down and started
 * when it is back.
 */
#ifndef HOPD_SIM_HOST_H
#define HOPD_SIM_HOST_H

#include <stdbool.h>
#include <stdint.h>

#include "base/addr.h"
#include "base/instant.h"
#include "event.h"

struct app;
struct node;
struct stack;
struct tcp_conf;
struct world;

struct app_ops {
	const char *kind;
	void (*start)(struct app *a);	/* the node is up */
	void (*stop)(struct app *a);	/* it goes down, with its sockets */
	/* Could it read or write at once, though it was not called?  NULL:
	 * it cannot tell. */
	bool (*waits_in_vain)(const struct app *a);
};

struct app_stats {
	uint64_t sent, answered, lost, late, duplicates, errors, bytes;
};

struct app {
	struct app *next;		/* all of the node */
	struct node *node;
	const struct app_ops *ops;
	struct event tick;
	struct instant strict;		/* INSTANT_NEVER: nothing must be */
	bool stopped;			/* sends no more */
	uint32_t deaf;			/* misses one of so many calls, or 0 */
	uint32_t calls;
	struct app_stats stats;
};

/* For who makes apps, by sim_alloc(): links it to its node, which frees it.
 * tick NULL: it does nothing unless it is called. */
void app_init(struct app *a, struct node *n, const struct app_ops *ops,
    event_fn *tick);
/* A planted fault: this call of the stack was not heard. */
bool app_is_deaf(struct app *a);
void app_tick(struct app *a, struct instant at);
/* One thing that was to be answered is lost: a failure, if it was sent when
 * everything worked. */
void app_lost(struct app *a, struct instant sent, const char *what);

/* All apps of all nodes. */
void world_strict(struct world *w, struct instant from);
void world_hush(struct world *w);	/* no more requests */
void world_app_stats(const struct world *w, struct app_stats *sum);

/* Byte i of message `seq` of flow `flow`. */
static inline uint8_t
app_pattern(uint32_t flow, uint32_t seq, uint32_t i)
{
	return (uint8_t)((flow * 31 + seq * 17 + i * 7) ^ i >> 8);
}

/* ---- ping ------------------------------------------------------------ */

struct app *ping_client(struct node *n, const char *dst, int64_t interval_us,
    uint32_t size);

/* ---- UDP requests ---------------------------------------------------- */

/* Answers each request with as many bytes as it asks for. */
struct app *udp_server(struct node *n, uint16_t port);

struct udp_client_conf {
	const char *dst;
	uint16_t port;
	int64_t interval_us;
	uint32_t request, reply;	/* bytes; 40 at least */
	uint32_t per_socket;		/* requests until a new port; 0: all */
	bool hidden;			/* the server does not see who asks */
};

struct app *udp_client(struct node *n, const struct udp_client_conf *conf);
/* Answers that came from the node of that index. */
uint64_t udp_client_from(const struct app *a, uint32_t node);

/* ---- TCP streams ------------------------------------------------------ */

/* Answers each request on a connection with as many bytes as it asks for. */
struct app *tcp_server(struct node *n, uint16_t port);

struct tcp_client_conf {
	const char *dst;
	uint16_t port;
	int64_t interval_us;		/* from one connection to the next */
	uint32_t request, reply;	/* bytes besides their headers */
	uint32_t requests;		/* one after the other, of each */
};

/* One connection at a time: requests, half close, end. */
struct app *tcp_client(struct node *n, const struct tcp_client_conf *conf);
/* Answers that came from the node of that index. */
uint64_t tcp_client_from(const struct app *a, uint32_t node);

/* ---- bulk ------------------------------------------------------------- */

/* One connection without an end; of both, stats.bytes tell how far it is.
 * They do not survive their node. */
struct app *bulk_sink(struct node *n, uint16_t port,
    const struct tcp_conf *conf);
struct app *bulk_source(struct node *n, const char *dst, uint16_t port,
    const struct tcp_conf *conf);

#endif
