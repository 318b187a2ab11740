/*
 * test_lb_sctp.c - SCTP through the director, where IPVS has no record of it:
 * FULLNAT, checksums that were wrong, the pressure on half-open associations.
 * The states are in tests/data/lb.
 */
#include <string.h>

#include "base/cursor.h"
#include "unit/lb_bed.h"

#define BODY	28u		/* header and a chunk of 16 bytes */

enum chunk { INIT = 1, INIT_ACK = 2, COOKIE_ECHO = 10, COOKIE_ACK = 11 };

/* RFC 9260 appendix A, bit by bit; the field itself counts as zero. */
static uint32_t
slow_csum(const uint8_t *p, uint32_t len)
{
	uint32_t crc = UINT32_MAX;

	for (uint32_t i = 0; i < len; i++) {
		crc ^= i >= 8 && i < 12 ? 0 : p[i];
		for (int bit = 0; bit < 8; bit++)
			crc = crc >> 1 ^ ((crc & 1) != 0 ? 0x82f63b78 : 0);
	}
	return __builtin_bswap32(~crc);
}

/* A packet with one chunk, from the client or from RS1; its checksum is wrong
 * in the bits of damage. */
static void
feed(struct lb_bed *b, bool reply, uint16_t sport, uint16_t dport,
    enum chunk type, uint32_t damage)
{
	struct unit_frame f = reply ? lb_bed_out(IPPROTO_SCTP4, RS1, 0, 0, 0) :
	    lb_bed_in(IPPROTO_SCTP4, 0, 0);
	uint8_t body[BODY] = { 0 };

	be16_put(body, sport);
	be16_put(body + 2, dport);
	be32_put(body + 4, 77);
	body[12] = (uint8_t)type;
	be16_put(body + 14, BODY - 12);
	be32_put(body + 8, slow_csum(body, BODY) ^ damage);
	if (reply)
		f.dip = LOCAL1;
	f.raw = true;
	f.payload = body;
	f.payload_len = BODY;
	unit_feed(b->stk, reply ? b->sv : b->cl, &f);
}

/* What came out of port next: its ports, and the bits in which its checksum is
 * wrong. */
static uint32_t
expect(struct port *port, uint16_t *sport, uint16_t *dport)
{
	struct mem_frame *f = mem_port_take(port);
	const uint8_t *l4;
	uint32_t wrong;

	ck_assert_ptr_nonnull(f);
	ck_assert_uint_eq(f->len, ETH_HLEN + IP4_HLEN + BODY);
	l4 = f->data + ETH_HLEN + IP4_HLEN;
	*sport = be16_get(l4);
	*dport = be16_get(l4 + 2);
	wrong = slow_csum(l4, BODY) ^ be32_get(l4 + 8);
	mem_port_free(port, f);
	return wrong;
}

static struct lb_bed
bed_fullnat(void)
{
	struct lb_bed b = lb_bed_up(IPPROTO_SCTP4, 0, NULL);
	struct addr local = addr_from_ip4(LOCAL1);

	ck_assert_int_eq(lb_local_add(b.stk, b.svc, &local, NULL), 0);
	lb_bed_server(&b, RS1, 8080, LB_FWD_FULLNAT, 1);
	return b;
}

START_TEST(fullnat_both_ways)
{
	struct lb_bed b = bed_fullnat();
	uint16_t local, sport, dport;

	feed(&b, false, 40000, 80, INIT, 0);
	ck_assert_uint_eq(expect(b.sv, &local, &dport), 0);
	ck_assert_uint_eq(local, lb_bed_flow(&b)->lport);
	ck_assert_uint_eq(dport, 8080);
	feed(&b, true, 8080, local, INIT_ACK, 0);
	ck_assert_uint_eq(expect(b.cl, &sport, &dport), 0);
	ck_assert_uint_eq(sport, 80);
	ck_assert_uint_eq(dport, 40000);
	lb_bed_expect_state(&b, "C-SENT", 60);
	ck_assert_uint_eq(lb_bed_find(&b, RS1, 8080)->inactive, 1);
	feed(&b, false, 40000, 80, COOKIE_ECHO, 0);
	feed(&b, true, 8080, local, COOKIE_ACK, 0);
	lb_bed_expect_state(&b, "ESTABLISHED", 900);
	ck_assert_uint_eq(lb_bed_find(&b, RS1, 8080)->active, 1);
	lb_bed_down(&b);
}
END_TEST

/* RFC 9260 6.8: who receives it decides, so a wrong checksum must not become
 * right under way. */
START_TEST(wrong_checksum_stays_wrong)
{
	struct lb_bed b = bed_fullnat();
	uint16_t sport, dport;

	feed(&b, false, 40000, 80, INIT, 0x00010400);
	ck_assert_uint_eq(expect(b.sv, &sport, &dport), 0x00010400);
	lb_bed_down(&b);
}
END_TEST

/* An association that the server does not know of may go under pressure,
 * however much its client says. */
START_TEST(half_open_until_the_server_agrees)
{
	struct lb_bed b = bed_fullnat();

	feed(&b, false, 40000, 80, INIT, 0);
	feed(&b, false, 40000, 80, COOKIE_ECHO, 0);
	feed(&b, false, 40000, 80, COOKIE_ACK, 0);
	ck_assert(lb_bed_flow(&b)->flags & LB_FLOW_HALF_OPEN);
	feed(&b, true, 8080, lb_bed_flow(&b)->lport, COOKIE_ACK, 0);
	ck_assert(!(lb_bed_flow(&b)->flags & LB_FLOW_HALF_OPEN));
	lb_bed_down(&b);
}
END_TEST

/* conn show state NAME */
START_TEST(found_by_state)
{
	struct lb_bed b = bed_fullnat();
	struct lb_flow_filter w = { .state = "INIT1" };
	uint32_t pos = 0;

	feed(&b, false, 40000, 80, INIT, 0);
	ck_assert_ptr_nonnull(lb_flow_next(b.stk, &pos, &w));
	w.state = "INIT";
	pos = 0;
	ck_assert_ptr_null(lb_flow_next(b.stk, &pos, &w));
	lb_bed_down(&b);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("lb_sctp");
	TCase *tc = tcase_create("sctp");

	tcase_add_test(tc, fullnat_both_ways);
	tcase_add_test(tc, wrong_checksum_stays_wrong);
	tcase_add_test(tc, half_open_until_the_server_agrees);
	tcase_add_test(tc, found_by_state);
	suite_add_tcase(s, tc);
	return unit_main(s);
}
