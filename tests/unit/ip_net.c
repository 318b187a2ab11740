/*
 * ip_net.c - see ip_net.h.
 */
#include "unit/ip_net.h"

static const uint8_t payload[100];

struct ip_net
ip_net_up(void)
{
	struct ip_net n = { .stk = unit_stack() };

	n.a = unit_port(n.stk, "a", 1, "10.0.1.1/24");
	n.b = unit_port(n.stk, "b", 2, "10.0.2.1/24");
	unit_neighbour(n.stk, "a", "10.0.1.10", 10);
	unit_neighbour(n.stk, "b", "10.0.2.20", 20);
	return n;
}

void
ip_net_down(struct ip_net *n)
{
	unit_stack_free(n->stk);
}

struct unit_frame
ip_net_frame(void)
{
	return (struct unit_frame){
		.dst = { { 2, 0, 0, 0, 0, 1 } },
		.src = { { 2, 0, 0, 0, 0, 10 } },
		.sip = HOST_A,
		.dip = HOST_B,
		.proto = IPPROTO_UDP4,
		.sport = 1000,
		.dport = 2000,
		.payload = payload,
		.payload_len = sizeof(payload),
	};
}

uint64_t
ip_net_drops(const struct ip_net *n, enum drop why)
{
	return n->stk->drop.count[why];
}

void
ip_net_dies(struct ip_net *n, const struct unit_frame *f, enum drop why)
{
	uint64_t before[DROP_COUNT];

	memcpy(before, n->stk->drop.count, sizeof(before));
	unit_feed(n->stk, n->a, f);
	for (int i = 0; i < DROP_COUNT; i++)
		ck_assert_msg(n->stk->drop.count[i] ==
		    before[i] + (i == (int)why), "%s: %llu, was %llu",
		    drop_rows[i].name,
		    (unsigned long long)n->stk->drop.count[i],
		    (unsigned long long)before[i]);
	unit_expect_nothing(n->b);
}

void
ip_net_passes(struct ip_net *n, const struct unit_frame *f)
{
	struct unit_seen s;

	unit_feed(n->stk, n->a, f);
	s = unit_expect(n->b);
	ck_assert_uint_eq(s.ip.src.v, f->sip.v);
	ck_assert_uint_eq(s.ip.dst.v, f->dip.v);
	ck_assert_uint_eq(s.ip.ttl, (f->ttl != 0 ? f->ttl : 64) - 1);
	ck_assert_uint_eq(s.eth.dst.b[5], 20);
	unit_seen_free(&s);
	unit_expect_nothing(n->a);
	unit_expect_nothing(n->b);
}

void
ip_net_icmp(struct port *port, uint8_t type, uint8_t code, uint32_t rest)
{
	struct unit_seen s = unit_expect(port);

	ck_assert_uint_eq(s.ip.proto, IPPROTO_ICMP4);
	ck_assert_uint_eq(s.icmp_type, type);
	ck_assert_uint_eq(s.icmp_code, code);
	ck_assert_uint_eq(s.icmp_rest, rest);
	unit_seen_free(&s);
}

struct ip4
ip_net_ip(const char *text)
{
	struct ip4 ip;

	ck_assert_int_eq(ip4_parse(text, &ip), 0);
	return ip;
}

struct ip4_prefix
ip_net_prefix(const char *text)
{
	struct ip4_prefix p;

	ck_assert_int_eq(ip4_prefix_parse(text, &p), 0);
	return p;
}

int
ip_net_route(struct ip_net *n, enum route_type type, const char *dst,
    const char *via, struct port *dev, uint32_t metric)
{
	union {
		struct route r;
		uint8_t room[sizeof(struct route) + sizeof(struct next_hop)];
	} spec = { .r = { .type = type, .metric = metric } };

	spec.r.dst = ip_net_prefix(dst);
	if (via != NULL)
		spec.r.hop[0].via = ip_net_ip(via);
	if (dev != NULL)
		spec.r.hop[0].ifp = dev->ifp;
	spec.r.hops = via != NULL || dev != NULL;
	return route_add(n->stk, &spec.r, NULL);
}
