/*
 * run.h - one run of a topology from its seed to its end or first failure.
 */
#ifndef HOPD_SIM_RUN_H
#define HOPD_SIM_RUN_H

#include <stdint.h>

#include "host.h"
#include "topo.h"

struct run_conf {
	const struct topo *topo;
	uint64_t seed;
	int64_t length_us;
	const char *pcap;	/* NULL: none */
	int64_t pcap_from_us;	/* recorded from then on */
};

struct run_result {
	char failure[WORLD_FAILURE_MAX];	/* "": none */
	uint64_t step, frames, polls, trace;
	int64_t now_us;
	struct app_stats apps;
};

void run_topology(const struct run_conf *conf, struct run_result *out);

#endif
