/*
 * test_lb_churn.c - a hundred thousand connections through NAT while servers
 * come, go, change weight and fill up: nobody's connection changes its server
 * as long as that one may keep it, and the counters are right at the end.
 */
#include <stdlib.h>
#include <string.h>

#include "base/csum.h"
#include "base/cursor.h"
#include "unit/lb_bed.h"

#define CONNS	100000
#define SERVERS	20

struct churn {
	struct stack *stk;
	struct port *cl, *sv;
	struct lb_service *svc;
	bool there[SERVERS];
	uint8_t server[CONNS];		/* of each connection; 255: refused */
};

static struct ip4
client_ip(uint32_t n)
{
	return (struct ip4){ 0xac100000 + n / 50 };
}

static uint16_t
client_port(uint32_t n)
{
	return (uint16_t)(1024 + n % 50);
}

static void
churn_up(struct churn *c)
{
	struct env env = { .seed = { 3 }, .limits = LIMITS_DEFAULT };
	struct lb_service_key key = { .proto = IPPROTO_TCP4, .port = 80,
	    .addr = addr_from_ip4(VIP) };
	struct lb_service_conf conf = { .sched = lb_sched_find("wlc") };
	struct route *r = calloc(1, sizeof(*r) + sizeof(r->hop[0]));
	char text[IP4_STRLEN];

	env.limits.pkt_small = 256;
	env.limits.pkt_large = 4;
	env.limits.lb_flows = 131072;
	c->stk = stack_new(&env, instant_from_us(0));
	ck_assert_ptr_nonnull(c->stk);
	c->cl = unit_port(c->stk, "cl", 1, "192.168.1.1/24");
	c->sv = unit_port(c->stk, "sv", 2, "10.0.0.1/24");
	unit_neighbour(c->stk, "cl", "192.168.1.10", 10);
	for (unsigned i = 0; i < SERVERS; i++) {
		ip4_format(IP4(10, 0, 0, 11 + i), text);
		unit_neighbour(c->stk, "sv", text, (uint8_t)(11 + i));
	}
	ck_assert_int_eq(ip4_prefix_parse("172.16.0.0/12", &r->dst), 0);
	r->type = ROUTE_UNICAST;
	r->hops = 1;
	r->hop[0] = (struct next_hop){ c->cl->ifp, CLIENT, 1 };
	ck_assert_int_eq(route_add(c->stk, r, NULL), 0);
	free(r);
	ck_assert_int_eq(lb_service_add(c->stk, &key, &conf, NULL), 0);
	c->svc = lb_service_lookup(c->stk, &key);
}

/* A segment of client n; which server gets it, or 255. */
static unsigned
client_sends(struct churn *c, uint32_t n, uint8_t flags)
{
	struct unit_frame f = lb_bed_in(IPPROTO_TCP4, client_port(n), flags);
	unsigned got = 255;
	struct mem_frame *m;

	f.sip = client_ip(n);
	unit_feed(c->stk, c->cl, &f);
	while ((m = mem_port_take(c->sv)) != NULL) {
		if (m->data[12] == 8 && m->data[13] == 0)
			got = m->data[33] - 11u;
		mem_port_free(c->sv, m);
	}
	while ((m = mem_port_take(c->cl)) != NULL)
		mem_port_free(c->cl, m);
	return got;
}

/* Something happens to a server. */
static void
disturb(struct churn *c)
{
	unsigned i = (unsigned)rand() % SERVERS;
	struct addr a = addr_from_ip4(IP4(10, 0, 0, 11 + i));
	struct lb_server_conf conf = { .fwd = LB_FWD_NAT,
	    .weight = rand() % 5 };

	if (rand() % 8 == 0)
		conf.upper = 3000;
	if (!c->there[i]) {
		ck_assert_int_eq(lb_server_add(c->stk, c->svc, &a, 80, &conf,
		    NULL), 0);
		c->there[i] = true;
	} else if (rand() % 2 == 0) {
		ck_assert_int_eq(lb_server_del(c->stk, c->svc, &a, 80, NULL),
		    0);
		c->there[i] = false;
	} else {
		ck_assert_int_eq(lb_server_set(c->stk, c->svc, &a, 80, &conf,
		    NULL), 0);
	}
}

/* The servers' counters against a count of the flows. */
static void
counters_check(struct churn *c)
{
	static uint32_t active[SERVERS], inactive[SERVERS];
	const struct lb_load *load;
	uint32_t pos = 0;
	struct lb_flow *f;

	memset(active, 0, sizeof(active));
	memset(inactive, 0, sizeof(inactive));
	while ((f = lb_flow_next(c->stk, &pos, NULL)) != NULL) {
		unsigned i = f->server.b[15] - 11u;

		if (f->flags & LB_FLOW_ACTIVE)
			active[i]++;
		else
			inactive[i]++;
	}
	for (unsigned i = 0; i < SERVERS; i++) {
		struct addr a = addr_from_ip4(IP4(10, 0, 0, 11 + i));
		struct lb_server *srv = lb_server_lookup(c->stk, c->svc, &a,
		    80);

		if (srv == NULL)
			continue;
		ck_assert_uint_eq(srv->active, active[i]);
		ck_assert_uint_eq(srv->inactive, inactive[i]);
		load = &c->svc->load[srv->place];
		ck_assert_ptr_eq(load->srv, srv);
		ck_assert_uint_eq(load->active, active[i]);
		ck_assert_uint_eq(load->inactive, inactive[i]);
		ck_assert_int_eq(load->weight, lb_server_available(srv) ?
		    srv->conf.weight : 0);
		ck_assert(srv->next == NULL ? srv->place == 0 :
		    srv->next->place + 1 == srv->place);
	}
}

/* Beside so many flows frames are read some at a time: in their order, each
 * judged by itself, rubbish among them. */
static void
together_check(struct churn *c)
{
	uint32_t given[40], n = 0;
	uint8_t p[2048];
	struct mem_frame *m;

	ck_assert(lb_fetch_pays(&c->stk->lb));
	for (uint32_t i = 0; i < 60; i++) {
		uint32_t k = (uint32_t)rand() % CONNS;
		struct unit_frame f = lb_bed_in(IPPROTO_TCP4, client_port(k),
		    TCP_ACK);
		uint32_t len;

		f.sip = client_ip(k);
		len = unit_frame_build(p, sizeof(p), &f);
		if (i % 3 == 2)
			len = (uint32_t)rand() % 34;	/* cut off */
		else if (c->server[k] != 255)
			given[n++] = k;
		ck_assert_int_eq(mem_port_give(c->cl, p, len), 0);
	}
	stack_poll(c->stk, c->stk->now);
	for (uint32_t i = 0; i < n; i++) {
		m = mem_port_take(c->sv);
		ck_assert_ptr_nonnull(m);
		ck_assert_uint_eq(m->data[33] - 11u, c->server[given[i]]);
		ck_assert_uint_eq(be16_get(m->data + 34),
		    client_port(given[i]));
		mem_port_free(c->sv, m);
	}
	ck_assert_uint_eq(mem_port_sent(c->sv), 0);
}

START_TEST(nobody_moves)
{
	struct churn *c = calloc(1, sizeof(*c));
	uint32_t refused = 0, n, probe;

	srand(99);
	churn_up(c);
	for (unsigned i = 0; i < 10; i++)
		disturb(c);
	for (n = 0; n < CONNS; n++) {
		c->server[n] = (uint8_t)client_sends(c, n, TCP_SYN);
		refused += c->server[n] == 255;
		if (c->server[n] != 255)
			ck_assert_uint_eq(client_sends(c, n, TCP_ACK),
			    c->server[n]);
		if (n % 100 == 0)
			disturb(c);
		/* Somebody older speaks. */
		probe = (uint32_t)rand() % (n + 1);
		ck_assert_uint_eq(client_sends(c, probe, TCP_ACK),
		    c->server[probe]);
	}
	ck_assert_uint_lt(refused, CONNS / 10);
	counters_check(c);
	for (n = 0; n < CONNS; n += 7)
		ck_assert_uint_eq(client_sends(c, n, TCP_ACK), c->server[n]);
	ck_assert_uint_eq(c->stk->lb.flows.count, CONNS - refused);
	for (n = 0; n < 100; n++)
		together_check(c);
	/* Everybody leaves. */
	for (n = 0; n < CONNS; n++) {
		if (c->server[n] != 255)
			client_sends(c, n, TCP_RST);
	}
	unit_run_until(c->stk, 10250000);
	ck_assert_uint_eq(c->stk->lb.flows.count, 0);
	counters_check(c);
	unit_stack_free(c->stk);
	free(c);
}
END_TEST

/* A director with a service of every mode, TCP and UDP. */
static struct stack *
every_mode(struct port **cl, struct port **sv)
{
	struct stack *stk = unit_stack();
	struct addr local = addr_from_ip4(LOCAL1);
	struct lb_conf lb;

	*cl = unit_port(stk, "cl", 1, "192.168.1.1/24");
	*sv = unit_port(stk, "sv", 2, "10.0.0.1/24");
	unit_neighbour(stk, "cl", "192.168.1.10", 10);
	unit_neighbour(stk, "sv", "10.0.0.11", 11);
	for (unsigned i = 0; i < 2 * LB_FWD_COUNT; i++) {
		struct lb_service_key key = { .port = (uint16_t)(80 + i / 2),
		    .proto = i % 2 ? IPPROTO_TCP4 : IPPROTO_UDP4,
		    .addr = addr_from_ip4(VIP) };
		struct lb_service_conf conf = { .sched = lb_sched_at(i),
		    .flags = i % 3 == 0 ? LB_SVC_PERSIST : LB_SVC_RST };
		struct lb_server_conf c = { .fwd = (enum lb_fwd)(i / 2),
		    .weight = 1 };
		struct addr rs = addr_from_ip4(RS1);
		struct lb_service *svc;

		ck_assert_int_eq(lb_service_add(stk, &key, &conf, NULL), 0);
		svc = lb_service_lookup(stk, &key);
		ck_assert_int_eq(lb_server_add(stk, svc, &rs, 0, &c, NULL),
		    0);
		ck_assert_int_eq(lb_local_add(stk, svc, &local, NULL), 0);
	}
	lb_conf_get(stk, &lb);
	lb.sloppy_tcp = lb.mss_clamp = lb.rst_on_expire = true;
	ck_assert_int_eq(lb_conf_set(stk, &lb, NULL), 0);
	return stk;
}

static void
sent_free(struct port *port)
{
	struct mem_frame *m;

	while ((m = mem_port_take(port)) != NULL)
		mem_port_free(port, m);
}

/* Frames that are nearly right, from both sides, errors about each other
 * among them; the IP checksum is made right again so that they get through. */
START_TEST(mangled_frames_do_no_harm)
{
	uint8_t frame[256], quote[64], options[40];
	struct port *cl, *sv;
	struct stack *stk = every_mode(&cl, &sv);
	uint32_t len;

	srand(4711 + (unsigned)_i);
	memset(quote, 0, sizeof(quote));
	for (unsigned n = 0; n < 40000; n++) {
		static const uint8_t protos[] = { IPPROTO_TCP4, IPPROTO_TCP4,
		    IPPROTO_UDP4, IPPROTO_ICMP4, IPPROTO_IPIP4 };
		uint8_t proto = protos[rand() % 5];
		uint16_t port = (uint16_t)(80 + rand() % 6);
		bool out = rand() % 3 == 0;
		struct unit_frame f = lb_bed_in(proto,
		    (uint16_t)(1000 + rand() % 50), (uint8_t)rand());

		if (out)
			f = lb_bed_out(proto, RS1, port, (uint16_t)(1000 +
			    rand() % 50), (uint8_t)rand());
		else
			f.dport = port;
		for (unsigned i = 0; i < sizeof(options); i++)
			options[i] = rand() % 2 ? (uint8_t)(rand() % 11) :
			    (uint8_t)rand();
		f.options = options;
		f.options_len = (uint32_t)rand() % 11 * 4;
		f.icmp_type = rand() % 2 ? ICMP_UNREACH : ICMP_TIME_EXCEEDED;
		f.icmp_code = (uint8_t)(rand() % 6);
		f.icmp_rest = (uint32_t)rand() % 2000;
		f.payload = quote;
		f.payload_len = (uint32_t)rand() % sizeof(quote);
		len = unit_frame_build(frame, sizeof(frame), &f);
		for (int k = rand() % 4; k > 0; k--)
			frame[14 + (unsigned)rand() % (len - 14)] =
			    (uint8_t)rand();
		if (rand() % 8 == 0)
			len -= (uint32_t)rand() % (len - 33);
		frame[14] = 0x45;
		memset(frame + 24, 0, 2);
		len = len < 34 ? 34 : len;
		frame[16] = 0;
		frame[17] = (uint8_t)(len - 14);
		be16_put(frame + 24, csum_finish(csum_add(0, frame + 14,
		    20)));
		memcpy(quote, frame + 14, len - 14 < sizeof(quote) ?
		    len - 14 : sizeof(quote));
		unit_feed_bytes(stk, out ? sv : cl, frame, len);
		if (n % 64 == 0)
			unit_run_until(stk, stk->now.us + rand() % 2000000);
		sent_free(cl);
		sent_free(sv);
	}
	ck_assert_uint_gt(stk->lb.services.tally->stats.in_pkts, 1000);
	unit_run_until(stk, stk->now.us + 1000 * USEC_PER_SEC);
	sent_free(cl);
	sent_free(sv);
	ck_assert_uint_eq(stk->lb.flows.count, 0);
	unit_stack_free(stk);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("lb_churn");
	TCase *tc = tcase_create("churn");

	tcase_set_timeout(tc, 300);
	tcase_add_test(tc, nobody_moves);
	tcase_add_loop_test(tc, mangled_frames_do_no_harm, 0, 4);
	suite_add_tcase(s, tc);
	return unit_main(s);
}
