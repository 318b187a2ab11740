/*
 * sched_impl.h - between sched.c and the sched_*.c; for nobody else.
 */
#ifndef HOPD_LB_SCHED_IMPL_H
#define HOPD_LB_SCHED_IMPL_H

#include "lb/sched.h"
#include "lb/service.h"

extern const struct lb_sched lb_sched_rr;
extern const struct lb_sched lb_sched_wlc;

/* IPVS's measure of load: an idle connection costs 1, a live one 256. */
static inline uint64_t
lb_server_overhead(const struct lb_server *srv)
{
	return (uint64_t)srv->active * 256 + srv->active + srv->inactive;
}

#endif
