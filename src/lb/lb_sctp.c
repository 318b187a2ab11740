/*
 * lb_sctp.c - SCTP as a director sees it: the states of an association, how
 * long each may be idle, and the checksum under translation.
 *
 * As with TCP the tables and time-outs are IPVS's, not those of an endpoint
 * (RFC 9260 4).  INPUT: from the client; OUTPUT: from the server; INPUT-ONLY:
 * from the client, where replies take another way.  The first chunk of a packet
 * decides, but for an ABORT behind a COOKIE ECHO or COOKIE ACK.  Addresses
 * inside chunks (multi-homing) are not translated; verification tags are not
 * looked at.
 */
#include "base/crc32c.h"
#include "base/cursor.h"
#include "lb/fwd.h"
#include "stack/stack.h"

#define SCTP_HLEN	12u
#define SCTP_OFF_CSUM	8u
#define CHUNK_HLEN	4u

/* Types of chunks: RFC 9260 3.2. */
#define CHUNK_INIT		1
#define CHUNK_ABORT		6
#define CHUNK_COOKIE_ECHO	10
#define CHUNK_COOKIE_ACK	11

enum event { EV_DATA, EV_INIT, EV_INIT_ACK, EV_COOKIE_ECHO, EV_COOKIE_ACK,
    EV_SHUTDOWN, EV_SHUTDOWN_ACK, EV_SHUTDOWN_COMPLETE, EV_ERROR, EV_ABORT,
    EV_COUNT };

enum direction { DIR_INPUT, DIR_OUTPUT, DIR_INPUT_ONLY, DIR_COUNT };

#define NO LB_SCTP_NONE
#define I1 LB_SCTP_INIT1
#define IN LB_SCTP_INIT
#define CS LB_SCTP_COOKIE_SENT
#define CR LB_SCTP_COOKIE_REPLIED
#define CW LB_SCTP_COOKIE_WAIT
#define CO LB_SCTP_COOKIE
#define CE LB_SCTP_COOKIE_ECHOED
#define ES LB_SCTP_ESTABLISHED
#define SS LB_SCTP_SHUTDOWN_SENT
#define SR LB_SCTP_SHUTDOWN_RECEIVED
#define SA LB_SCTP_SHUTDOWN_ACK_SENT
#define RJ LB_SCTP_REJECTED
#define CL LB_SCTP_CLOSED

/* Nobody sees NONE but the INIT that makes the flow. */
static const uint8_t next[DIR_COUNT][EV_COUNT][LB_SCTP_STATE_COUNT] = {
    [DIR_INPUT] = {
	/*  NO  I1  IN  CS  CR  CW  CO  CE  ES  SS  SR  SA  RJ  CL */
	[EV_DATA] = {
	    NO, I1, IN, CS, CR, CW, CO, CE, ES, SS, SR, SA, RJ, CL },
	[EV_INIT] = {
	    I1, IN, IN, CS, CR, CW, CO, CE, ES, SS, SR, SA, IN, IN },
	[EV_INIT_ACK] = {
	    NO, CW, CW, CS, CR, CO, CO, CE, ES, SS, SR, SA, RJ, CL },
	[EV_COOKIE_ECHO] = {
	    NO, IN, IN, CR, CR, CW, CO, CE, ES, SS, SR, SA, RJ, CL },
	[EV_COOKIE_ACK] = {
	    NO, I1, IN, CS, CR, CW, CO, ES, ES, SS, SR, SA, RJ, CL },
	[EV_SHUTDOWN] = {
	    NO, I1, IN, CS, CR, CW, CO, CE, SR, SS, SR, SA, RJ, CL },
	[EV_SHUTDOWN_ACK] = {
	    NO, IN, IN, CS, CR, CW, CO, CE, ES, CL, SR, CL, RJ, CL },
	[EV_SHUTDOWN_COMPLETE] = {
	    NO, CL, CL, CS, CR, CW, CO, CE, ES, SS, SR, CL, RJ, CL },
	[EV_ERROR] = {
	    NO, I1, IN, CS, CR, CW, CO, CL, ES, SS, SR, SA, RJ, CL },
	[EV_ABORT] = {
	    NO, CL, CL, CL, CL, RJ, CL, CL, CL, CL, CL, CL, CL, CL },
    },
    [DIR_OUTPUT] = {
	/*  NO  I1  IN  CS  CR  CW  CO  CE  ES  SS  SR  SA  RJ  CL */
	[EV_DATA] = {
	    NO, I1, IN, CS, CR, CW, CO, CE, ES, SS, SR, SA, RJ, CL },
	[EV_INIT] = {
	    NO, CW, CW, CW, CW, CW, CW, CW, ES, CW, CW, CW, CW, CW },
	[EV_INIT_ACK] = {
	    NO, CS, CS, CS, CR, CW, CO, CE, ES, SS, SR, SA, RJ, CL },
	[EV_COOKIE_ECHO] = {
	    NO, CE, CE, CE, CE, CE, CE, CE, ES, SS, SR, SA, RJ, CL },
	[EV_COOKIE_ACK] = {
	    NO, ES, ES, ES, ES, ES, ES, ES, ES, SS, SR, SA, RJ, CL },
	[EV_SHUTDOWN] = {
	    NO, SS, SS, SS, SS, SS, SS, SS, SS, SS, SR, SA, RJ, CL },
	[EV_SHUTDOWN_ACK] = {
	    NO, SA, SA, SA, SA, CW, CO, CE, ES, SA, SA, SA, RJ, CL },
	[EV_SHUTDOWN_COMPLETE] = {
	    NO, I1, IN, CS, CR, CW, CO, CE, ES, SS, SR, SA, RJ, CL },
	[EV_ERROR] = {
	    NO, CL, CL, CL, CL, CW, CO, CE, ES, SS, SR, SA, RJ, CL },
	[EV_ABORT] = {
	    NO, RJ, CL, CL, CL, CL, CL, CL, CL, CL, CL, CL, CL, CL },
    },
    [DIR_INPUT_ONLY] = {
	/*  NO  I1  IN  CS  CR  CW  CO  CE  ES  SS  SR  SA  RJ  CL */
	[EV_DATA] = {
	    NO, I1, IN, CS, CR, CW, CO, CE, ES, SS, SR, SA, RJ, CL },
	[EV_INIT] = {
	    I1, IN, IN, CS, CR, CW, CO, CE, ES, SS, SR, SA, IN, IN },
	[EV_INIT_ACK] = {
	    NO, CE, CE, CS, CR, CO, CO, CE, ES, SS, SR, SA, RJ, CL },
	[EV_COOKIE_ECHO] = {
	    NO, ES, ES, CR, CR, CW, CO, CE, ES, SS, SR, SA, RJ, CL },
	[EV_COOKIE_ACK] = {
	    NO, I1, ES, CS, CR, CW, CO, ES, ES, SS, SR, SA, RJ, CL },
	[EV_SHUTDOWN] = {
	    NO, I1, IN, CS, CR, CW, CO, CE, SR, SS, SR, SA, RJ, CL },
	[EV_SHUTDOWN_ACK] = {
	    NO, IN, IN, CS, CR, CW, CO, CE, CL, CL, SR, CL, RJ, CL },
	[EV_SHUTDOWN_COMPLETE] = {
	    NO, CL, CL, CS, CR, CW, CO, CE, ES, SS, CL, CL, RJ, CL },
	[EV_ERROR] = {
	    NO, I1, IN, CS, CR, CW, CO, CE, ES, SS, SR, SA, RJ, CL },
	[EV_ABORT] = {
	    NO, CL, CL, CL, CL, RJ, CL, CL, CL, CL, CL, CL, CL, CL },
    },
};

/* Seconds; of ESTABLISHED the service may have its own. */
static const uint16_t timeout_s[LB_SCTP_STATE_COUNT] = {
	[NO] = 3, [I1] = 3, [IN] = 60, [CS] = 60, [CR] = 60, [CW] = 60,
	[CO] = 60, [CE] = 60, [ES] = 900, [SS] = 60, [SR] = 60, [SA] = 60,
	[RJ] = 3, [CL] = 60,
};

/* What the type of a chunk means; those that follow: data. */
static const uint8_t event[] = {
	[CHUNK_INIT] = EV_INIT, [2] = EV_INIT_ACK, [CHUNK_ABORT] = EV_ABORT,
	[7] = EV_SHUTDOWN, [8] = EV_SHUTDOWN_ACK, [9] = EV_ERROR,
	[CHUNK_COOKIE_ECHO] = EV_COOKIE_ECHO,
	[CHUNK_COOKIE_ACK] = EV_COOKIE_ACK, [14] = EV_SHUTDOWN_COMPLETE,
};

bool
lb_sctp_is_whole(const struct pkt *pkt, const struct ip4_hdr *h)
{
	return pkt->len - h->hlen >= SCTP_HLEN + CHUNK_HLEN;
}

/* The type of the chunk at off, counted from the first; 0: there is none. */
static uint8_t
chunk_type(const struct pkt *pkt, const struct ip4_hdr *h, uint32_t off)
{
	uint32_t at = h->hlen + SCTP_HLEN + off;

	return pkt->len >= at + CHUNK_HLEN ? pkt_data(pkt)[at] : 0;
}

bool
lb_sctp_is_init(const struct pkt *pkt, const struct ip4_hdr *h)
{
	return chunk_type(pkt, h, 0) == CHUNK_INIT;
}

static enum event
packet_event(const struct pkt *pkt, const struct ip4_hdr *h)
{
	uint8_t type = chunk_type(pkt, h, 0);
	uint32_t len;

	if (type == CHUNK_COOKIE_ECHO || type == CHUNK_COOKIE_ACK) {
		len = be16_get(pkt_data(pkt) + h->hlen + SCTP_HLEN + 2);
		/* RFC 9260 3.2: padded to a multiple of four */
		if (len >= CHUNK_HLEN && chunk_type(pkt, h, (len + 3) & ~3u) ==
		    CHUNK_ABORT)
			type = CHUNK_ABORT;
	}
	return type < sizeof(event) ? (enum event)event[type] : EV_DATA;
}

enum lb_sctp_state
lb_sctp_next(enum lb_sctp_state state, const struct pkt *pkt,
    const struct ip4_hdr *h, bool output, bool no_output)
{
	enum direction dir = output ? DIR_OUTPUT :
	    no_output ? DIR_INPUT_ONLY : DIR_INPUT;

	return (enum lb_sctp_state)next[dir][packet_event(pkt, h)][state];
}

bool
lb_sctp_is_half_open(enum lb_sctp_state state)
{
	return state < ES;
}

uint32_t
lb_sctp_timeout_s(enum lb_sctp_state state)
{
	return timeout_s[state];
}

void
lb_sctp_csum_fix(struct pkt *pkt, const struct ip4_hdr *h, uint32_t diff)
{
	uint8_t *at = pkt_data(pkt) + h->hlen + SCTP_OFF_CSUM;
	uint32_t delta;

	/* A packet too short to have one. */
	if (pkt->len < h->hlen + SCTP_HLEN)
		return;
	delta = crc32c_delta(diff, pkt_len(pkt) - h->hlen);
	/* The field stands lowest byte first. */
	be32_put(at, be32_get(at) ^ __builtin_bswap32(delta));
}
