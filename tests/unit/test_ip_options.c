/*
 * test_ip_options.c - record route, timestamp, router alert, source routes,
 * and the pointer of a parameter problem for everything malformed.
 */
#include "base/cursor.h"
#include "unit/ip_net.h"

/* A frame from HOST_A to HOST_B with these options. */
static struct unit_frame
frame_with(const char *hex, uint8_t buf[40])
{
	struct unit_frame f = ip_net_frame();

	f.ip_options = buf;
	f.ip_options_len = unit_hex(buf, 40, hex);
	ck_assert_uint_eq(f.ip_options_len % 4, 0);
	return f;
}

/* What the options look like behind hopd. */
static void
becomes(const char *in, const char *out)
{
	struct ip_net n = ip_net_up();
	uint8_t buf[40], want[40];
	struct unit_frame f = frame_with(in, buf);
	uint32_t len = unit_hex(want, sizeof(want), out);
	struct unit_seen s;

	unit_run_until(n.stk, 5 * USEC_PER_SEC);
	unit_feed(n.stk, n.a, &f);
	s = unit_expect(n.b);
	ck_assert_uint_eq(s.ip.hlen, 20 + len);
	ck_assert_mem_eq(s.frame->data + 34, want, len);
	ck_assert_uint_eq(s.ip.ttl, 63);
	unit_seen_free(&s);
	ip_net_down(&n);
}

/* It dies of it, and the sender learns the offset of the byte at fault. */
static void
problem(const char *in, uint32_t pointer)
{
	struct ip_net n = ip_net_up();
	uint8_t buf[40];
	struct unit_frame f = frame_with(in, buf);

	ip_net_dies(&n, &f, DROP_IP_OPTION);
	ip_net_icmp(n.a, 12, 0, pointer << 24);
	/* to ourselves just the same */
	f.dip = OUR_A;
	ip_net_dies(&n, &f, DROP_IP_OPTION);
	ip_net_icmp(n.a, 12, 0, pointer << 24);
	ip_net_down(&n);
}

START_TEST(test_record_route)
{
	/* our address on the way out; the pointer moves on */
	becomes("070b04 00000000 00000000 00",
	    "070b08 0a000201 00000000 00");
	becomes("01070b08 01020304 00000000",
	    "01070b0c 01020304 0a000201");
	/* full: unchanged, and no error (RFC 791 3.1) */
	becomes("070708 01020304 00", "070708 01020304 00");
}
END_TEST

START_TEST(test_timestamp)
{
	/* five seconds since an origin that is not midnight: 80001388 */
	becomes("44080500 00000000", "44080900 80001388");
	becomes("440c0501 00000000 00000000",
	    "440c0d01 0a000201 80001388");
	/* prespecified: only the one who is meant */
	becomes("440c0503 0a000201 00000000",
	    "440c0d03 0a000201 80001388");
	becomes("440c0503 0a000299 00000000",
	    "440c0503 0a000299 00000000");
	/* full: the overflow count goes up */
	becomes("44080900 00000000", "44080910 00000000");
	becomes("440809e0 00000000", "440809f0 00000000");
	/* of prespecified ones nobody is missed */
	becomes("440c0d03 01020304 00000000",
	    "440c0d03 01020304 00000000");
}
END_TEST

START_TEST(test_others_pass_unchanged)
{
	becomes("94040000", "94040000");	/* router alert */
	becomes("01010101", "01010101");
	becomes("00ffffff", "00ffffff");	/* after the end: nothing */
	becomes("88041234", "88041234");	/* stream id: unknown to us */
	becomes("9e040000 07070400 00000000",
	    "9e040000 0707080a 00020100");
}
END_TEST

START_TEST(test_source_routes_are_refused)
{
	static const char *const option[] = { "83070401 02030400",
	    "89070401 02030400", "01830704 01020304" };
	struct ip_net n = ip_net_up();
	uint8_t buf[40];

	for (unsigned i = 0; i < 3; i++) {
		struct unit_frame f = frame_with(option[i], buf);

		ip_net_dies(&n, &f, DROP_IP_SOURCE_ROUTE);
		f.dip = OUR_A;
		ip_net_dies(&n, &f, DROP_IP_SOURCE_ROUTE);
	}
	unit_expect_nothing(n.a);
	ip_net_down(&n);
}
END_TEST

/* ---- source routes that are taken (RFC 791 3.1, RFC 1812 5.2.4.1) ------ */

static struct ip_net
taking_net(void)
{
	struct ip_net n = ip_net_up();

	n.stk->ip.accept_source_route = true;
	return n;
}

/* Its checksum knows no addresses, so that it stays right on the way. */
static struct unit_frame
echo_to(const struct unit_frame *frame, struct ip4 dst)
{
	struct unit_frame f = *frame;

	f.dip = dst;
	f.proto = IPPROTO_ICMP4;
	f.icmp_type = ICMP_ECHO;
	return f;
}

/* From HOST_A to dst with option in; on port b it is to HOST_B with out. */
static void
goes_by(struct ip_net *n, struct ip4 dst, const char *in, const char *out)
{
	uint8_t buf[40], want[40];
	struct unit_frame f = frame_with(in, buf);
	uint32_t len = unit_hex(want, sizeof(want), out);
	struct unit_seen s;

	f = echo_to(&f, dst);
	unit_feed(n->stk, n->a, &f);
	s = unit_expect(n->b);
	ck_assert(ip4_eq(s.ip.dst, HOST_B));
	ck_assert(ip4_eq(s.ip.src, HOST_A));
	ck_assert_uint_eq(s.ip.hlen, 20 + len);
	ck_assert_mem_eq(s.frame->data + 34, want, len);
	ck_assert_uint_eq(s.ip.ttl, 63);
	unit_seen_free(&s);
	unit_expect_nothing(n->a);
}

START_TEST(test_source_route_by_us)
{
	struct ip_net n = taking_net();

	/* loose and strict: our address on the way out takes the place */
	goes_by(&n, OUR_A, "01830704 0a000214", "01830708 0a000201");
	goes_by(&n, OUR_A, "01890704 0a000214", "01890708 0a000201");
	goes_by(&n, OUR_A, "01830b08 01020304 0a000214",
	    "01830b0c 01020304 0a000201");
	/* by two addresses of ours: the first is recorded as it was named */
	goes_by(&n, OUR_A, "01830b04 0a000201 0a000214",
	    "01830b0c 0a000201 0a000201");
	/* we are not in it, or no longer: straight on */
	goes_by(&n, HOST_B, "01830704 01020304", "01830704 01020304");
	goes_by(&n, HOST_B, "01830708 0a000101", "01830708 0a000101");
	/* beside a record route */
	goes_by(&n, OUR_A, "01830704 0a000214 07070400 00000000",
	    "01830708 0a000201 0707080a 00020100");
	ip_net_down(&n);
}
END_TEST

/* As Linux: the whole and the interface must both be willing. */
START_TEST(test_source_route_knobs)
{
	struct ip_net n = taking_net();
	uint8_t buf[40];
	struct unit_frame f = frame_with("01830704 0a000214", buf);

	f.dip = OUR_A;
	n.a->ifp->conf.accept_source_route = false;
	ip_net_dies(&n, &f, DROP_IP_SOURCE_ROUTE);
	n.a->ifp->conf.accept_source_route = true;
	n.stk->ip.accept_source_route = false;
	ip_net_dies(&n, &f, DROP_IP_SOURCE_ROUTE);
	n.stk->ip.accept_source_route = true;
	n.a->ifp->conf.forwarding = false;
	ip_net_dies(&n, &f, DROP_IP_NO_FORWARD);
	n.a->ifp->conf.forwarding = true;
	goes_by(&n, OUR_A, "01830704 0a000214", "01830708 0a000201");
	ip_net_down(&n);
}
END_TEST

/* A strict route knows no router that it does not name. */
START_TEST(test_source_route_failed)
{
	struct ip_net n = taking_net();
	uint8_t buf[40];
	struct unit_frame f = frame_with("01890704 0a090001", buf);
	struct unit_seen s;

	ck_assert_int_eq(ip_net_route(&n, ROUTE_UNICAST, "10.9.0.0/16",
	    "10.0.2.20", n.b, 0), 0);
	f.dip = OUR_A;
	ip_net_dies(&n, &f, DROP_IP_SR_FAILED);
	ip_net_icmp(n.a, 3, 5, 0);
	f.dip = IP4(10, 9, 0, 1);
	ip_net_dies(&n, &f, DROP_IP_SR_FAILED);
	ip_net_icmp(n.a, 3, 5, 0);
	/* the error quoted what came; a loose one has no such qualms */
	f = frame_with("01830704 0a090001", buf);
	f = echo_to(&f, OUR_A);
	unit_feed(n.stk, n.a, &f);
	s = unit_expect(n.b);
	ck_assert(ip4_eq(s.ip.dst, IP4(10, 9, 0, 1)));
	unit_seen_free(&s);
	/* never to a group, nor to an address that no host has */
	f = frame_with("01830704 e0000001", buf);
	f.dip = OUR_A;
	ip_net_dies(&n, &f, DROP_IP_NO_FORWARD);
	f = frame_with("01830704 7f000001", buf);
	f.dip = OUR_A;
	ip_net_dies(&n, &f, DROP_IP_NO_FORWARD);
	ip_net_down(&n);
}
END_TEST

/* RFC 1122 3.2.2.6: an echo reply goes back the way the request came. */
START_TEST(test_source_route_turned_round)
{
	static const uint8_t want[] = { 131, 11, 8, 1, 2, 3, 4, 10, 0, 1, 10,
	    0 };
	struct ip_net n = taking_net();
	uint8_t buf[40];
	/* done is done, however far behind the end the pointer is */
	struct unit_frame f = frame_with(_i == 0 ?
	    "01830b0c 01020304 0a000214" : "01830bff 01020304 0a000214", buf);
	struct unit_seen s;

	f = echo_to(&f, OUR_A);
	unit_feed(n.stk, n.a, &f);
	s = unit_expect(n.b);
	ck_assert_uint_eq(s.icmp_type, ICMP_ECHO_REPLY);
	ck_assert(ip4_eq(s.ip.dst, HOST_B));
	ck_assert_uint_eq(s.ip.hlen, 20 + sizeof(want));
	ck_assert_mem_eq(s.frame->data + 34, want, 2);
	ck_assert_uint_eq(s.frame->data[36], 4);
	ck_assert_mem_eq(s.frame->data + 37, want + 3, 8);
	unit_seen_free(&s);
	ip_net_down(&n);
}
END_TEST

START_TEST(test_malformed_source_routes)
{
	static const struct {
		const char *option;
		uint32_t pointer;
	} bad[] = {
		{ "83020000", 21 }, { "83070300 00000000", 22 },
		{ "89070500 00000000", 22 }, { "830b0900 00000000 00000000",
		    22 },
		{ "01830704 00000000 01890704 00000000", 29 },
	};
	struct ip_net n = taking_net();
	uint8_t buf[40];

	for (unsigned i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct unit_frame f = frame_with(bad[i].option, buf);

		ip_net_dies(&n, &f, DROP_IP_OPTION);
		ip_net_icmp(n.a, 12, 0, bad[i].pointer << 24);
	}
	ip_net_down(&n);
}
END_TEST

START_TEST(test_malformed_options)
{
	problem("01010107", 23);	/* no room for a length */
	problem("07010000", 21);	/* length below two */
	problem("07090400 00000000", 21);	/* past the header */
	problem("07020000", 21);	/* no pointer */
	problem("07070300 00000000", 22);	/* pointer into the head */
	problem("07070500 00000000", 22);	/* no room for an address */
	problem("01070704 00000000 07070400 00000000", 28);	/* twice */
	problem("44030500", 21);
	problem("44080400 00000000", 22);
	problem("44080502 00000000", 23);	/* unknown flag */
	problem("44080600 00000000", 22);	/* half an entry */
	problem("44080501 00000000", 22);	/* address but no time */
	problem("440809f0 00000000", 23);	/* overflow overflows */
}
END_TEST

/* Any bytes are survived. */
START_TEST(test_random_options)
{
	static const uint8_t seed[RNG_SEED_LEN] = { 4 };
	struct ip_net n = ip_net_up();
	struct unit_frame f = ip_net_frame();
	uint8_t buf[40];
	struct rng r;

	rng_init(&r, seed);
	f.ip_options = buf;
	n.stk->limits.icmp_per_sec = 0;
	n.stk->ip.accept_source_route = _i != 0;
	for (int i = 0; i < 20000; i++) {
		static const uint8_t kind[] = { 0, 1, 7, 68, 131, 148 };

		f.ip_options_len = 4 * (1 + rng_below(&r, 10));
		f = echo_to(&f, i % 2 == 0 || _i == 0 ? HOST_B : OUR_A);
		rng_bytes(&r, buf, sizeof(buf));
		for (uint32_t k = 0; k < 40; k++) {
			if (rng_below(&r, 3) == 0)
				buf[k] = kind[rng_below(&r, sizeof(kind))];
			else if (rng_below(&r, 2) == 0)
				buf[k] &= 15;
		}
		unit_feed(n.stk, n.a, &f);
		unit_drain(n.a);
		while (mem_port_sent(n.b) > 0) {
			struct unit_seen s = unit_expect(n.b);

			unit_seen_free(&s);
		}
	}
	ck_assert_uint_eq(n.stk->ip.stats.forwarded +
	    n.stk->ip.stats.delivered + ip_net_drops(&n, DROP_IP_OPTION) +
	    ip_net_drops(&n, DROP_IP_NO_FORWARD) +
	    ip_net_drops(&n, DROP_IP_NO_ROUTE) +
	    ip_net_drops(&n, DROP_IP_SR_FAILED) +
	    ip_net_drops(&n, DROP_IP_SOURCE_ROUTE), 20000);
	ck_assert_uint_gt(n.stk->ip.stats.forwarded, 100);
	ck_assert_uint_gt(ip_net_drops(&n, DROP_IP_OPTION), 100);
	ip_net_down(&n);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("ip_options");
	TCase *tc = tcase_create("options");

	tcase_add_test(tc, test_record_route);
	tcase_add_test(tc, test_timestamp);
	tcase_add_test(tc, test_others_pass_unchanged);
	tcase_add_test(tc, test_source_routes_are_refused);
	tcase_add_test(tc, test_source_route_by_us);
	tcase_add_test(tc, test_source_route_knobs);
	tcase_add_test(tc, test_source_route_failed);
	tcase_add_loop_test(tc, test_source_route_turned_round, 0, 2);
	tcase_add_test(tc, test_malformed_source_routes);
	tcase_add_test(tc, test_malformed_options);
	tcase_add_loop_test(tc, test_random_options, 0, 2);
	suite_add_tcase(s, tc);
	return unit_main(s);
}
