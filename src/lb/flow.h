/*
 * flow.h - the flow table: plain data in one memory, linked by index.
 */
#ifndef HOPD_LB_FLOW_H
#define HOPD_LB_FLOW_H

#include "base/addr.h"

struct stack;

struct lb_flows {
	uint32_t count;
};

#endif
