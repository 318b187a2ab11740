/*
 * test_tcp_fastopen.c - RFC 7413: what a SYN carries, who may have its data at
 * once, what becomes of data that were not taken.
 *
 * Stack 0 is the client, stack 1 the server; SYNs of the client are noted.
 */
#include <errno.h>

#include "base/cursor.h"
#include "base/hash.h"
#include "icmp/icmp.h"
#include "ip/ip_wire.h"
#include "tcp/tcp_options.h"
#include "tcp/tcp_wire.h"
#include "unit/tcp_pair.h"

#define SYNS 16

struct syn {
	struct tcp_opts o;
	uint32_t data;		/* bytes */
};

static struct syn syn[SYNS];
static unsigned syns;
static struct pair *p;
static struct pair_app a, b;	/* server, client */

/* Notes the SYNs of stack 0. */
static bool
note_syn(void *arg, int from, const struct mem_frame *f)
{
	const uint8_t *t = f->data + 20;
	struct tcp_hdr h;

	(void)arg;
	if (from == 0 && tcp_parse_hdr(t, f->len - 20, &h) == 0 &&
	    (h.flags & (TCP_SYN | TCP_ACK)) == TCP_SYN && syns < SYNS) {
		tcp_parse_options(t + TCP_HLEN, h.hlen - (size_t)TCP_HLEN,
		    true, &syn[syns].o);
		syn[syns++].data = f->len - 20 - h.hlen;
	}
	return true;
}

static void
setup(void)
{
	struct wire_conf w = { .delay_us = 50000 };

	p = pair_new(1, 1500, 0);
	pair_wire(p, &w);
	p->filter = note_syn;
	syns = 0;
}

static void
teardown(void)
{
	pair_free(p);
}

/* One connection; the client has n bytes, the server answers with m. */
static void
begin(const struct tcp_conf *conf, uint32_t n, uint32_t m)
{
	a = (struct pair_app){ .total = m, .salt = 2, .peer_salt = 1 };
	b = (struct pair_app){ .total = n, .salt = 1, .peer_salt = 2 };
	pair_connect_data(p, 0, 80, conf, &b, n);
}

static void
whole(const struct tcp_conf *conf, uint32_t n)
{
	begin(conf, n, 0);
	pair_run_apps(p, &a, &b, p->now.us + 10000000);
	ck_assert(a.closed && b.closed);
	ck_assert_uint_eq(a.received, n);
}

static struct tcp_conf
both(void)
{
	struct tcp_conf conf;

	tcp_conf_default(&conf);
	conf.fastopen = TCP_FASTOPEN_CLIENT | TCP_FASTOPEN_SERVER;
	return conf;
}

/* RFC 7413 4.2.2: the answer leaves before the handshake has ended. */
START_TEST(answer_is_early)
{
	struct tcp_conf conf = both();
	struct tcp_status st;
	int64_t t;

	pair_serve(p, 1, 80, &conf, &a);
	whole(&conf, 100);
	begin(&conf, 100, 1000);
	t = p->now.us;
	pair_run_until(p, t + 51000);
	ck_assert_uint_eq(a.received, 100);
	tcp_status(p->stk[1], a.c, &st);
	ck_assert_int_eq(st.state, TCPS_SYN_RECEIVED);
	ck_assert_uint_eq(p->stk[1]->tcp.fo_pending, 1);
	pair_run_until(p, t + 101000);
	ck_assert_uint_eq(b.received, 1000);
	pair_run_apps(p, &a, &b, 10000000);
	ck_assert(a.closed && b.closed);
	ck_assert_uint_eq(p->stk[1]->tcp.fo_pending, 0);
	ck_assert_uint_eq(p->stk[0]->tcp.stats.retransmits, 0);
	ck_assert_uint_eq(p->stk[1]->tcp.stats.retransmits, 0);
}
END_TEST

/* RFC 7413 4.2.2: as many as the queue lets, the rest as ever. */
START_TEST(queue_is_bounded)
{
	struct tcp_conf conf = both();
	int64_t t;

	conf.fastopen_queue = 0;
	pair_serve(p, 1, 80, &conf, &a);
	whole(&conf, 100);
	whole(&conf, 100);
	ck_assert_uint_eq(syn[1].data, 0);
	conf.fastopen |= TCP_FASTOPEN_CLIENT_BARE | TCP_FASTOPEN_SERVER_BARE;
	begin(&conf, 100, 0);
	t = p->now.us;
	pair_run_until(p, t + 51000);
	ck_assert_uint_eq(syn[2].data, 100);
	ck_assert_uint_eq(a.received, 0);
	pair_run_apps(p, &a, &b, t + 10000000);
	ck_assert_uint_eq(a.received, 100);
}
END_TEST

/* RFC 7413 4.1.2: the cookie is a hash of both addresses under the key. */
START_TEST(cookie_of_a_key)
{
	static const uint8_t who[8] = { 10, 0, 0, 1, 10, 0, 0, 2 };
	const struct hash_key key = { 0x0706050403020100,
	    0x0f0e0d0c0b0a0908 };
	struct tcp_conf conf = both(), other;
	struct tcp_listener *l;
	uint64_t h = siphash24(&key, who, sizeof(who));

	conf.fastopen_keyed = true;
	for (uint8_t i = 0; i < TCP_FASTOPEN_KEY_LEN; i++)
		conf.fastopen_key[i] = i;
	l = pair_serve(p, 1, 80, &conf, &a);
	whole(&conf, 100);
	ck_assert(syn[0].o.fo_on && syn[0].o.fo_len == 0);
	whole(&conf, 100);
	ck_assert_uint_eq(syn[1].o.fo_len, 8);
	ck_assert_uint_eq(syn[1].data, 100);
	for (unsigned i = 0; i < 8; i++)
		ck_assert_uint_eq(syn[1].o.fo[i], (uint8_t)(h >> 8 * i));
	/* Another key: refused, and a new cookie is learnt. */
	other = conf;
	other.fastopen_key[0] ^= 1;
	ck_assert_int_eq(tcp_listener_set_conf(p->stk[1], l, &other), 0);
	whole(&conf, 100);
	ck_assert_mem_eq(syn[2].o.fo, syn[1].o.fo, 8);
	whole(&conf, 100);
	ck_assert(memcmp(syn[3].o.fo, syn[2].o.fo, 8) != 0);
}
END_TEST

/* Asked in vain by the option's kind, then by the older form, then no more. */
START_TEST(other_form_is_tried_once)
{
	struct tcp_conf conf = both(), off;

	tcp_conf_default(&off);
	pair_serve(p, 1, 80, &off, &a);
	for (int i = 0; i < 4; i++)
		whole(&conf, 100);
	ck_assert_uint_eq(syns, 4);
	for (int i = 0; i < 4; i++) {
		ck_assert(syn[i].o.fo_on && syn[i].o.fo_len == 0);
		ck_assert_uint_eq(syn[i].o.fo_exp, i == 1);
	}
	tcp_fastopen_forget(p->stk[0]);
	whole(&conf, 100);
	whole(&conf, 100);
	ck_assert(!syn[4].o.fo_exp && syn[5].o.fo_exp);
}
END_TEST

/* What a SYN has room for: 40 bytes of options off the server's segment. */
START_TEST(room_of_a_syn)
{
	struct tcp_conf conf = both(), small = conf;
	struct addr to = pair_addr(1);

	ck_assert_uint_eq(tcp_fastopen_room(p->stk[0], &to, &conf), 0);
	small.mss = 1000;
	pair_serve(p, 1, 80, &small, &a);
	whole(&conf, 10);
	ck_assert_uint_eq(tcp_fastopen_room(p->stk[0], &to, &conf), 960);
	whole(&conf, 3000);
	ck_assert_uint_eq(syn[1].data, 960);
	conf.mss = 800;
	ck_assert_uint_eq(tcp_fastopen_room(p->stk[0], &to, &conf), 760);
	conf.fastopen = TCP_FASTOPEN_SERVER;
	ck_assert_uint_eq(tcp_fastopen_room(p->stk[0], &to, &conf), 0);
	conf.fastopen = TCP_FASTOPEN_CLIENT;
	tcp_fastopen_forget(p->stk[0]);
	ck_assert_uint_eq(tcp_fastopen_room(p->stk[0], &to, &conf), 0);
	conf.fastopen |= TCP_FASTOPEN_CLIENT_BARE;
	ck_assert_uint_eq(tcp_fastopen_room(p->stk[0], &to, &conf), 760);
}
END_TEST

/* RFC 1191 6.4: a SYN with data that was too big goes again at once, without
 * them. */
START_TEST(too_big_for_the_path)
{
	struct tcp_conf conf = both();
	struct ip_meta quoted = { .src = pair_addr(0), .dst = pair_addr(1),
	    .l4_len = 1000 };
	struct tcp_status st;
	uint8_t l4[8];

	pair_serve(p, 1, 80, &conf, &a);
	whole(&conf, 100);
	begin(&conf, 1000, 0);
	pair_run_until(p, p->now.us + 1000);
	ck_assert_uint_eq(syn[1].data, 1000);
	tcp_status(p->stk[0], b.c, &st);
	be16_put(l4, st.lport);
	be16_put(l4 + 2, 80);
	be32_put(l4 + 4, st.iss);
	tcp_icmp_error(p->stk[0], &quoted, l4, ICMP_UNREACH, 4, 800);
	pair_run_until(p, p->now.us + 1000);
	ck_assert_uint_eq(syns, 3);
	ck_assert_uint_eq(syn[2].data, 0);
	ck_assert_uint_eq(syn[2].o.mss, 760);
	pair_run_apps(p, &a, &b, p->now.us + 10000000);
	ck_assert(a.closed && b.closed);
	ck_assert_uint_eq(a.received, 1000);
}
END_TEST

/* Data that a SYN,ACK does not take go again, and cwnd is none the smaller. */
START_TEST(refused_without_blame)
{
	struct tcp_conf conf = both(), off;
	struct tcp_listener *l = pair_serve(p, 1, 80, &conf, &a);
	struct tcp_status st;

	whole(&conf, 100);
	tcp_conf_default(&off);
	ck_assert_int_eq(tcp_listener_set_conf(p->stk[1], l, &off), 0);
	begin(&conf, 1000, 0);
	b.keep = true;
	pair_run_until(p, p->now.us + 101000);
	ck_assert_uint_eq(syn[1].data, 1000);
	tcp_status(p->stk[0], b.c, &st);
	ck_assert_uint_eq(st.cwnd_segs, 10);
	ck_assert_uint_eq(st.retrans_segs, 1);
	ck_assert(!st.fastopen);
	b.keep = false;
	pair_run_apps(p, &a, &b, p->now.us + 10000000);
	ck_assert_uint_eq(a.received, 1000);
}
END_TEST

static void
pass_seconds(int64_t s)
{
	pair_run_until(p, p->now.us + s * USEC_PER_SEC);
}

/* RFC 7413 4.1.3.1: who was refused does without for a minute, two, ... */
START_TEST(refusal_is_remembered)
{
	struct tcp_conf conf = both(), off;
	struct tcp_listener *l = pair_serve(p, 1, 80, &conf, &a);

	whole(&conf, 100);
	tcp_conf_default(&off);
	ck_assert_int_eq(tcp_listener_set_conf(p->stk[1], l, &off), 0);
	whole(&conf, 100);
	ck_assert_uint_eq(syn[1].data, 100);
	whole(&conf, 100);
	ck_assert(!syn[2].o.fo_on && syn[2].data == 0);
	pass_seconds(60);
	whole(&conf, 100);
	ck_assert_uint_eq(syn[3].data, 100);
	pass_seconds(100);
	whole(&conf, 100);
	ck_assert(!syn[4].o.fo_on);
	pass_seconds(20);
	/* Taken again: all is forgiven. */
	ck_assert_int_eq(tcp_listener_set_conf(p->stk[1], l, &conf), 0);
	whole(&conf, 100);
	ck_assert_uint_eq(syn[5].data, 100);
	ck_assert_int_eq(tcp_listener_set_conf(p->stk[1], l, &off), 0);
	whole(&conf, 100);
	pass_seconds(60);
	whole(&conf, 100);
	ck_assert_uint_eq(syn[7].data, 100);
}
END_TEST

/* A way on which SYNs with data vanish. */
static bool
swallow_syn_data(void *arg, int from, const struct mem_frame *f)
{
	unsigned n = syns;

	note_syn(arg, from, f);
	return syns == n || syn[n].data == 0;
}

/* The same where nothing answers: with another SYN, and without any. */
START_TEST(loss_is_remembered)
{
	struct tcp_conf conf = both(), hasty;

	pair_serve(p, 1, 80, &conf, &a);
	whole(&conf, 100);
	p->filter = swallow_syn_data;
	whole(&conf, 100);
	ck_assert_uint_eq(syns, 3);
	ck_assert(syn[1].data == 100 && syn[2].data == 0);
	whole(&conf, 100);
	ck_assert(!syn[3].o.fo_on && syn[3].data == 0);
	pass_seconds(60);
	hasty = conf;
	hasty.syn_retries = 0;
	begin(&hasty, 100, 0);
	pass_seconds(2);
	ck_assert_int_eq(b.error, -ETIMEDOUT);
	ck_assert_uint_eq(syn[4].data, 100);
	pass_seconds(100);
	whole(&conf, 100);
	ck_assert(!syn[5].o.fo_on);
}
END_TEST

/* A server may want a cookie: data without one say nothing of data with. */
START_TEST(bare_refusal_is_apart)
{
	struct tcp_conf conf = both(), bare = conf;

	bare.fastopen = TCP_FASTOPEN_CLIENT | TCP_FASTOPEN_CLIENT_BARE;
	pair_serve(p, 1, 80, &conf, &a);
	whole(&bare, 100);
	ck_assert_uint_eq(syn[0].data, 100);
	whole(&bare, 100);
	ck_assert_uint_eq(syn[1].data, 0);
	whole(&conf, 100);
	ck_assert(syn[2].o.fo_on && syn[2].o.fo_len == 0);
	whole(&conf, 100);
	ck_assert_uint_eq(syn[3].data, 100);
}
END_TEST

/* By habit, a server that gives no cookie is left in peace. */
START_TEST(asked_once)
{
	struct tcp_conf conf = both(), off;

	tcp_conf_default(&off);
	pair_serve(p, 1, 80, &off, &a);
	conf.habits = TCP_HABIT_ASK_ONCE;
	whole(&conf, 100);
	whole(&conf, 100);
	ck_assert(syn[0].o.fo_on && !syn[1].o.fo_on);
	pass_seconds(60);
	whole(&conf, 100);
	ck_assert(syn[2].o.fo_on);
}
END_TEST

/* RFC 7413 4.1.2: a cookie of the last key is good and replaced, an older one
 * is only replaced. */
START_TEST(keys_change)
{
	struct tcp_conf conf = both();
	int64_t t;

	pair_serve(p, 1, 80, &conf, &a);
	whole(&conf, 100);
	pass_seconds(12 * 3600);
	begin(&conf, 100, 0);
	t = p->now.us;
	pair_run_until(p, t + 51000);
	ck_assert_uint_eq(a.received, 100);
	pair_run_apps(p, &a, &b, t + 10000000);
	pass_seconds(12 * 3600);
	begin(&conf, 100, 0);
	t = p->now.us;
	pair_run_until(p, t + 51000);
	ck_assert(memcmp(syn[1].o.fo, syn[2].o.fo, 8) != 0);
	ck_assert_uint_eq(a.received, 100);
	pair_run_apps(p, &a, &b, t + 10000000);
	pass_seconds(24 * 3600);
	begin(&conf, 100, 0);
	t = p->now.us;
	pair_run_until(p, t + 51000);
	ck_assert_uint_eq(syn[3].data, 100);
	ck_assert_uint_eq(a.received, 0);
	pair_run_apps(p, &a, &b, t + 10000000);
	whole(&conf, 100);
	ck_assert_uint_eq(syn[4].data, 100);
}
END_TEST

/* RFC 7413 5.1: a reset makes no room for the next at once. */
START_TEST(resets_count)
{
	struct tcp_conf conf = both();
	int64_t t;

	conf.fastopen_queue = 1;
	pair_serve(p, 1, 80, &conf, &a);
	whole(&conf, 100);
	begin(&conf, 100, 0);
	b.keep = true;
	pair_run_until(p, p->now.us + 51000);
	ck_assert_uint_eq(p->stk[1]->tcp.fo_pending, 1);
	tcp_abort(p->stk[0], b.c);
	/* The SYN,ACK finds nobody. */
	pair_run_until(p, p->now.us + 200000);
	ck_assert_uint_eq(p->stk[1]->tcp.fo_pending, 0);
	ck_assert_uint_eq(p->stk[1]->tcp.fo_resets, 1);
	begin(&conf, 100, 0);
	t = p->now.us;
	pair_run_until(p, t + 51000);
	ck_assert_uint_eq(syn[2].data, 100);
	ck_assert_uint_eq(a.received, 0);
	pair_run_apps(p, &a, &b, t + 10000000);
	ck_assert_uint_eq(a.received, 100);
	pass_seconds(120);
	begin(&conf, 100, 0);
	t = p->now.us;
	pair_run_until(p, t + 51000);
	ck_assert_uint_eq(a.received, 100);
	pair_run_apps(p, &a, &b, t + 10000000);
}
END_TEST

/* RFC 7413 4.1.3: a cookie is of both addresses. */
START_TEST(cookie_of_a_pair)
{
	struct tcp_conf conf = both();
	struct ip4_prefix other = { IP4(10, 0, 0, 9), 24 };
	struct tcp_open o = { .local = addr_from_ip4(other.ip),
	    .remote = pair_addr(1), .rport = 80, .conf = &conf,
	    .ready = pair_app_ready, .owner = &b, .data = "x",
	    .data_len = 1 };

	ck_assert_int_eq(iface_addr_add(p->stk[0], p->port[0]->ifp, other,
	    SCOPE_GLOBAL, NULL), 0);
	pair_serve(p, 1, 80, &conf, &a);
	whole(&conf, 100);
	b = (struct pair_app){ .p = p, .total = 1, .sent = 1, .salt = 1,
	    .keep = true };
	ck_assert_int_eq(tcp_connect(p->stk[0], &o, &b.c), 0);
	pair_run_until(p, p->now.us + 1000);
	ck_assert_uint_eq(syns, 2);
	ck_assert(syn[1].o.fo_on && syn[1].o.fo_len == 0);
	tcp_abort(p->stk[0], b.c);
	pair_run_until(p, p->now.us + 200000);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("tcp_fastopen");
	TCase *t = tcase_create("fastopen");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, answer_is_early);
	tcase_add_test(t, queue_is_bounded);
	tcase_add_test(t, cookie_of_a_key);
	tcase_add_test(t, other_form_is_tried_once);
	tcase_add_test(t, room_of_a_syn);
	tcase_add_test(t, too_big_for_the_path);
	tcase_add_test(t, refused_without_blame);
	tcase_add_test(t, refusal_is_remembered);
	tcase_add_test(t, loss_is_remembered);
	tcase_add_test(t, bare_refusal_is_apart);
	tcase_add_test(t, asked_once);
	tcase_add_test(t, keys_change);
	tcase_add_test(t, resets_count);
	tcase_add_test(t, cookie_of_a_pair);
	suite_add_tcase(s, t);
	return unit_main(s);
}
