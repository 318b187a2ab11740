/*
 * fwd.h - forwarding modes: how a packet of a flow gets to its real server
 * and back.  One file each, fwd_MODE.c.
 *
 * lb_input() has found the flow, counted the packet and set its state; these
 * functions route, translate and send.  All consume the packet.  h is the IP
 * header, parsed; data stands at it and pkt->l4 is set.
 */
#ifndef HOPD_LB_FWD_H
#define HOPD_LB_FWD_H

#include <stdbool.h>

#include "base/pkt.h"
#include "ip/ip.h"
#include "lb/flow.h"
#include "tcp/tcp_wire.h"

struct lb_conf;
struct stack;

/* From the client to the server of f, in f's mode. */
void lb_fwd_in(struct stack *stk, struct pkt *pkt, const struct ip4_hdr *h,
    struct lb_flow *f);
/* From the server back to the client. */
void lb_fwd_reply(struct stack *stk, struct pkt *pkt, const struct ip4_hdr *h,
    struct lb_flow *f);

/* fwd_nat.c */
void lb_nat_in(struct stack *stk, struct pkt *pkt, const struct ip4_hdr *h,
    struct lb_flow *f);
void lb_nat_reply(struct stack *stk, struct pkt *pkt, const struct ip4_hdr *h,
    struct lb_flow *f);

/* fwd_dr.c */
void lb_dr_in(struct stack *stk, struct pkt *pkt, const struct ip4_hdr *h,
    struct lb_flow *f);

/* fwd_tun.c */
void lb_tun_in(struct stack *stk, struct pkt *pkt, const struct ip4_hdr *h,
    struct lb_flow *f);
/* An error about the tunnel's own packets, which quotes a packet of f inside
 * (pkt->l3 at that): the client gets one about its packet.  Consumes. */
void lb_tun_error(struct stack *stk, struct pkt *pkt, struct lb_flow *f,
    uint8_t type, uint8_t code, uint32_t info);

/* fwd_local.c */
void lb_local_in(struct stack *stk, struct pkt *pkt, const struct ip4_hdr *h);

/* fwd_fullnat.c */
void lb_fullnat_in(struct stack *stk, struct pkt *pkt,
    const struct ip4_hdr *h, struct lb_flow *f);
void lb_fullnat_reply(struct stack *stk, struct pkt *pkt,
    const struct ip4_hdr *h, struct lb_flow *f);

/* lb_reset.c: answers the TCP segment pkt with a RST; does not consume. */
void lb_reset_answer(struct stack *stk, const struct pkt *pkt,
    const struct ip4_hdr *h);
/* f, idle too long, goes right after this: a RST to both ends. */
void lb_reset_expired(struct stack *stk, struct lb_flow *f);

/* lb_icmp.c: an ICMP error that quotes a packet of f.  Consumes. */
void lb_icmp_input(struct stack *stk, struct pkt *pkt,
    const struct ip4_hdr *h, struct lb_flow *f, bool reply);
/* The flow that an ICMP error quotes, or NULL. */
struct lb_flow *lb_icmp_match(struct stack *stk, const struct pkt *pkt,
    const struct ip4_hdr *h, bool *reply);

/* lb_tcp_state.c: IPVS's tables.  INPUT: from the client; OUTPUT: from the
 * server; INPUT_ONLY: from the client, where replies take another way. */
enum lb_tcp_event { LB_EV_SYN, LB_EV_FIN, LB_EV_ACK, LB_EV_RST, LB_EV_NONE,
    LB_EV_COUNT };
enum lb_tcp_dir { LB_DIR_INPUT, LB_DIR_OUTPUT, LB_DIR_INPUT_ONLY,
    LB_DIR_COUNT };
#define LB_TCP_FLAGS (TCP_FIN | TCP_SYN | TCP_RST | TCP_ACK)
extern const uint8_t lb_tcp_event[LB_TCP_FLAGS + 1];
extern const uint8_t
    lb_tcp_table[LB_DIR_COUNT][LB_EV_COUNT][LB_TCP_STATE_COUNT];

static inline enum lb_tcp_state
lb_tcp_next(enum lb_tcp_state state, uint8_t tcp_flags, enum lb_tcp_dir dir)
{
	return (enum lb_tcp_state)
	    lb_tcp_table[dir][lb_tcp_event[tcp_flags & LB_TCP_FLAGS]][state];
}
/* Of an open connection, or one that opens: it counts in server->active. */
bool lb_tcp_is_active(enum lb_tcp_state state);
/* Before the handshake's end: it may go when the table is full. */
bool lb_tcp_is_half_open(enum lb_tcp_state state);
/* Did a FIN or a RST pass? */
bool lb_tcp_is_ending(enum lb_tcp_state state);
/* lb_sctp.c: the same of SCTP.  The first chunk's type of a packet that
 * lb_sctp_is_whole(). */
bool lb_sctp_is_whole(const struct pkt *pkt, const struct ip4_hdr *h);
bool lb_sctp_is_init(const struct pkt *pkt, const struct ip4_hdr *h);
enum lb_sctp_state lb_sctp_next(enum lb_sctp_state state,
    const struct pkt *pkt, const struct ip4_hdr *h, bool output,
    bool no_output);
bool lb_sctp_is_half_open(enum lb_sctp_state state);
uint32_t lb_sctp_timeout_s(enum lb_sctp_state state);
/* The ports have changed by diff: the checksum follows (RFC 9260 6.8), wrong if
 * it was wrong. */
void lb_sctp_csum_fix(struct pkt *pkt, const struct ip4_hdr *h, uint32_t diff);

/* Idle time-out of f, a flow of srv, in its state. */
uint32_t lb_flow_timeout_s(const struct lb_conf *conf,
    const struct lb_server *srv, const struct lb_flow *f);

#endif
