/*
 * test_tcp_wire.c - the TCP header to host order and back.
 */
#include <errno.h>

#include "tcp/tcp_wire.h"
#include "unit/unit.h"

static const uint8_t sample[24] = {
	0x1f, 0x90, 0xc0, 0x01, 0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77, 0x88,
	0x60, 0x12, 0xfa, 0xf0, 0xab, 0xcd, 0x00, 0x07, 2, 4, 5, 0xb4,
};

START_TEST(parse_reads_every_field)
{
	struct tcp_hdr h;

	ck_assert_int_eq(tcp_parse_hdr(sample, sizeof(sample), &h), 0);
	ck_assert_uint_eq(h.sport, 8080);
	ck_assert_uint_eq(h.dport, 49153);
	ck_assert_uint_eq(h.seq, 0x11223344);
	ck_assert_uint_eq(h.ack, 0x55667788);
	ck_assert_uint_eq(h.hlen, 24);
	ck_assert_uint_eq(h.flags, TCP_SYN | TCP_ACK);
	ck_assert_uint_eq(h.window, 64240);
	ck_assert_uint_eq(h.csum, 0xabcd);
	ck_assert_uint_eq(h.urgent, 7);
}
END_TEST

START_TEST(build_is_the_inverse)
{
	struct tcp_hdr h;
	uint8_t out[TCP_HLEN];

	ck_assert_int_eq(tcp_parse_hdr(sample, sizeof(sample), &h), 0);
	tcp_build_hdr(out, &h);
	ck_assert_mem_eq(out, sample, TCP_HLEN);
}
END_TEST

/* A header is refused at every length that cuts it, options included. */
START_TEST(parse_refuses_cut_off)
{
	struct tcp_hdr h;

	for (size_t n = 0; n < 24; n++)
		ck_assert_int_eq(tcp_parse_hdr(sample, n, &h), -EINVAL);
}
END_TEST

/* RFC 9293 3.1: a data offset under five words is no header. */
START_TEST(parse_refuses_small_offset)
{
	struct tcp_hdr h;
	uint8_t p[24];

	memcpy(p, sample, sizeof(p));
	for (unsigned words = 0; words < 5; words++) {
		p[TCP_OFF_DOFF] = (uint8_t)(words << 4);
		ck_assert_int_eq(tcp_parse_hdr(p, sizeof(p), &h), -EINVAL);
	}
	p[TCP_OFF_DOFF] = 5 << 4 | 0x0f;	/* reserved bits are ignored */
	ck_assert_int_eq(tcp_parse_hdr(p, sizeof(p), &h), 0);
	ck_assert_uint_eq(h.hlen, 20);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("tcp_wire");
	TCase *t = tcase_create("header");

	tcase_add_test(t, parse_reads_every_field);
	tcase_add_test(t, build_is_the_inverse);
	tcase_add_test(t, parse_refuses_cut_off);
	tcase_add_test(t, parse_refuses_small_offset);
	suite_add_tcase(s, t);
	return unit_main(s);
}
