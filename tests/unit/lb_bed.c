/*
 * lb_bed.c - the director of the load balancer's tests; lb_bed.h draws it.
 */
#include "unit/lb_bed.h"

struct lb_bed
lb_bed_up(uint8_t proto, uint32_t offload, const struct lb_service_conf *conf)
{
	return lb_bed_on(unit_stack(), proto, offload, conf);
}

struct lb_bed
lb_bed_on(struct stack *stk, uint8_t proto, uint32_t offload,
    const struct lb_service_conf *conf)
{
	struct lb_bed b = { .stk = stk };
	struct lb_service_conf c = { 0 };
	struct err err = { "" };

	if (conf != NULL)
		c = *conf;
	if (c.sched == NULL)
		c.sched = lb_sched_find("rr");
	b.cl = unit_port_offload(b.stk, "cl", 1, "192.168.1.1/24", offload);
	b.sv = unit_port_offload(b.stk, "sv", 2, "10.0.0.1/24", offload);
	unit_neighbour(b.stk, "cl", "192.168.1.10", 10);
	unit_neighbour(b.stk, "sv", "10.0.0.11", 11);
	unit_neighbour(b.stk, "sv", "10.0.0.12", 12);
	unit_neighbour(b.stk, "sv", "10.0.0.254", 254);
	b.key = (struct lb_service_key){ .proto = proto, .port = 80,
	    .addr = addr_from_ip4(VIP) };
	ck_assert_msg(lb_service_add(b.stk, &b.key, &c, &err) == 0, "%s",
	    err.text);
	b.svc = lb_service_lookup(b.stk, &b.key);
	return b;
}

void
lb_bed_down(struct lb_bed *b)
{
	unit_stack_free(b->stk);
}

void
lb_bed_server(struct lb_bed *b, struct ip4 ip, uint16_t port, enum lb_fwd fwd,
    int32_t weight)
{
	struct lb_server_conf conf = { .fwd = fwd, .weight = weight };
	struct addr a = addr_from_ip4(ip);
	struct err err = { "" };

	ck_assert_msg(lb_server_add(b->stk, b->svc, &a, port, &conf, &err) ==
	    0, "%s", err.text);
}

struct lb_server *
lb_bed_find(struct lb_bed *b, struct ip4 ip, uint16_t port)
{
	struct addr a = addr_from_ip4(ip);

	return lb_server_lookup(b->stk, b->svc, &a, port);
}

struct unit_frame
lb_bed_in(uint8_t proto, uint16_t sport, uint8_t flags)
{
	return (struct unit_frame){
		.dst = { { 2, 0, 0, 0, 0, 1 } },
		.src = { { 2, 0, 0, 0, 0, 10 } },
		.sip = CLIENT, .dip = VIP, .proto = proto,
		.sport = sport, .dport = 80, .flags = flags, .seq = 1000,
	};
}

struct unit_frame
lb_bed_out(uint8_t proto, struct ip4 rs, uint16_t sport, uint16_t dport,
    uint8_t flags)
{
	return (struct unit_frame){
		.dst = { { 2, 0, 0, 0, 0, 2 } },
		.src = { { 2, 0, 0, 0, 0, (uint8_t)rs.v } },
		.sip = rs, .dip = CLIENT, .proto = proto,
		.sport = sport, .dport = dport, .flags = flags, .seq = 5000,
	};
}

void
lb_bed_client(struct lb_bed *b, uint16_t sport, uint8_t flags)
{
	struct unit_frame f = lb_bed_in(IPPROTO_TCP4, sport, flags);

	unit_feed(b->stk, b->cl, &f);
}

void
lb_bed_reply(struct lb_bed *b, struct ip4 rs, uint16_t sport, uint16_t dport,
    uint8_t flags)
{
	struct unit_frame f = lb_bed_out(IPPROTO_TCP4, rs, sport, dport,
	    flags);

	unit_feed(b->stk, b->sv, &f);
}

struct unit_seen
lb_bed_expect(struct port *port)
{
	struct unit_seen s = unit_expect(port);

	while (s.eth.type == ETHERTYPE_ARP) {
		unit_seen_free(&s);
		s = unit_expect(port);
	}
	return s;
}

void
lb_bed_expect_to(struct port *port, struct ip4 src, uint16_t sport,
    struct ip4 dst, uint16_t dport)
{
	struct unit_seen s = lb_bed_expect(port);

	ck_assert_uint_eq(s.ip.src.v, src.v);
	ck_assert_uint_eq(s.ip.dst.v, dst.v);
	ck_assert_uint_eq(s.sport, sport);
	ck_assert_uint_eq(s.dport, dport);
	ck_assert_uint_eq(s.ip.ttl, 63);
	unit_seen_free(&s);
}

struct lb_flow *
lb_bed_flow(struct lb_bed *b)
{
	uint32_t pos = 0;

	return lb_flow_next(b->stk, &pos, NULL);
}

void
lb_bed_expect_state(struct lb_bed *b, const char *name, uint32_t expires)
{
	struct lb_flow *f = lb_bed_flow(b);

	ck_assert_ptr_nonnull(f);
	ck_assert_str_eq(lb_flow_state_name(f), name);
	ck_assert_uint_eq(lb_flow_expires_s(b->stk, f), expires);
}
