/*
 * tcp_options.h - TCP options (RFC 9293 3.2, 7323, 2018, 7413, 9768):
 * bytes to a struct and back.
 */
#ifndef HOPD_TCP_TCP_OPTIONS_H
#define HOPD_TCP_TCP_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TCP_OPTIONS_MAX	40
#define TCP_SACK_MAX	4	/* blocks that fit without timestamps */
#define TCP_WSCALE_MAX	14	/* RFC 7323 2.3 */
#define TCP_TS_LEN	12	/* timestamps with their padding */
#define TCP_ACC_FIELDS	3	/* counters of an Accurate ECN option */

struct tcp_sack {
	uint32_t left, right;	/* [left, right) */
};

struct tcp_opts {
	bool mss_on, wscale_on, sack_ok, ts_on, fo_on;
	bool toa_on;		/* read only */
	bool fo_exp;		/* Fast Open by the experimental option */
	bool acc_on;		/* Accurate ECN: RFC 9768 3.2.3 */
	uint8_t acc_order;	/* of acc[]: 0: ECT(0), CE, ECT(1); 1: the
				 * other way round */
	uint8_t acc_fields;	/* counters in acc[] */
	uint8_t wscale;
	uint8_t sacks;		/* blocks in sack[] */
	uint8_t fo_len;		/* of the cookie; 0: a request */
	uint16_t mss;
	uint16_t toa_port;
	uint32_t toa_ip;	/* host order */
	uint32_t tsval, tsecr;
	uint32_t acc[TCP_ACC_FIELDS];	/* 24 bits each */
	struct tcp_sack sack[TCP_SACK_MAX];
	uint8_t fo[16];
};

/* Reads what it knows, skips what it does not; stops at the first option whose
 * length lies, keeping what came before.  syn: options of a SYN count. */
void tcp_parse_options(const uint8_t *p, size_t len, bool syn,
    struct tcp_opts *out);

/* Bytes of an Accurate ECN option with n > 0 counters, padding included. */
static inline uint32_t
tcp_acc_len(uint32_t n)
{
	return (2 + 3 * n + 3) / 4 * 4;
}

/* Bytes that tcp_build_options() will write: a multiple of 4. */
uint32_t tcp_options_len(const struct tcp_opts *o);

/* Writes them in Linux's order, padded with NOPs in front; returns the length.
 * p has room for TCP_OPTIONS_MAX; what does not fit was not to be asked. */
uint32_t tcp_build_options(uint8_t *p, const struct tcp_opts *o);

#endif
