/*
 * lb_bed.h - a director over memory ports for the tests of the load balancer.
 *
 *   client 192.168.1.10 -- cl [hopd] sv -- 10.0.0.11, 10.0.0.12, router .254
 *          VIP 192.168.1.100:80
 */
#ifndef HOPD_TESTS_LB_BED_H
#define HOPD_TESTS_LB_BED_H

#include "lb/sched.h"
#include "tcp/tcp_wire.h"
#include "unit/unit.h"

#define CLIENT	IP4(192, 168, 1, 10)
#define VIP	IP4(192, 168, 1, 100)
#define RS1	IP4(10, 0, 0, 11)
#define RS2	IP4(10, 0, 0, 12)
#define LOCAL1	IP4(10, 0, 0, 1)

struct lb_bed {
	struct stack *stk;
	struct port *cl, *sv;
	struct lb_service_key key;
	struct lb_service *svc;
};

/* A director with one service, rr, whose flags and persistence conf gives
 * (NULL: none), and no server. */
struct lb_bed lb_bed_up(uint8_t proto, uint32_t offload,
    const struct lb_service_conf *conf);
/* The same on a stack of the caller's, which it takes over. */
struct lb_bed lb_bed_on(struct stack *stk, uint8_t proto, uint32_t offload,
    const struct lb_service_conf *conf);
void lb_bed_down(struct lb_bed *b);
void lb_bed_server(struct lb_bed *b, struct ip4 ip, uint16_t port,
    enum lb_fwd fwd, int32_t weight);
struct lb_server *lb_bed_find(struct lb_bed *b, struct ip4 ip, uint16_t port);

/* Frames between the client and the service, between a server and the client;
 * the caller changes what it wants and feeds them. */
struct unit_frame lb_bed_in(uint8_t proto, uint16_t sport, uint8_t flags);
struct unit_frame lb_bed_out(uint8_t proto, struct ip4 rs, uint16_t sport,
    uint16_t dport, uint8_t flags);
/* The same, fed: TCP. */
void lb_bed_client(struct lb_bed *b, uint16_t sport, uint8_t flags);
void lb_bed_reply(struct lb_bed *b, struct ip4 rs, uint16_t sport,
    uint16_t dport, uint8_t flags);

/* The next frame that is not a question for a neighbour. */
struct unit_seen lb_bed_expect(struct port *port);
/* What came out of port next goes from here to there, TTL 63. */
void lb_bed_expect_to(struct port *port, struct ip4 src, uint16_t sport,
    struct ip4 dst, uint16_t dport);
/* The only flow, or NULL. */
struct lb_flow *lb_bed_flow(struct lb_bed *b);
/* Its state and seconds left. */
void lb_bed_expect_state(struct lb_bed *b, const char *name,
    uint32_t expires);

#endif
