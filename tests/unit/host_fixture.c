/*
 * host_fixture.c - one host with two ports, a neighbour known on each.
 */
#include "unit/host_fixture.h"

struct stack *stk;
struct port *port, *port_b;

void
host_flush(struct port *p)
{
	unit_drain(p);
}

void
host_setup_offload(uint32_t offload)
{
	stk = unit_stack();
	port = unit_port_offload(stk, "a", 1, "10.0.0.1/24", offload);
	port_b = unit_port_offload(stk, "b", 9, "10.0.1.1/24", offload);
	unit_neighbour(stk, "a", "10.0.0.2", 2);
	unit_neighbour(stk, "b", "10.0.1.2", 2);
	host_flush(port);
	host_flush(port_b);
}

void
host_setup(void)
{
	host_setup_offload(0);
}

void
host_teardown(void)
{
	unit_stack_free(stk);
}

void
host_expect_drop(enum drop why, uint64_t times)
{
	ck_assert_msg(stk->drop.count[why] == times, "%s: %llu, not %llu",
	    drop_rows[why].name, (unsigned long long)stk->drop.count[why],
	    (unsigned long long)times);
}

struct unit_frame
host_icmp(uint8_t type, uint32_t rest, const void *data, uint32_t len)
{
	return (struct unit_frame){ .dst = US_MAC, .src = PEER_MAC,
	    .sip = PEER, .dip = US, .proto = IPPROTO_ICMP4,
	    .icmp_type = type, .icmp_rest = rest, .payload = data,
	    .payload_len = len };
}

void
host_feed_error(const struct unit_frame *f, uint8_t type, uint8_t code,
    uint32_t rest, uint32_t quote)
{
	uint8_t frame[1600];
	struct unit_frame e = host_icmp(type, rest, frame + 14, quote);
	uint32_t len = unit_frame_build(frame, sizeof(frame), f);

	ck_assert_uint_le(quote, len - 14);
	e.icmp_code = code;
	unit_feed(stk, port, &e);
}
