/*
 * run.c - a world's whole life.
 */
#include "run.h"

#include <stdio.h>

#include "record.h"

void
run_topology(const struct run_conf *conf, struct run_result *out)
{
	struct world *w = world_new(conf->seed);
	struct recorder *rec = NULL;

	*out = (struct run_result){ .failure = "" };
	conf->topo->build(w);
	if (conf->pcap != NULL) {
		if (conf->pcap_from_us > 0)
			world_run(w, instant_from_us(conf->pcap_from_us));
		rec = record_start(w, conf->pcap);
		if (rec == NULL)
			world_fail(w, "%s: cannot be written", conf->pcap);
	}
	if (world_run(w, instant_from_us(conf->length_us)))
		check_world(w);
	snprintf(out->failure, sizeof(out->failure), "%s", w->failure);
	out->step = w->step;
	out->frames = w->frames;
	out->polls = w->polls;
	out->trace = w->trace;
	out->now_us = w->now.us;
	world_app_stats(w, &out->apps);
	/* Where something is wrong, taking it down would assert the same. */
	if (!world_failed(w))
		world_free(w);
	record_free(rec);
}
