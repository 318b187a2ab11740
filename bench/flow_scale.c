/*
 * flow_scale.c - what a flow costs among a thousand, a million, eight million:
 * nanoseconds of the processor to open one, to find it from either side and to
 * pass a packet of it through NAT, bytes of memory, and how long a new worker
 * takes to go on with all of them.
 *
 *	flow_scale [-j FILE] [FLOWS...]
 *
 * One stack between two ports that cost what a TAP costs without its system
 * calls; packets go to flows at random.  The table is a memory file, as the
 * keeper's is.
 */
#define _GNU_SOURCE	/* memfd_create */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/csum.h"
#include "base/cursor.h"
#include "bed.h"
#include "lb/sched.h"
#include "stack/stack.h"
#include "tcp/tcp_wire.h"

#define GATEWAY		IP4(192, 168, 1, 254)
#define VIP		IP4(192, 168, 1, 100)
#define SERVER		IP4(10, 0, 0, 11)
#define SAMPLES		2000000u

/* A port that makes its frames: numbers in, TCP segments out. */
struct wire {
	struct bed_wire bed;	/* first: the two are one object */
	bool server;		/* whose side this is */
	uint8_t flags;
	uint8_t frame[ETH_HLEN + IP4_HLEN + TCP_HLEN];
};

struct bench {
	struct stack *stk;
	struct wire cl, sv;
	void *mem;
	size_t mem_len;
	uint32_t flows;
	uint32_t *order;
	int64_t now;
};

/* ---- ports -------------------------------------------------------------- */

static enum port_read
wire_read(struct port *port, struct pkt *pkt, int *why)
{
	struct wire *w = (struct wire *)port;
	uint8_t *ip, *l4;
	struct ip4_hdr h = { .ttl = 64, .proto = IPPROTO_TCP4,
	    .total_len = IP4_HLEN + TCP_HLEN };
	uint32_t n;

	(void)why;
	if (!bed_wire_next(port, &n))
		return PORT_READ_EMPTY;
	h.src = w->server ? SERVER : bed_client(n);
	h.dst = w->server ? bed_client(n) : VIP;
	ip = (uint8_t *)pkt_append(pkt, sizeof(w->frame)) + ETH_HLEN;
	memcpy(ip - ETH_HLEN, w->frame, sizeof(w->frame));
	ip4_build_hdr(ip, &h);
	l4 = ip + IP4_HLEN;
	be16_put(l4, w->server ? 80 : bed_client_port(n));
	be16_put(l4 + 2, w->server ? bed_client_port(n) : 80);
	l4[TCP_OFF_FLAGS] = w->flags;
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
    struct ip4 ip, struct ip4 neighbour)
{
	struct eth_hdr eth = { bed_mac(last), bed_far_mac(last),
	    ETHERTYPE_IP4 };
	struct tcp_hdr tcp = { .seq = 1, .ack = 1, .hlen = TCP_HLEN,
	    .window = 1000 };
	struct ip4_prefix p = { ip, 24 };

	eth_build(w->frame, &eth);
	tcp_build_hdr(w->frame + ETH_HLEN + IP4_HLEN, &tcp);
	w->server = last == 2;
	bed_port(stk, &w->bed.port, &wire_ops, name, last, p, neighbour, 0);
}

/* ---- one stack ---------------------------------------------------------- */

static void
service_up(struct bench *b)
{
	struct lb_service_key key = { .proto = IPPROTO_TCP4, .port = 80,
	    .addr = addr_from_ip4(VIP) };
	struct lb_service_conf conf = { .sched = lb_sched_find("rr") };
	struct lb_server_conf srv = { .fwd = LB_FWD_NAT, .weight = 1 };
	struct addr server = addr_from_ip4(SERVER);

	need(lb_service_add(b->stk, &key, &conf, NULL) == 0, "service");
	need(lb_server_add(b->stk, lb_service_lookup(b->stk, &key), &server,
	    80, &srv, NULL) == 0, "server");
}

static void
bench_up(struct bench *b)
{
	struct env env = { .seed = { 1 }, .limits = LIMITS_DEFAULT,
	    .flow_mem = b->mem, .flow_mem_len = b->mem_len };
	struct lb_conf conf;

	env.limits.lb_flows = b->flows;
	b->stk = stack_new(&env, instant_from_us(b->now));
	need(b->stk != NULL, "no memory");
	lb_conf_get(b->stk, &conf);
	conf.max_flows = b->flows;
	need(lb_conf_set(b->stk, &conf, NULL) == 0, "max_flows");
	wire_up(b->stk, &b->cl, "cl", 1, IP4(192, 168, 1, 1), GATEWAY);
	wire_up(b->stk, &b->sv, "sv", 2, IP4(10, 0, 0, 1), SERVER);
	bed_route(b->stk, (struct ip4_prefix){ BED_CLIENT_NET, 12 },
	    &b->cl.bed.port, GATEWAY);
	service_up(b);
}

static void
memory_up(struct bench *b)
{
	int fd = memfd_create("flow_scale", MFD_CLOEXEC);

	b->mem_len = lb_flows_bytes(b->flows + 1);
	need(fd != -1 && ftruncate(fd, (off_t)b->mem_len) == 0, "memory file");
	b->mem = mmap(NULL, b->mem_len, PROT_READ | PROT_WRITE, MAP_SHARED,
	    fd, 0);
	need(b->mem != MAP_FAILED, "mapping");
	close(fd);
}

/* Bytes of the mapping that are in memory. */
static uint64_t
memory_used(const struct bench *b)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	size_t n = (b->mem_len + page - 1) / page, used = 0;
	unsigned char *in = malloc(n);

	need(in != NULL && mincore(b->mem, b->mem_len, in) == 0, "mincore");
	for (size_t i = 0; i < n; i++)
		used += in[i] & 1;
	free(in);
	return (uint64_t)used * page;
}

/* Sends a segment of each of the flows; nanoseconds for one. */
static double
pass(struct bench *b, struct wire *from, struct wire *to, uint8_t flags,
    const uint32_t *flow, uint32_t count)
{
	from->flags = flags;
	return bed_pass(b->stk, &b->now, &from->bed, &to->bed, flow, count);
}

static double
lookups(struct bench *b, bool reply)
{
	uint32_t found = 0;
	double t0 = ns_now();
	bool is_reply;

	for (uint32_t i = 0; i < SAMPLES; i++) {
		uint32_t n = b->order[i];
		struct addr c = addr_from_ip4(bed_client(n));
		struct addr v = addr_from_ip4(reply ? SERVER : VIP);
		uint16_t port = bed_client_port(n);
		struct lb_tuple in = { c, v, port, 80, IPPROTO_TCP4 };
		struct lb_tuple out = { v, c, 80, port, IPPROTO_TCP4 };

		found += lb_flow_lookup(b->stk, reply ? &out : &in,
		    &is_reply) != NULL && is_reply == reply;
	}
	need(found == SAMPLES, "a flow was not found");
	return (ns_now() - t0) / SAMPLES;
}

struct result {
	double open, find, find_reply, in, out, again_ms;
	uint64_t bytes;
};

static struct result
run(uint32_t flows)
{
	struct bench b = { .flows = flows, .now = 1000000 };
	struct result r;
	uint32_t *all = calloc(flows, sizeof(*all));
	double t0;

	b.order = calloc(SAMPLES, sizeof(*b.order));
	need(all != NULL && b.order != NULL, "memory");
	for (uint32_t i = 0; i < flows; i++)
		all[i] = i;
	/* Not in the order in which they came. */
	for (uint32_t i = 0; i < SAMPLES; i++)
		b.order[i] = (uint32_t)random() % flows;
	memory_up(&b);
	bench_up(&b);
	r.open = pass(&b, &b.cl, &b.sv, TCP_SYN, all, flows);
	pass(&b, &b.sv, &b.cl, TCP_SYN | TCP_ACK, all, flows);
	pass(&b, &b.cl, &b.sv, TCP_ACK, all, flows);
	r.find = lookups(&b, false);
	r.find_reply = lookups(&b, true);
	r.in = pass(&b, &b.cl, &b.sv, TCP_ACK, b.order, SAMPLES);
	r.out = pass(&b, &b.sv, &b.cl, TCP_ACK, b.order, SAMPLES);
	r.bytes = memory_used(&b);
	need(b.stk->lb.flows.count == flows, "flows are missing");
	/* As if the worker had been killed: what it had is not torn down. */
	t0 = ns_now();
	bench_up(&b);
	r.again_ms = (ns_now() - t0) / 1e6;
	need(b.stk->lb.flows.count == flows, "flows were not taken over");
	r.find = (r.find + lookups(&b, false)) / 2;
	munmap(b.mem, b.mem_len);
	free(b.order);
	free(all);
	return r;
}

static void
report(FILE *json, uint32_t flows, const struct result *r)
{
	printf("%8u flows: %4.0f bytes each, open %4.0f ns, find %3.0f ns, "
	    "by its reply %3.0f ns, packet in %4.0f ns, out %4.0f ns, "
	    "taken over in %5.0f ms\n", flows, (double)r->bytes / flows,
	    r->open, r->find, r->find_reply, r->in, r->out, r->again_ms);
	fflush(stdout);
	if (json != NULL)
		fprintf(json, "{\"bench\":\"flow_scale\",\"flows\":%u,"
		    "\"bytes\":%llu,\"open_ns\":%.0f,\"find_ns\":%.0f,"
		    "\"find_reply_ns\":%.0f,\"in_ns\":%.0f,\"out_ns\":%.0f,"
		    "\"take_over_ms\":%.0f}\n", flows,
		    (unsigned long long)r->bytes, r->open, r->find,
		    r->find_reply, r->in, r->out, r->again_ms);
}

int
main(int argc, char **argv)
{
	static const uint32_t usual[] = { 1000, 1000000, 8388608 };
	FILE *json = NULL;
	int at = 1;

	if (argc > 2 && strcmp(argv[1], "-j") == 0) {
		json = fopen(argv[2], "w");
		need(json != NULL, argv[2]);
		at = 3;
	}
	for (int i = at; i < argc || (at == argc && i < at + 3); i++) {
		uint32_t flows = i < argc ?
		    (uint32_t)strtoul(argv[i], NULL, 10) : usual[i - at];
		struct result r = run(flows);

		report(json, flows, &r);
	}
	return json != NULL && fclose(json) != 0;
}
