/*
 * ip_net.h - the network of the IP tests:
 *
 *   HOST_A 10.0.1.10 -- a [hopd] b -- 10.0.2.20 HOST_B
 *               10.0.1.1        10.0.2.1
 *
 * Both hosts are permanent neighbours with the MACs 02:..:0a and 02:..:14.
 */
#ifndef HOPD_TESTS_IP_NET_H
#define HOPD_TESTS_IP_NET_H

#include "unit/unit.h"

#define HOST_A	IP4(10, 0, 1, 10)
#define HOST_B	IP4(10, 0, 2, 20)
#define OUR_A	IP4(10, 0, 1, 1)
#define OUR_B	IP4(10, 0, 2, 1)

struct ip_net {
	struct stack *stk;
	struct port *a, *b;
};

struct ip_net ip_net_up(void);
/* Also checks that every packet that came is accounted for. */
void ip_net_down(struct ip_net *n);

/* A UDP frame from HOST_A to HOST_B, 100 bytes of payload. */
struct unit_frame ip_net_frame(void);

uint64_t ip_net_drops(const struct ip_net *n, enum drop why);
/* One packet from HOST_A, changed as f says, must die of exactly this. */
void ip_net_dies(struct ip_net *n, const struct unit_frame *f, enum drop why);
/* It must go on to HOST_B. */
void ip_net_passes(struct ip_net *n, const struct unit_frame *f);
/* The next frame on port is this ICMP error. */
void ip_net_icmp(struct port *port, uint8_t type, uint8_t code, uint32_t rest);

/* A static route: "10.9.0.0/16" by via ("" or NULL: none) and dev. */
int ip_net_route(struct ip_net *n, enum route_type type, const char *dst,
    const char *via, struct port *dev, uint32_t metric);
/* The address of text. */
struct ip4 ip_net_ip(const char *text);
struct ip4_prefix ip_net_prefix(const char *text);

#endif
