/*
 * sched_impl.h - between sched.c and the sched_*.c; for nobody else.
 */
#ifndef HOPD_LB_SCHED_IMPL_H
#define HOPD_LB_SCHED_IMPL_H

#include "lb/sched.h"
#include "lb/service.h"

extern const struct lb_sched lb_sched_dh;
extern const struct lb_sched lb_sched_fo;
extern const struct lb_sched lb_sched_lblc;
extern const struct lb_sched lb_sched_lblcr;
extern const struct lb_sched lb_sched_lc;
extern const struct lb_sched lb_sched_maglev;
extern const struct lb_sched lb_sched_mh;
extern const struct lb_sched lb_sched_nq;
extern const struct lb_sched lb_sched_ovf;
extern const struct lb_sched lb_sched_rr;
extern const struct lb_sched lb_sched_sed;
extern const struct lb_sched lb_sched_sh;
extern const struct lb_sched lb_sched_swrr;
extern const struct lb_sched lb_sched_twos;
extern const struct lb_sched lb_sched_wlc;
extern const struct lb_sched lb_sched_wrr;

/* IPVS's measure of load: an idle connection costs 1, a live one 256. */
static inline int64_t
lb_server_overhead(const struct lb_server *srv)
{
	return (int64_t)srv->active * 256 + srv->inactive;
}

static inline int64_t
lb_load_overhead(const struct lb_load *l)
{
	return (int64_t)l->active * 256 + l->inactive;
}

/* Is a's load for its weight lighter than b's?  Without dividing. */
static inline bool
lb_load_lighter(int64_t a_load, int32_t a_weight, int64_t b_load,
    int32_t b_weight)
{
	return b_load * a_weight > a_load * b_weight;
}

/* The number that IPVS hashes an address to: IPv4 as it is, IPv6 folded. */
static inline uint32_t
lb_addr_fold(const struct addr *a)
{
	uint32_t w[4] = { 0 };

	for (unsigned i = 0; i < 16; i++)
		w[i / 4] = w[i / 4] << 8 | a->b[i];
	return addr_is_ip4(a) ? w[3] : w[0] ^ w[1] ^ w[2] ^ w[3];
}

/* Linux's hash_32(v, 8), which sh and dh use: part of their definition. */
static inline uint32_t
lb_hash_256(uint32_t v)
{
	return v * UINT32_C(0x61c88647) >> 24;
}

/* wlc's pick, which the locality schedulers use too. */
struct lb_server *lb_wlc_pick(const struct lb_service *svc);
/* lblc, lblcr: is srv busy while another has hardly anything to do? */
bool lb_server_is_busy(const struct lb_service *svc,
    const struct lb_server *srv);
/* Greatest common divisor; gcd(0, b) is b. */
uint32_t lb_gcd(uint32_t a, uint32_t b);

#endif
