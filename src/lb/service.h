/*
 * service.h - services (virtual servers) and their real servers.
 *
 * Semantics are IPVS's: look-up order, weights, thresholds, overload.
 */
#ifndef HOPD_LB_SERVICE_H
#define HOPD_LB_SERVICE_H

#include "base/addr.h"
#include "base/err.h"

struct stack;

struct lb_services {
	uint32_t count;
};

#endif
