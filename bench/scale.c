/*
 * scale.c - what a packet costs among many routes, services or real servers:
 * the stack alone, between two ports that cost what a TAP costs without its
 * system calls.
 *
 *	scale routes COUNT FILE		prefixes, one a line; the first COUNT
 *	scale services COUNT		each with one server, behind NAT
 *	scale servers COUNT SCHEDULER	of one service, behind NAT
 *
 * Prints nanoseconds of a packet, nanoseconds of the packet that opens a flow
 * (0 for routes), and bytes of memory for each of the COUNT.  Packets go to
 * the routes, services or flows at random; there are as many flows as
 * services, or FLOWS.
 *
 * bench/flow_scale and bench/tcp_scale do the same for flows and connections.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/csum.h"
#include "base/cursor.h"
#include "bed.h"
#include "lb/sched.h"
#include "stack/stack.h"
#include "udp/udp.h"

#define FLOWS		20000u
#define SAMPLES		2000000u
#define GATEWAY		IP4(192, 168, 1, 254)
#define FAR_GATEWAY	IP4(10, 0, 255, 254)
#define VIP_NET		IP4(198, 18, 0, 0)
#define SERVER_NET	IP4(10, 0, 0, 0)
#define FRAME_LEN	60u

/* A port that makes its frames: numbers in, UDP datagrams out. */
struct wire {
	struct bed_wire bed;	/* first: the two are one object */
	uint8_t frame[FRAME_LEN];
	const struct ip4 *dst;	/* to whom who sends next does */
};

struct bench {
	struct stack *stk;
	struct wire cl, sv;
	struct ip4 *targets;	/* of the flows, in turn */
	uint32_t target_count;
	uint32_t *order;	/* SAMPLES flows ... */
	struct ip4 *dst;	/* ... and their targets */
	uint32_t count;		/* of what is scaled */
	uint32_t flows;
	int64_t now;
};

/* ---- ports -------------------------------------------------------------- */

static enum port_read
wire_read(struct port *port, struct pkt *pkt, int *why)
{
	struct wire *w = (struct wire *)port;
	struct ip4_hdr h = { .ttl = 64, .proto = IPPROTO_UDP4,
	    .total_len = FRAME_LEN - ETH_HLEN };
	uint8_t *ip;
	uint32_t n;

	(void)why;
	if (!bed_wire_next(port, &n))
		return PORT_READ_EMPTY;
	h.src = bed_client(n);
	h.dst = *w->dst++;
	ip = (uint8_t *)pkt_append(pkt, FRAME_LEN) + ETH_HLEN;
	memcpy(ip - ETH_HLEN, w->frame, FRAME_LEN);
	ip4_build_hdr(ip, &h);
	be16_put(ip + IP4_HLEN, bed_client_port(n));
	return PORT_READ_FRAME;
}

static const struct port_ops wire_ops = {
	.kind = "wire",
	.read = wire_read,
	.send = bed_wire_send,
	.close = bed_port_close,
};

static void
wire_up(struct stack *stk, struct wire *w, const char *name, uint8_t last,
    struct ip4_prefix own, struct ip4 neighbour)
{
	struct eth_hdr eth = { bed_mac(last), bed_far_mac(last),
	    ETHERTYPE_IP4 };
	struct udp_hdr udp = { .dport = 9,
	    .len = FRAME_LEN - ETH_HLEN - IP4_HLEN };

	eth_build(w->frame, &eth);
	udp_build(w->frame + ETH_HLEN + IP4_HLEN, &udp);
	bed_port(stk, &w->bed.port, &wire_ops, name, last, own, neighbour, 0);
}

static void
bench_up(struct bench *b)
{
	struct env env = { .seed = { 1 }, .limits = LIMITS_DEFAULT };
	struct ip4_prefix near = { IP4(192, 168, 1, 1), 24 };
	struct ip4_prefix far = { IP4(10, 0, 255, 253), 16 };

	env.limits.lb_flows = 65536;
	env.limits.neighs = 65536;
	b->stk = stack_new(&env, instant_from_us(b->now));
	need(b->stk != NULL, "no memory");
	wire_up(b->stk, &b->cl, "cl", 1, near, GATEWAY);
	wire_up(b->stk, &b->sv, "sv", 2, far, FAR_GATEWAY);
	b->targets = calloc(b->count, sizeof(*b->targets));
	b->order = calloc(SAMPLES, sizeof(*b->order));
	b->dst = calloc(SAMPLES, sizeof(*b->dst));
	need(b->targets != NULL && b->order != NULL && b->dst != NULL,
	    "memory");
}

/* ---- what is scaled ----------------------------------------------------- */

static void
routes_up(struct bench *b, const char *name)
{
	FILE *f = fopen(name, "r");
	unsigned a, c, d, e, len;

	need(f != NULL, name);
	for (uint32_t i = 0; i < b->count; i++) {
		need(fscanf(f, "%u.%u.%u.%u/%u", &a, &c, &d, &e, &len) == 5,
		    "too few routes in the file");
		b->targets[i] = IP4(a, c, d, e);
		bed_route(b->stk, (struct ip4_prefix){ b->targets[i],
		    (uint8_t)len }, &b->sv.bed.port, FAR_GATEWAY);
		b->targets[i].v |= len < 32;
	}
	fclose(f);
	b->target_count = b->count;
	b->flows = b->count;
}

static void
server_up(struct bench *b, const struct lb_service_key *key, uint32_t n)
{
	struct lb_server_conf srv = { .fwd = LB_FWD_NAT, .weight = 1 };
	struct ip4 ip = { SERVER_NET.v + 1 + n };
	struct addr a = addr_from_ip4(ip);

	need(lb_server_add(b->stk, lb_service_lookup(b->stk, key), &a, 9,
	    &srv, NULL) == 0, "server");
	if (neigh_add(b->stk, b->sv.bed.port.ifp, ip, bed_far_mac(2),
	    NULL) != 0)
		need(false, "neighbour");
}

static void
service_up(struct bench *b, uint32_t n, const char *sched,
    struct lb_service_key *key)
{
	struct lb_service_conf conf = { .sched = lb_sched_find(sched) };

	need(conf.sched != NULL, "no such scheduler");
	b->targets[n] = (struct ip4){ VIP_NET.v + 1 + n };
	*key = (struct lb_service_key){ .proto = IPPROTO_UDP4, .port = 9,
	    .addr = addr_from_ip4(b->targets[n]) };
	need(lb_service_add(b->stk, key, &conf, NULL) == 0, "service");
}

static void
services_up(struct bench *b)
{
	struct lb_service_key key;

	for (uint32_t i = 0; i < b->count; i++) {
		service_up(b, i, "rr", &key);
		server_up(b, &key, i);
	}
	b->target_count = b->count;
	b->flows = b->count < FLOWS ? FLOWS : b->count;
}

static void
servers_up(struct bench *b, const char *sched)
{
	struct lb_service_key key;

	service_up(b, 0, sched, &key);
	for (uint32_t i = 0; i < b->count; i++)
		server_up(b, &key, i);
	b->target_count = 1;
	b->flows = FLOWS;
}

/* ---- runs --------------------------------------------------------------- */

/* So many packets, of each flow in turn or at random; nanoseconds for one. */
static double
pass(struct bench *b, bool shuffled, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++) {
		b->order[i] = (shuffled ? (uint32_t)random() : i) % b->flows;
		b->dst[i] = b->targets[b->order[i] % b->target_count];
	}
	b->cl.dst = b->dst;
	return bed_pass(b->stk, &b->now, &b->cl.bed, &b->sv.bed, b->order,
	    count);
}

int
main(int argc, char **argv)
{
	struct bench b = { .now = 1000000 };
	double open = 0, again;
	uint64_t bytes;
	bool routes = argc > 1 && strcmp(argv[1], "routes") == 0;

	if (argc < 3 || (b.count = (uint32_t)strtoul(argv[2], NULL, 10)) == 0)
		need(false, "routes COUNT FILE | services COUNT | "
		    "servers COUNT SCHEDULER");
	bench_up(&b);
	bytes = b.stk->mem.live_bytes;
	if (routes && argc == 4)
		routes_up(&b, argv[3]);
	else if (strcmp(argv[1], "services") == 0)
		services_up(&b);
	else if (strcmp(argv[1], "servers") == 0 && argc == 4)
		servers_up(&b, argv[3]);
	else
		need(false, "not understood");
	bytes = b.stk->mem.live_bytes - bytes;
	if (!routes)
		open = pass(&b, false, b.flows);
	pass(&b, true, SAMPLES / 10);
	again = pass(&b, true, SAMPLES);
	printf("%.1f %.1f %.0f\n", again, open, (double)bytes / b.count);
	return 0;
}
