/*
 * tcp_accecn.h - Accurate ECN (RFC 9768): both ends count what the network
 * marked and tell each other, with every segment, how much it is.
 *
 * A connection has a struct tcp_accecn while its SYN asks for accurate
 * feedback, and for good once both ends agreed on it; all others have a null
 * pointer, and RFC 3168 (CF_ECN) or nothing.
 */
#ifndef HOPD_TCP_TCP_ACCECN_H
#define HOPD_TCP_TCP_ACCECN_H

#include <stdbool.h>
#include <stdint.h>

struct stack;
struct tcp_conf;
struct tcp_conn;
struct tcp_opts;
struct tcp_seg;
struct tcp_status;

/* What bytes are counted of: enum ip_ecn less 1. */
enum { TCP_ACC_ECT1, TCP_ACC_ECT0, TCP_ACC_CE };
#define TCP_ACC_CEP	5u	/* RFC 9768 3.2.1: where packets begin, */
#define TCP_ACC_BYTES	1u	/* and bytes that are not CE's */

struct tcp_accecn {
	/* RFC 9768 3.2: r: what came here, s: what the peer says of ours */
	uint32_t r_cep, s_cep;		/* packets with CE */
	uint32_t r_bytes[3], s_bytes[3];	/* payload bytes, by TCP_ACC_ */
	uint32_t opt_cep;	/* s_cep when the option last told of CE */
	uint16_t flags;			/* ACC_*: tcp_accecn.c */
	uint16_t ack_size;	/* eighths: segments an ACK acknowledges */
	uint8_t told;		/* r_cep in our last segment, 8 bits of it */
	uint8_t syn_ecn;	/* enum ip_ecn of the peer's last SYN */
	uint8_t changed;	/* bit per r_bytes[]: in no option yet */
	uint8_t repeats;	/* of data whose ACK had the option, in a row */
	uint8_t since;		/* segments acknowledged since then, or 255 */
};

/* What of it is for who looks. */
void tcp_accecn_show(const struct tcp_accecn *a, struct tcp_status *o);

/* ---- the handshake: RFC 9768 3.1 ---- */
/* An active open begins: its SYN asks, if conf says so and there is memory. */
void tcp_accecn_open(struct stack *stk, struct tcp_conn *c);
/* Does this SYN ask for it, and may it, by conf? */
bool tcp_accecn_asked(const struct tcp_conf *conf, const struct tcp_seg *s);
/* A SYN or SYN,ACK came: do both ends want it?  If not, c->acc is NULL. */
bool tcp_accecn_agree(struct stack *stk, struct tcp_conn *c,
    const struct tcp_seg *s);
/* The SYN came again, in SYN-RECEIVED; c->acc may be NULL.  False: it asks for
 * another kind of feedback than the first, and c is to be reset (3.1.5). */
bool tcp_accecn_syn_again(struct tcp_conn *c, const struct tcp_seg *s);
/* The ACK that ends SYN-RECEIVED; c->acc != NULL. */
void tcp_accecn_opened(struct tcp_conn *c, const struct tcp_seg *s);
/* Did our SYN or SYN,ACK come with CE, by what the peer says? */
bool tcp_accecn_syn_marked(const struct tcp_accecn *a);
void tcp_accecn_put(struct stack *stk, struct tcp_conn *c);
/* Flags of a SYN,ACK that answers such a SYN without a connection; 0: none. */
uint16_t tcp_accecn_cookie(const struct tcp_conf *conf,
    const struct tcp_seg *s);
/* May the ACK of a SYN cookie be from a peer that was answered so? */
bool tcp_accecn_cookie_back(const struct tcp_conf *conf,
    const struct tcp_seg *s);

/* ---- what comes in; c->acc != NULL ---- */
/* An acceptable segment: counts it. */
void tcp_accecn_received(struct stack *stk, struct tcp_conn *c,
    const struct tcp_seg *s);
/* Old data came once more, which our ACK was to prevent. */
void tcp_accecn_repeated(struct tcp_conn *c);
/* An ACK that tells of so many delivered segments, or at least by its
 * timestamp is newer than all before; how many marks it adds. */
uint32_t tcp_accecn_acked(struct tcp_conn *c, const struct tcp_seg *s,
    uint32_t segments, bool newer);

/* ---- what goes out; c->acc != NULL ---- */
/* Flags of the segment that goes out now; one with SYN; one without. */
uint16_t tcp_accecn_syn_flags(struct tcp_conn *c, bool ack);
uint16_t tcp_accecn_flags(struct tcp_conn *c);
/* A SYN,ACK came again: the ACK sent next feeds back how, off: no more. */
void tcp_accecn_again(struct tcp_conn *c, const struct tcp_seg *s, bool on);
/* May our segments be ECN-capable? */
bool tcp_accecn_ect(const struct tcp_conn *c);
/* Counters for the option beside `used` bytes of others and *blocks of SACK,
 * which may become fewer; 0: no option. */
uint8_t tcp_accecn_fields(const struct tcp_conn *c, uint32_t used,
    uint8_t *blocks);
/* The option, with so many of them. */
void tcp_accecn_option(struct tcp_conn *c, uint8_t fields,
    struct tcp_opts *o);
/* The option of a SYN,ACK, if it has room. */
void tcp_accecn_synack_option(struct tcp_conn *c, struct tcp_opts *o);

#endif
