/*
 * fault_bed.c - the traffic of the fault tests.
 */
#include "unit/fault_bed.h"

#include <stdlib.h>

#include "base/cursor.h"

#define CLIENT	IP4(192, 168, 1, 10)
#define US	IP4(192, 168, 1, 1)
#define VIP	IP4(192, 168, 1, 100)
#define SERVER	IP4(10, 0, 0, 11)
#define STRANGER IP4(10, 0, 0, 40)

#define SYN	0x02
#define RST	0x04
#define ACK	0x10

const char fault_config[] =
    "port add cl mac 02:00:00:00:00:01\n"
    "port add sv mac 02:00:00:00:00:02\n"
    "addr add 192.168.1.1/24 dev cl\n"
    "addr add 192.168.1.100/32 dev cl\n"
    "addr add 10.0.0.1/24 dev sv\n"
    "tunnel add ip0 local 10.0.0.1 remote 10.0.0.12\n"
    "fault add dev cl dir in\n"
    "ip set accept_source_route on\n"
    "route add 10.9.0.0/16 via 10.0.0.11\n"
    "route add 10.8.0.0/16 dev ip0\n"
    "route add unreachable 10.66.0.0/16\n"
    "neigh add 192.168.1.10 mac 02:00:00:00:00:0a dev cl\n"
    "neigh add 10.0.0.11 mac 02:00:00:00:00:0b dev sv\n"
    "neigh add 10.0.0.12 mac 02:00:00:00:00:0c dev sv\n"
    "inetd add echo\n"
    "http add 192.168.1.1:8080 name n1\n"
    "service add tcp 192.168.1.100:80 sched wrr\n"
    "service add tcp 192.168.1.100:81 sched rr\n"
    "service add tcp 192.168.1.100:82 sched mh\n"
    "service add tcp 192.168.1.100:83 sched sh\n"
    "service add tcp 192.168.1.100:84 sched rr persistent 60\n"
    "local add tcp 192.168.1.100:83 10.0.0.1\n"
    "server add tcp 192.168.1.100:80 10.0.0.11:8080 mode nat\n"
    "server add tcp 192.168.1.100:81 10.0.0.11:81 mode dr\n"
    "server add tcp 192.168.1.100:82 10.0.0.11:82 mode tun\n"
    "server add tcp 192.168.1.100:83 10.0.0.11:8083 mode fullnat\n"
    "server add tcp 192.168.1.100:84 10.0.0.11:8084 mode nat\n";

const char fault_config_other[] =
    "port add cl mac 02:00:00:00:00:01 mtu 1400\n"
    "port add nw\n"
    "addr add 192.168.1.2/24 dev cl\n"
    "addr add 10.0.0.1/24 dev nw\n"
    "route add 10.9.0.0/16 via 10.0.0.12 mtu 1300\n"
    "route add 10.10.0.0/16 nexthop via 10.0.0.11 nexthop via 10.0.0.12\n"
    "neigh add 192.168.1.10 mac 02:00:00:00:00:0a dev cl\n"
    "inetd add daytime\n"
    "http add 0.0.0.0:8081\n"
    "lb set drain 10 sloppy_tcp on max_flows 100\n"
    "ip set min_pmtu 600\n"
    "tcp set cc newreno mtu_probing always pacing on\n"
    "fault add dev nw loss 1% delay 10ms\n"
    "mark add 7 proto udp dst 10.0.0.0/24 port 53\n"
    "service add tcp 192.168.1.100:80 sched lblcr\n"
    "service add fwmark 7 sched dh\n"
    "server add tcp 192.168.1.100:80 10.0.0.12:8080 mode nat weight 3\n"
    "server add fwmark 7 10.0.0.12:53 mode dr\n";

struct fault_bed *
fault_bed_new(void)
{
	struct fault_bed *b = calloc(1, sizeof(*b));

	ck_assert_ptr_nonnull(b);
	b->u = ctl_unit_new();
	b->stk = b->u->stk;
	return b;
}

struct fault_bed *
fault_bed_up(void)
{
	struct fault_bed *b = fault_bed_new();

	ck_assert_msg(ctl_unit_file(b->u, "config apply f",
	    fault_config) == 0, "%s", b->u->error);
	ck_assert_int_eq(fault_listen(b), 0);
	return b;
}

void
fault_bed_down(struct fault_bed *b)
{
	ctl_unit_free(b->u);
	free(b);
}

static void
conn_ready(struct stack *stk, struct tcp_conn *c, void *owner)
{
	struct fault_bed *b = owner;
	char buf[256];
	int32_t n;

	while ((n = tcp_read(stk, c, buf, sizeof(buf))) > 0)
		tcp_write(stk, c, buf, (uint32_t)n);
	if ((tcp_events(c) & (TCP_EV_EOF | TCP_EV_ERROR)) != 0) {
		tcp_close(stk, c);
		b->conn = NULL;
	}
}

static void
accept_ready(struct stack *stk, struct tcp_listener *l, void *owner)
{
	struct fault_bed *b = owner;

	/* The one of earlier traffic has had its time. */
	if (b->conn != NULL)
		tcp_abort(stk, b->conn);
	b->conn = tcp_accept(stk, l);
	if (b->conn != NULL)
		tcp_set_owner(stk, b->conn, conn_ready, b);
}

int
fault_listen(struct fault_bed *b)
{
	struct addr any = { { 0 } };
	struct tcp_conf conf = *tcp_conf_stack(b->stk);

	conf.fastopen = TCP_FASTOPEN_SERVER;
	return tcp_listen(b->stk, &any, 4000, 4, &conf, accept_ready, b,
	    &b->listener);
}

/* The Fast Open cookie in the options of a SYN, ACK. */
static void
see_cookie(struct fault_bed *b, const struct unit_seen *s)
{
	const uint8_t *end = s->payload;

	for (const uint8_t *o = s->l4 + 20; o + 2 + TCP_FO_COOKIE <= end;
	    o += *o == 1 ? 1 : o[1]) {
		if (o[0] != 34 || o[1] != 2 + TCP_FO_COOKIE)
			continue;
		memcpy(b->cookie, o + 2, TCP_FO_COOKIE);
		b->has_cookie = true;
		return;
	}
}

static void
see_tcp(struct fault_bed *b, const struct unit_seen *s)
{
	switch (s->dport) {
	case 8080:
		b->seen.nat++;
		break;
	case 81:
		b->seen.dr++;
		break;
	case 8083:
		b->seen.fullnat++;
		b->fullnat_port = s->sport;
		b->fullnat_seq = s->seq;
		break;
	case 8084:
		b->seen.persistent++;
		break;
	}
	b->seen.back += s->sport == 83 && s->flags == (SYN | ACK);
	b->seen.fast += s->sport == 4000 && s->dport == b->sport + 501 &&
	    s->flags == (SYN | ACK) && s->ack == 1001 + 10;
	if (s->sport == 4000 && s->dport == b->sport + 500)
		see_cookie(b, s);
	if (s->sport == 8080 && s->flags == (SYN | ACK))
		b->http_isn = s->seq;
	b->seen.pages += s->sport == 8080 && s->payload_len > 9 &&
	    memcmp(s->payload, "HTTP/1.1 ", 9) == 0;
	if (s->sport != 4000 || s->dport != b->sport)
		return;
	if (s->flags == (SYN | ACK)) {
		b->seen.accepted++;
		b->isn = s->seq;
	}
	b->seen.data += s->payload_len == 100;
}

static void
see(struct fault_bed *b, const struct unit_seen *s)
{
	switch (s->ip.proto) {
	case IPPROTO_UDP4:
		b->seen.routed += s->dport == 9 && ip4_eq(s->ip.dst, SERVER);
		b->seen.resolved += s->dport == 9 &&
		    ip4_eq(s->ip.dst, STRANGER);
		b->seen.echoed += s->sport == 7 && s->payload_len == 4;
		b->seen.whole += s->sport == 7 && s->payload_len == 56;
		b->seen.source += s->dport == 10 && ip4_eq(s->ip.dst, SERVER);
		break;
	case IPPROTO_TCP4:
		see_tcp(b, s);
		break;
	case IPPROTO_ICMP4:
		b->seen.unreachable += s->icmp_type == 3;
		break;
	case IPPROTO_IGMP4:
		b->seen.reports++;
		break;
	case IPPROTO_IPIP4:
		if (ip4_eq(s->ip.dst, SERVER))
			b->seen.tun++;
		else
			b->seen.tunnelled++;
		break;
	}
}

static void
drain(struct fault_bed *b)
{
	for (struct port *p = b->stk->ports; p != NULL; p = p->next) {
		while (mem_port_sent(p) > 0) {
			struct unit_seen s = unit_expect(p);

			if (s.eth.type == ETHERTYPE_IP4)
				see(b, &s);
			unit_seen_free(&s);
		}
	}
}

/* Memory may fail for the test's own copy of a frame, too: then it is lost. */
static void
give(struct fault_bed *b, const char *name, const struct unit_frame *f)
{
	struct port *port = port_lookup(b->stk, name);
	uint8_t frame[2048];
	uint32_t len = unit_frame_build(frame, sizeof(frame), f);

	if (port != NULL)
		(void)mem_port_give(port, frame, len);
	unit_poll(b->stk);
	drain(b);
}

static struct unit_frame
from_client(uint8_t proto, struct ip4 dst, uint16_t sport, uint16_t dport)
{
	return (struct unit_frame){
		.dst = { { 2, 0, 0, 0, 0, 1 } },
		.src = { { 2, 0, 0, 0, 0, 10 } },
		.sip = CLIENT, .dip = dst, .proto = proto,
		.sport = sport, .dport = dport, .seq = 1000, .flags = SYN,
		.payload = "abcd", .payload_len = proto == IPPROTO_UDP4 ?
		    4 : 0,
	};
}

static void
route_and_resolve(struct fault_bed *b, uint16_t sport)
{
	struct unit_frame f = from_client(IPPROTO_UDP4, SERVER, sport, 9);
	static const uint8_t reply[28] = { 0, 1, 8, 0, 6, 4, 0, 2,
	    2, 0, 0, 0, 0, 40, 10, 0, 0, 40, 2, 0, 0, 0, 0, 2, 10, 0, 0, 1 };
	uint8_t arp[42] = { 2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 40, 8, 6 };
	struct port *sv = port_lookup(b->stk, "sv");

	give(b, "cl", &f);
	f.dip = STRANGER;
	give(b, "cl", &f);
	memcpy(arp + 14, reply, sizeof(reply));
	if (sv != NULL)
		(void)mem_port_give(sv, arp, sizeof(arp));
	unit_poll(b->stk);
	drain(b);
	f.dip = IP4(10, 66, 0, 1);
	give(b, "cl", &f);
}

static void
udp_to_us(struct fault_bed *b, uint16_t sport)
{
	struct unit_frame f = from_client(IPPROTO_UDP4, US, sport, 7);
	static const uint8_t half[2][32] = { { 0, 0, 0, 7, 0, 64 }, { 0 } };
	uint8_t first[32];

	give(b, "cl", &f);
	memcpy(first, half[0], sizeof(first));
	first[0] = (uint8_t)(sport >> 8);
	first[1] = (uint8_t)sport;
	f.raw = true;
	f.id = sport;
	f.frag = 0x2000;
	f.payload = first;
	f.payload_len = sizeof(first);
	give(b, "cl", &f);
	f.frag = 4;
	f.payload = half[1];
	give(b, "cl", &f);
}

static void
balance(struct fault_bed *b, uint16_t sport)
{
	for (uint16_t port = 80; port <= 84; port++) {
		struct unit_frame f = from_client(IPPROTO_TCP4, VIP, sport,
		    port);

		give(b, "cl", &f);
	}
}

/* The server of the FULLNAT service answers. */
static void
server_answers(struct fault_bed *b)
{
	struct unit_frame f = {
		.dst = { { 2, 0, 0, 0, 0, 2 } },
		.src = { { 2, 0, 0, 0, 0, 11 } },
		.sip = SERVER, .dip = IP4(10, 0, 0, 1), .proto = IPPROTO_TCP4,
		.sport = 8083, .dport = b->fullnat_port, .seq = 7000,
		.ack = b->fullnat_seq + 1, .flags = SYN | ACK,
	};

	give(b, "sv", &f);
}

/* A router on the way to the client has an MTU of 600, says an error about a
 * datagram of ours. */
static void
too_big(struct fault_bed *b, uint16_t sport, uint16_t dport)
{
	struct ip4_hdr h = { .total_len = 1400, .ttl = 60,
	    .proto = IPPROTO_UDP4, .src = US, .dst = CLIENT };
	struct unit_frame f = from_client(IPPROTO_ICMP4, US, 0, 0);
	const struct pmtu *known;
	uint8_t quote[28] = { 0 };

	ip4_build_hdr(quote, &h);
	be16_put(quote + 20, sport);
	be16_put(quote + 22, dport);
	f.icmp_type = 3;
	f.icmp_code = 4;
	f.icmp_rest = 600;
	f.payload = quote;
	f.payload_len = sizeof(quote);
	give(b, "cl", &f);
	known = ip_pmtu_lookup(b->stk, CLIENT);
	b->seen.narrow = known != NULL && known->mtu == 600;
}

/* By a source route, by a tunnel, to a group. */
static void
other_ways(struct fault_bed *b, uint16_t sport)
{
	static const uint8_t lsrr[] = { 0x83, 7, 4, 10, 0, 0, 11, 1 };
	struct addr group = addr_from_ip4(IP4(239, 1, 1, 1));
	struct addr client = addr_from_ip4(CLIENT);
	/* without a checksum, which would be for the last destination */
	static const uint8_t udp[] = { 8, 0, 0, 10, 0, 12, 0, 0, 1, 2, 3, 4 };
	struct unit_frame f = from_client(IPPROTO_UDP4, US, sport, 10);
	struct udp_sock *s;

	f.dip = IP4(10, 8, 0, 1);
	give(b, "cl", &f);
	f.dip = US;
	f.ip_options = lsrr;
	f.ip_options_len = sizeof(lsrr);
	f.raw = true;
	f.payload = udp;
	f.payload_len = sizeof(udp);
	give(b, "cl", &f);
	s = udp_open(b->stk, NULL, NULL);
	if (s == NULL)
		return;
	(void)udp_join(b->stk, s, &group, "cl");
	(void)udp_send(b->stk, s, &client, 9, "x", 1, 0);
	unit_poll(b->stk);
	drain(b);
	too_big(b, s->lport, 9);
	udp_close(b->stk, s);
}

/* A SYN asks for a cookie, another has it and data. */
static void
fast_open(struct fault_bed *b, uint16_t sport)
{
	uint8_t ask[4] = { 34, 2, 1, 1 }, use[12] = { 34, 10 };
	struct unit_frame f = from_client(IPPROTO_TCP4, US, sport + 500,
	    4000);

	b->has_cookie = false;
	f.options = ask;
	f.options_len = sizeof(ask);
	give(b, "cl", &f);
	if (!b->has_cookie)
		return;
	f.options_len = 0;
	f.flags = RST;
	f.seq = 1001;
	give(b, "cl", &f);
	memcpy(use + 2, b->cookie, TCP_FO_COOKIE);
	use[10] = use[11] = 1;
	f.sport = sport + 501;
	f.flags = SYN;
	f.seq = 1000;
	f.options = use;
	f.options_len = sizeof(use);
	f.payload = "0123456789";
	f.payload_len = 10;
	give(b, "cl", &f);
}

static void
page(struct fault_bed *b, uint16_t sport)
{
	static const char get[] = "GET /whoami HTTP/1.0\r\n\r\n";
	struct unit_frame f = from_client(IPPROTO_TCP4, US, sport, 8080);

	b->http_isn = 0;
	give(b, "cl", &f);
	if (b->http_isn == 0)
		return;
	f.flags = ACK;
	f.seq = 1001;
	f.ack = b->http_isn + 1;
	f.payload = get;
	f.payload_len = sizeof(get) - 1;
	give(b, "cl", &f);
}

static void
tcp_to_us(struct fault_bed *b, uint16_t sport)
{
	struct unit_frame f = from_client(IPPROTO_TCP4, US, sport, 4000);
	static const uint8_t data[100] = { 'd' };

	give(b, "cl", &f);
	if (b->seen.accepted == 0)
		return;
	f.flags = ACK;
	f.seq = 1001;
	f.ack = b->isn + 1;
	give(b, "cl", &f);
	f.payload = data;
	f.payload_len = 10;
	f.seq += 500;		/* ahead of the others */
	give(b, "cl", &f);
	f.payload_len = sizeof(data);
	f.seq -= 500;
	give(b, "cl", &f);
}

void
fault_traffic(struct fault_bed *b, uint16_t sport)
{
	/* What earlier traffic still brought about is not this one's. */
	drain(b);
	memset(&b->seen, 0, sizeof(b->seen));
	b->sport = sport;
	route_and_resolve(b, sport);
	udp_to_us(b, sport);
	balance(b, sport);
	if (b->seen.fullnat > 0)
		server_answers(b);
	other_ways(b, sport);
	page(b, sport);
	fast_open(b, sport);
	tcp_to_us(b, sport);
}

void
fault_expect_all(const struct fault_bed *b)
{
	ck_assert_uint_eq(b->seen.routed, 1);
	ck_assert_uint_ge(b->seen.resolved, 1);
	ck_assert_uint_eq(b->seen.echoed, 1);
	ck_assert_uint_eq(b->seen.whole, 1);
	ck_assert_uint_eq(b->seen.unreachable, 1);
	ck_assert_uint_eq(b->seen.nat, 1);
	ck_assert_uint_eq(b->seen.dr, 1);
	ck_assert_uint_eq(b->seen.tun, 1);
	ck_assert_uint_eq(b->seen.fullnat, 1);
	ck_assert_uint_eq(b->seen.persistent, 1);
	ck_assert_uint_eq(b->seen.accepted, 1);
	ck_assert_uint_ge(b->seen.data, 1);
	ck_assert_uint_eq(b->seen.back, 1);
	ck_assert_uint_eq(b->seen.source, 1);
	ck_assert_uint_ge(b->seen.reports, 1);
	ck_assert_uint_eq(b->seen.fast, 1);
	ck_assert_uint_ge(b->seen.pages, 1);
	ck_assert_uint_eq(b->seen.tunnelled, 1);
	ck_assert(b->seen.narrow);
}
