/*
 * tcp_scale.c - what many idle connections cost: bytes each, and whether a
 * segment takes longer among a million than among a thousand.
 *
 *	tcp_scale [CONNECTIONS...]
 *
 * One stack, one memory port that speaks bare IP; the peers are frames made
 * here.  A round is 100 data segments of 100 bytes to connections at random,
 * read by their owner, and the ACKs that the stack sends.  Each segment draws
 * its ACK, so that the work is the same however few or many share it.
 *
 * By themselves: timers among as many others, those of the same thousand
 * connections (what the wheel costs) and those of any (what caches cost), and
 * a flood of SYNs that nobody follows up.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/csum.h"
#include "base/cursor.h"
#include "bed.h"
#include "ip/ip_wire.h"
#include "port/mem_port.h"
#include "stack/stack.h"
#include "tcp/tcp_wire.h"

#define PORTS 50000u		/* a peer address has so many connections */
#define PAYLOAD 100u
#define ROUNDS 2000u
#define MOVES 2000000u
#define SYNS 1000000u

struct peer {
	uint32_t seq, ack;
};

struct bench {
	struct stack *stk;
	struct port *port;
	struct peer *peers;
	int64_t now;
};

static void
ready(struct stack *stk, struct tcp_conn *c, void *owner)
{
	(void)owner;
	tcp_consume(stk, c, tcp_readable(c));
}

static void
accepted(struct stack *stk, struct tcp_listener *l, void *owner)
{
	struct tcp_conn *c;

	while ((c = tcp_accept(stk, l)) != NULL)
		tcp_set_owner(stk, c, ready, owner);
}

static void
give(struct bench *b, uint32_t n, uint8_t flags, uint32_t len)
{
	uint8_t p[IP4_HLEN + TCP_HLEN + PAYLOAD] = { 0 }, *t = p + IP4_HLEN;
	struct ip4_hdr ip = { .ttl = 64, .proto = IPPROTO_TCP4,
	    .total_len = (uint16_t)(IP4_HLEN + TCP_HLEN + len),
	    .src = { 0x0a010000u + 1 + n / PORTS },
	    .dst = IP4(10, 0, 0, 1) };
	struct tcp_hdr h = { .sport = (uint16_t)(10000 + n % PORTS),
	    .dport = 80, .seq = b->peers[n].seq, .ack = b->peers[n].ack,
	    .hlen = TCP_HLEN, .flags = flags, .window = 65535 };

	ip4_build_hdr(p, &ip);
	tcp_build_hdr(t, &h);
	be16_put(t + TCP_OFF_CSUM, csum_finish(csum_add(csum_pseudo4(ip.src,
	    ip.dst, ip.proto, TCP_HLEN + len), t, TCP_HLEN + len)));
	mem_port_give(b->port, p, ip.total_len);
	b->peers[n].seq += len + ((flags & TCP_SYN) != 0);
}

static void
turn(struct bench *b)
{
	stack_poll(b->stk, instant_from_us(b->now));
}

static void
open_one(struct bench *b, uint32_t n)
{
	struct mem_frame *f;

	give(b, n, TCP_SYN, 0);
	turn(b);
	while ((f = mem_port_take(b->port)) != NULL) {
		b->peers[n].ack = be32_get(f->data + IP4_HLEN +
		    TCP_OFF_SEQ) + 1;
		mem_port_free(b->port, f);
	}
	give(b, n, TCP_ACK, 0);
	turn(b);
	b->now += 3;
}

static void
round_of(struct bench *b, uint32_t count)
{
	struct mem_frame *f;

	for (uint32_t i = 0; i < 100; i++)
		give(b, (uint32_t)random() % count, TCP_ACK | TCP_PSH,
		    PAYLOAD);
	turn(b);
	turn(b);
	while ((f = mem_port_take(b->port)) != NULL)
		mem_port_free(b->port, f);
	b->now += 100;
}

/* A server with room for so many peers; conf as in tcp_listen(). */
static void
bench_up(struct bench *b, uint32_t peers, const struct tcp_conf *conf)
{
	struct env env = { .seed = { 1 }, .limits = LIMITS_DEFAULT };
	struct ip4_prefix own = { IP4(10, 0, 0, 1), 8 };
	struct addr any = { { 0 } };
	struct tcp_listener *l;

	env.limits.lb_flows = 4096;
	b->now = 1;
	b->stk = stack_new(&env, instant_from_us(0));
	b->peers = calloc(peers, sizeof(*b->peers));
	need(b->stk != NULL && b->peers != NULL, "memory");
	b->port = mem_port_new(&b->stk->mem, "tun0", false, MAC_ZERO, 1500, 0);
	need(port_add(b->stk, b->port) == 0 && iface_addr_add(b->stk,
	    b->port->ifp, own, SCOPE_GLOBAL, NULL) == 0, "port");
	need(tcp_listen(b->stk, &any, 80, 1000, conf, accepted, NULL, &l) == 0,
	    "listener");
}

static void
bench_down(struct bench *b)
{
	stack_free(b->stk);
	free(b->peers);
}

static void
run(uint32_t count)
{
	struct tcp_conf conf;
	struct bench b;
	double t0, t1, t2;
	uint64_t bytes;

	tcp_conf_default(&conf);
	conf.delack_us = 0;
	bench_up(&b, count, &conf);
	turn(&b);
	bytes = b.stk->mem.live_bytes;
	t0 = ns_now();
	for (uint32_t n = 0; n < count; n++)
		open_one(&b, n);
	t1 = ns_now();
	bytes = b.stk->mem.live_bytes - bytes;
	for (uint32_t r = 0; r < ROUNDS; r++)
		round_of(&b, count);
	t2 = ns_now();
	printf("%8u connections: %4llu bytes each, open %5.0f ns, "
	    "segment in and its ACK %5.0f ns\n", b.stk->tcp.table_count,
	    (unsigned long long)(bytes / count), (t1 - t0) / count,
	    (t2 - t1) / (100.0 * ROUNDS));
	bench_down(&b);
}

/* ---- timers -------------------------------------------------------------- */

static void
fire(struct stack *stk, struct timer *t)
{
	(void)stk;
	(void)t;
}

/* What it costs to move a timer of the first `hot` of count. */
static double
moves(struct timers *w, struct timer *t, uint32_t hot)
{
	double t0 = ns_now();

	for (uint32_t i = 0; i < MOVES; i++)
		timer_set(w, &t[(uint32_t)random() % hot], instant_from_us(
		    200000 + (int64_t)((uint32_t)random() % 1000000)));
	return (ns_now() - t0) / MOVES;
}

static void
timers(uint32_t count)
{
	struct timer *t = calloc(count, sizeof(*t));
	struct timers *w = calloc(1, sizeof(*w));
	double hot, any;

	need(t != NULL && w != NULL, "memory");
	timers_init(w, instant_from_us(0));
	for (uint32_t i = 0; i < count; i++) {
		timer_init(&t[i], fire);
		timer_set(w, &t[i], instant_from_us(200000 +
		    (int64_t)((uint32_t)random() % 120000000)));
	}
	hot = moves(w, t, count < 1000 ? count : 1000);
	any = moves(w, t, count);
	printf("%8u timers: moved %4.0f ns among the same thousand, %4.0f ns "
	    "any\n", count, hot, any);
	free(w);
	free(t);
}

/* ---- a flood ------------------------------------------------------------- */

static void
flood(void)
{
	uint64_t bytes = 0, answers = 0;
	struct mem_frame *f;
	struct bench b;
	double t0;

	bench_up(&b, SYNS, NULL);
	t0 = ns_now();
	for (uint32_t n = 0; n < SYNS; n++) {
		give(&b, n, TCP_SYN, 0);
		if (n % 100 != 99)
			continue;
		turn(&b);
		turn(&b);	/* each reads a part */
		for (; (f = mem_port_take(b.port)) != NULL; answers++)
			mem_port_free(b.port, f);
		b.now += 1000;		/* 100,000 a second */
		if (n == SYNS / 10 - 1)
			bytes = b.stk->mem.live_bytes;
	}
	printf("%8u SYNs: %llu answers, %4.0f ns each, memory grew by %lld "
	    "bytes after the first tenth\n", SYNS,
	    (unsigned long long)answers, (ns_now() - t0) / SYNS,
	    (long long)(b.stk->mem.live_bytes - bytes));
	bench_down(&b);
}

int
main(int argc, char **argv)
{
	static const uint32_t usual[] = { 1000, 100000, 1000000 };

	for (int i = 1; i < argc; i++) {
		run((uint32_t)strtoul(argv[i], NULL, 10));
		timers((uint32_t)strtoul(argv[i], NULL, 10));
	}
	for (int i = 0; argc == 1 && i < 3; i++)
		run(usual[i]);
	for (int i = 0; argc == 1 && i < 3; i++)
		timers(usual[i]);
	flood();
	return 0;
}
