/*
 * test_tcp_mtu.c - the way takes less than it did: what ip_send() refuses as
 * too long goes again in what fits, whatever it was, and soon.
 *
 * Stack 0 sends; the MTUs of its ports change under it.
 */
#include "tcp/tcp_conn.h"
#include "unit/tcp_pair.h"

#include "base/cursor.h"
#include "ip/ip_wire.h"

#define FAR_IP	IP4(10, 9, 9, 9)	/* stack 1's, by two ways */

static struct pair *p;
static struct tcp_listener *l;
static struct pair_app near, far;
static uint32_t lose;		/* frames of stack 0 that vanish */
static uint32_t syn_data;	/* payload of its last SYN */
static uint32_t longest;	/* of its frames */

static bool
look(void *arg, int from, const struct mem_frame *f)
{
	const uint8_t *t = f->data + IP4_HLEN;

	(void)arg;
	if (from != 0)
		return true;
	if (f->len > longest)
		longest = f->len;
	if ((t[13] & (TCP_SYN | TCP_ACK)) == TCP_SYN)
		syn_data = f->len - IP4_HLEN - (t[12] >> 4) * 4u;
	if (lose == 0)
		return true;
	lose--;
	return false;
}

static void
setup(void)
{
	struct wire_conf w = { .delay_us = 5000 };

	p = pair_new(9, 1500, 0);
	pair_wire(p, &w);
	p->filter = look;
	lose = longest = syn_data = 0;
}

static void
teardown(void)
{
	if (near.c != NULL)
		tcp_abort(p->stk[0], near.c);
	if (far.c != NULL)
		tcp_abort(p->stk[1], far.c);
	tcp_listen_close(p->stk[1], l);
	pair_free(p);
}

static void
set_mtu(int side, uint32_t mtu)
{
	p->port[side]->mtu = p->port[side]->ifp->mtu = mtu;
}

/* Apps that stay: n bytes to stack 1, m bytes back. */
static void
begin(const struct tcp_conf *conf, uint32_t first, uint32_t n, uint32_t m)
{
	near = (struct pair_app){ .total = n, .salt = 1, .peer_salt = 2,
	    .keep = true };
	far = (struct pair_app){ .total = m, .salt = 2, .peer_salt = 1,
	    .keep = true };
	l = pair_serve(p, 1, 80, conf, &far);
	pair_connect_data(p, 0, 80, conf, &near, first);
}

static void
arrived(uint32_t n, int64_t until_us)
{
	pair_run_until(p, until_us);
	ck_assert_uint_eq(far.received, n);
	ck_assert_int_eq(near.error, 0);
}

static struct tcp_conf
with_fastopen(void)
{
	struct tcp_conf conf;

	tcp_conf_default(&conf);
	conf.fastopen = TCP_FASTOPEN_CLIENT | TCP_FASTOPEN_SERVER |
	    TCP_FASTOPEN_CLIENT_BARE | TCP_FASTOPEN_SERVER_BARE;
	return conf;
}

/* Options go, so a segment takes more, and cwnd is one of those before: the SYN
 * was lost, and the option of ECN is in the first segment alone, which is not
 * full and does not open cwnd. */
START_TEST(grows_beyond_cwnd)
{
	struct tcp_conf conf = with_fastopen();

	conf.timestamps = false;
	conf.ecn = TCP_ECN_ACCURATE;
	lose = 1;
	begin(&conf, 300, 300, 0);
	arrived(300, 1020000);
	near.total = 5000;
	pair_app_ready(p->stk[0], near.c, &near);
	arrived(5000, 1100000);
}
END_TEST

/* Between tcp_connect() and the SYN: it takes as much as fits now. */
START_TEST(under_a_syn)
{
	struct tcp_conf conf = with_fastopen();

	set_mtu(0, 270);
	begin(&conf, 300, 300, 0);
	set_mtu(0, 200);
	pair_run_until(p, 0);
	ck_assert_uint_eq(syn_data, 200 - TCP_IP4_OVERHEAD - TCP_OPTIONS_MAX);
	ck_assert_uint_eq(longest, 180);
	arrived(300, 100000);
	ck_assert_uint_eq(p->stk[0]->tcp.stats.retransmits, 0);
}
END_TEST

/* An MTU that leaves a SYN no data: it goes alone, and at once. */
START_TEST(under_a_syn_all)
{
	struct tcp_conf conf = with_fastopen();

	begin(&conf, 300, 300, 0);
	set_mtu(0, 68);
	pair_run_until(p, 0);
	ck_assert_uint_eq(p->frames[0], 1);
	ck_assert_uint_eq(syn_data, 0);
	arrived(300, 1000000);
}
END_TEST

/* Lost while the way was wide, sent again when it is narrow: the same record
 * in smaller pieces, at the first time-out. */
START_TEST(under_a_retransmission)
{
	struct tcp_conf conf;

	tcp_conf_default(&conf);
	conf.tlp = false;
	begin(&conf, 0, 0, 0);
	pair_run_until(p, 100000);
	lose = 100;
	near.total = 5000;
	pair_app_ready(p->stk[0], near.c, &near);
	pair_run_until(p, 110000);
	ck_assert_uint_ge(longest, 1400);
	lose = longest = 0;
	set_mtu(0, 296);
	arrived(5000, 100000 + 2 * conf.rto_min_us);
	ck_assert_uint_le(longest, 296);
	ck_assert_uint_eq(p->stk[0]->tcp.stats.timeouts, 1);
}
END_TEST

/* The probe for a lost tail finds it out just as well. */
START_TEST(under_a_tail_probe)
{
	struct tcp_conf conf;

	tcp_conf_default(&conf);
	begin(&conf, 0, 0, 0);
	pair_run_until(p, 100000);
	lose = 1;
	near.total = 1000;
	pair_app_ready(p->stk[0], near.c, &near);
	pair_run_until(p, 110000);
	ck_assert_uint_eq(lose, 0);
	longest = 0;
	set_mtu(0, 296);
	arrived(1000, 500000);
	ck_assert_uint_le(longest, 296);
	ck_assert_uint_eq(p->stk[0]->tcp.stats.tlp_probes, 1);
	ck_assert_uint_eq(p->stk[0]->tcp.stats.timeouts, 0);
}
END_TEST

/* Over the smallest MTU, with holes both ways: SACK blocks leave the data
 * their place. */
START_TEST(smallest)
{
	struct wire_conf w = { .delay_us = 5000, .loss = 200000 };
	struct tcp_conf conf;

	tcp_conf_default(&conf);
	set_mtu(0, 68);
	set_mtu(1, 68);
	begin(&conf, 0, 3000, 3000);
	pair_run_until(p, 10000000);
	pair_wire(p, &w);
	near.total = far.total = 6000;
	pair_app_ready(p->stk[0], near.c, &near);
	pair_app_ready(p->stk[1], far.c, &far);
	arrived(6000, 200000000);
	ck_assert_uint_eq(near.received, 6000);
	ck_assert_uint_eq(p->stk[0]->drop.count[DROP_IP_UNSENT], 0);
	ck_assert_uint_eq(p->stk[1]->drop.count[DROP_IP_UNSENT], 0);
}
END_TEST

/* ---- two ways, and a flow takes the narrow one --------------------------- */

static struct port *
second_way(uint32_t mtu)
{
	struct stack *stk = p->stk[0];
	struct port *port = mem_port_new(&stk->mem, "tun1", false, MAC_ZERO,
	    mtu, 0);
	struct ip4_prefix far_net = { FAR_IP, 32 };
	union {
		struct route r;
		uint8_t room[sizeof(struct route) +
		    2 * sizeof(struct next_hop)];
	} spec = { .r = { .dst = far_net, .hops = 2 } };

	ck_assert_ptr_nonnull(port);
	ck_assert_int_eq(port_add(stk, port), 0);
	spec.r.hop[0].ifp = p->port[0]->ifp;
	spec.r.hop[1].ifp = port->ifp;
	ck_assert_int_eq(route_add(stk, &spec.r, NULL), 0);
	ck_assert_int_eq(iface_addr_add(p->stk[1], p->port[1]->ifp, far_net,
	    SCOPE_GLOBAL, NULL), 0);
	return port;
}

/* Until then, frames of the second way too.  How many took it. */
static uint32_t
run_both(struct port *port, int64_t until_us)
{
	uint32_t n = 0;

	while (p->now.us < until_us) {
		struct mem_frame *f;

		pair_run_until(p, p->now.us + 1000);
		while ((f = mem_port_take(port)) != NULL) {
			ck_assert_int_eq(mem_port_give_frame(p->port[1], f),
			    0);
			mem_port_free(port, f);
			n++;
		}
	}
	return n;
}

/* Routes tell the wide way's MTU to who asks without ports: the refusal is of
 * this flow's. */
START_TEST(of_another_way)
{
	struct port *port = second_way(600);
	uint32_t narrow = 0;

	far = (struct pair_app){ .salt = 2, .peer_salt = 1, .keep = true };
	l = pair_serve(p, 1, 80, NULL, &far);
	for (uint16_t i = 0; i < 16 && narrow < 2; i++) {
		struct tcp_open o = { .remote = addr_from_ip4(FAR_IP),
		    .local = pair_addr(0), .rport = 80,
		    .lport = (uint16_t)(2000 + i), .ready = pair_app_ready,
		    .owner = &near };

		near = (struct pair_app){ .p = p, .total = 20000, .salt = 1,
		    .peer_salt = 2, .keep = true };
		ck_assert_int_eq(tcp_connect(p->stk[0], &o, &near.c), 0);
		narrow += run_both(port, p->now.us + 1000000) > 20;
		ck_assert_uint_eq(far.received, 20000);
		tcp_abort(p->stk[0], near.c);
		tcp_abort(p->stk[1], far.c);
		far = (struct pair_app){ .salt = 2, .peer_salt = 1,
		    .keep = true };
		run_both(port, p->now.us + 100000);
		near.c = NULL;
	}
	ck_assert_uint_eq(narrow, 2);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("tcp_mtu");
	TCase *t = tcase_create("mtu");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, grows_beyond_cwnd);
	tcase_add_test(t, under_a_syn);
	tcase_add_test(t, under_a_syn_all);
	tcase_add_test(t, under_a_retransmission);
	tcase_add_test(t, under_a_tail_probe);
	tcase_add_test(t, smallest);
	tcase_add_test(t, of_another_way);
	suite_add_tcase(s, t);
	return unit_main(s);
}
