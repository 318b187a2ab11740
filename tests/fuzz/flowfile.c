/*
 * flowfile.c - the memory of the flow table as an older process left it,
 * damaged.
 *
 * A stack fills a region with flows of every kind and goes; the input damages
 * it; another stack takes it over, gets traffic and time, and must neither
 * fall nor miscount.
 *
 * The first byte is flags, F_*.  Then patches of four bytes: place (three,
 * high byte first) and value; or, with F_RAW, what the region begins with.
 */
#include "fuzz/fuzz.h"

#include <stddef.h>
#include <string.h>

#include "base/hash.h"
#include "fuzz/frame_fix.h"

#define F_CHECK		0x01u	/* the head's checksum is made right again */
#define F_LATER		0x02u	/* an hour between the two */
#define F_RAW		0x04u
#define F_NO_SERVICES	0x08u	/* not configured the second time */
#define F_HALF		0x10u	/* the region is cut in half */
#define F_HIGH		0x20u	/* all places were in use once */

#define FLOWS 62

static const char network[] =
    "port add cl mac 02:00:00:00:00:01\n"
    "port add sv mac 02:00:00:00:00:02\n"
    "addr add 192.168.1.1/24 dev cl\n"
    "addr add 10.0.0.1/24 dev sv\n"
    "neigh add 192.168.1.10 mac 02:00:00:00:00:0a dev cl\n"
    "neigh add 10.0.0.11 mac 02:00:00:00:00:0b dev sv\n"
    "neigh add 10.0.0.12 mac 02:00:00:00:00:0c dev sv\n";

static const char services[] =
    "service add tcp 192.168.1.100:80 sched rr persistent 60\n"
    "server add tcp 192.168.1.100:80 10.0.0.11:8080 mode nat\n"
    "server add tcp 192.168.1.100:80 10.0.0.12:8080 mode nat\n"
    "service add tcp 192.168.1.100:81 sched wlc\n"
    "server add tcp 192.168.1.100:81 10.0.0.11:81 mode dr\n"
    "service add tcp 192.168.1.100:82 sched rr\n"
    "server add tcp 192.168.1.100:82 10.0.0.12:82 mode tun\n"
    "service add tcp 192.168.1.100:83 sched rr\n"
    "server add tcp 192.168.1.100:83 10.0.0.11:83 mode fullnat\n"
    "service add udp 192.168.1.100:53 sched rr\n"
    "server add udp 192.168.1.100:53 10.0.0.12:53 mode nat\n"
    "service add tcp 192.168.1.101:0 sched rr persistent 60\n"
    "server add tcp 192.168.1.101:0 10.0.0.11:0 mode nat\n";

static void
bed_up(struct fuzz_bed *b, uint64_t *region, size_t len, struct instant now,
    bool configure)
{
	struct env env = fuzz_env();
	struct lb_service_key key = { .proto = IPPROTO_TCP4,
	    .addr = addr_from_ip4(IP4(192, 168, 1, 100)), .port = 83 };
	struct addr local = addr_from_ip4(IP4(10, 0, 0, 1));

	env.flow_mem = region;
	env.flow_mem_len = len;
	env.limits.lb_flows = FLOWS;
	fuzz_bed_up(b, &env);
	stack_poll(b->stk, now);
	fuzz_bed_config(b, network);
	if (!configure)
		return;
	fuzz_bed_config(b, services);
	FUZZ_CHECK(lb_local_add(b->stk, lb_service_lookup(b->stk, &key),
	    &local, NULL) == 0);
}

static void
drain(struct fuzz_bed *b)
{
	for (struct port *p = b->stk->ports; p != NULL; p = p->next) {
		struct mem_frame *f;

		while ((f = mem_port_take(p)) != NULL) {
			fuzz_frame_check(p, f);
			mem_port_free(p, f);
		}
	}
}

/* A packet of 20 bytes of transport from a client to a service. */
static void
client_packet(struct fuzz_bed *b, uint8_t proto, uint16_t sport, uint8_t vip,
    uint16_t vport, uint8_t flags)
{
	static const struct frame_fix fix = { .sums = true };
	struct frame_seen seen = { .next = 0 };
	uint8_t f[54] = { 2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 10, 8, 0, 0x45 };

	f[22] = 64;
	f[23] = proto;
	be32_put(f + 26, IP4(192, 168, 1, 10).v);
	be32_put(f + 30, IP4(192, 168, 1, vip).v);
	be16_put(f + 34, sport);
	be16_put(f + 36, vport);
	f[46] = 0x50;
	f[47] = flags;
	frame_fix(f, sizeof(f), true, &fix, &seen);
	FUZZ_CHECK(mem_port_give(port_lookup(b->stk, "cl"), f,
	    sizeof(f)) == 0);
	stack_poll(b->stk, b->stk->now);
	drain(b);
}

static void
traffic(struct fuzz_bed *b, uint16_t sport)
{
	for (uint16_t i = 0; i < 3; i++) {
		client_packet(b, IPPROTO_TCP4, sport + i, 100, 80, 0x02);
		client_packet(b, IPPROTO_TCP4, sport + i, 100, 81, 0x02);
		client_packet(b, IPPROTO_TCP4, sport + i, 100, 81, 0x10);
		client_packet(b, IPPROTO_TCP4, sport + i, 100, 82, 0x02);
		client_packet(b, IPPROTO_TCP4, sport + i, 100, 83, 0x02);
		client_packet(b, IPPROTO_UDP4, sport + i, 100, 53, 0);
		client_packet(b, IPPROTO_TCP4, sport + i, 101, 99, 0x02);
	}
}

static void
damage(uint8_t *region, size_t len, unsigned flags, struct rd *r)
{
	struct lb_region head;

	if (flags & F_RAW) {
		size_t n = r->left < len ? r->left : len;

		rd_copy(r, region, n);
	}
	while (r->left >= 4) {
		uint32_t word = rd_u32(r);

		region[(word >> 8) % len] = (uint8_t)word;
	}
	memcpy(&head, region, sizeof(head));
	if (flags & F_HIGH)
		head.high = head.flows;
	if (flags & F_CHECK)
		head.check = siphash13(&head.key, &head,
		    offsetof(struct lb_region, check));
	memcpy(region, &head, sizeof(head));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct rd r = rd_init(data, size);
	unsigned flags = rd_u8(&r);
	size_t len = lb_flows_bytes(FLOWS + 1);
	uint64_t *region = calloc(len / 8 + 1, 8);
	struct fuzz_bed b;
	struct instant now;

	FUZZ_CHECK(region != NULL);
	bed_up(&b, region, len, instant_from_us(0), true);
	traffic(&b, 1000);
	now = b.stk->now;
	fuzz_stack_check(b.stk);
	fuzz_bed_down(&b);
	damage((uint8_t *)region, len, flags, &r);
	if (flags & F_LATER)
		now = instant_add(now, 3600 * USEC_PER_SEC);
	bed_up(&b, region, (flags & F_HALF) ? len / 2 : len, now,
	    !(flags & F_NO_SERVICES));
	fuzz_stack_check(b.stk);
	traffic(&b, 1001);
	fuzz_stack_check(b.stk);
	fuzz_advance(b.stk, 400 * USEC_PER_SEC, 2000);
	traffic(&b, 1002);
	fuzz_stack_check(b.stk);
	fuzz_bed_down(&b);
	free(region);
	return 0;
}
