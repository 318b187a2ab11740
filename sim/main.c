/*
 * main.c - hopsim's command line.
 *
 * A run that fails is run again, from the same seed, with its last second
 * recorded: in virtual time the second run is the first.
 */
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include "run.h"

#define EXIT_FAILED	1
#define EXIT_USAGE	2
#define SWARM_US	(90 * USEC_PER_SEC)	/* virtual, for each seed */
#define HANG_S		120	/* of work on one of the swarm's networks */

struct options {
	uint64_t seed;
	bool has_seed;
	int64_t length_us;
	double minutes;
	const char *pcap;
};

/* What a crash shall still tell: written before a run, read by on_abort(). */
static char crash_text[128];

static void
on_abort(int sig)
{
	ssize_t ignored = write(STDERR_FILENO, crash_text, strlen(crash_text));

	(void)ignored;
	signal(sig, SIG_DFL);
	raise(sig);
}

static int
usage(void)
{
	fputs("usage: hopsim list\n"
	    "       hopsim run TOPOLOGY [--seed N] [--hours H | --seconds S] "
	    "[--pcap FILE]\n"
	    "       hopsim swarm [--minutes M] [--seed N] [--pcap FILE]\n",
	    stderr);
	return EXIT_USAGE;
}

static double
wall_seconds(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static uint64_t
random_seed(void)
{
	uint32_t seed;

	if (getentropy(&seed, sizeof(seed)) != 0)
		seed = (uint32_t)time(NULL);
	return seed;
}

/* A positive number that is all of s, or -1. */
static double
number(const char *s)
{
	char *end;
	double v;

	errno = 0;
	v = strtod(s, &end);
	return errno != 0 || end == s || *end != '\0' || !(v >= 0) ? -1 : v;
}

static bool
options_parse(int argc, char **argv, struct options *o)
{
	static const struct option longs[] = {
		{ "hours", required_argument, NULL, 'H' },
		{ "minutes", required_argument, NULL, 'm' },
		{ "pcap", required_argument, NULL, 'p' },
		{ "seconds", required_argument, NULL, 's' },
		{ "seed", required_argument, NULL, 'n' },
		{ NULL, 0, NULL, 0 },
	};
	int c;

	while ((c = getopt_long(argc, argv, "", longs, NULL)) != -1) {
		double v = optarg != NULL && c != 'p' ? number(optarg) : 0;

		if (v < 0)
			return false;
		switch (c) {
		case 'H':
			o->length_us = (int64_t)(v * 3600e6);
			break;
		case 'm':
			o->minutes = v;
			break;
		case 'n':
			o->seed = strtoull(optarg, NULL, 10);
			o->has_seed = true;
			break;
		case 'p':
			o->pcap = optarg;
			break;
		case 's':
			o->length_us = (int64_t)(v * 1e6);
			break;
		default:
			return false;
		}
	}
	return optind == argc;
}

/* Runs it, recorded or not; on failure tells all there is to know and records
 * it. */
static bool
run_and_tell(struct run_conf *conf, struct run_result *r, const char *pcap,
    bool record)
{
	char name[64];

	snprintf(crash_text, sizeof(crash_text),
	    "hopsim: crashed or hung; replay: hopsim run %s "
	    "--seed %" PRIu64 " --seconds %" PRId64 "\n",
	    conf->topo->name, conf->seed, conf->length_us / USEC_PER_SEC);
	conf->pcap = record ? pcap : NULL;
	conf->pcap_from_us = conf->length_us - USEC_PER_SEC;
	run_topology(conf, r);
	if (r->failure[0] == '\0')
		return true;
	printf("FAILED %s seed %" PRIu64 " step %" PRIu64 " at %" PRId64
	    ".%06" PRId64 " s: %s\n", conf->topo->name, conf->seed, r->step,
	    r->now_us / USEC_PER_SEC, r->now_us % USEC_PER_SEC, r->failure);
	if (pcap == NULL) {
		snprintf(name, sizeof(name), "hopsim-%s-%" PRIu64 ".pcap",
		    conf->topo->name, conf->seed);
		pcap = name;
	}
	conf->pcap = pcap;
	conf->pcap_from_us = r->now_us - USEC_PER_SEC;
	fflush(stdout);
	run_topology(conf, r);
	printf("its last second is in %s; replay: hopsim run %s --seed %"
	    PRIu64 " --seconds %" PRId64 "\n", pcap, conf->topo->name,
	    conf->seed, conf->length_us / USEC_PER_SEC);
	return false;
}

static int
list(void)
{
	const struct topo *t;

	for (unsigned i = 0; (t = topo_at(i)) != NULL; i++)
		printf("%-16s%s\n", t->name, t->what);
	return EXIT_SUCCESS;
}

static int
run(const char *name, const struct options *o)
{
	struct run_conf conf = { .topo = topo_find(name), .seed = o->seed,
	    .length_us = o->length_us };
	struct run_result r;
	double began = wall_seconds(), took;
	bool good;

	if (conf.topo == NULL) {
		fprintf(stderr, "hopsim: \"%s\": no such topology; "
		    "hopsim list shows them\n", name);
		return EXIT_USAGE;
	}
	good = run_and_tell(&conf, &r, o->pcap, true);
	took = wall_seconds() - began;
	printf("%s seed %" PRIu64 ": %" PRId64 " s in %.2f s (%.0f virtual "
	    "seconds a second), %" PRIu64 " steps, %" PRIu64 " turns, %"
	    PRIu64 " frames, trace %016" PRIx64 "\n", name, conf.seed,
	    r.now_us / USEC_PER_SEC, took,
	    (double)r.now_us / 1e6 / (took > 0 ? took : 1e-9), r.step,
	    r.polls, r.frames, r.trace);
	printf("asked %" PRIu64 ", answered %" PRIu64 ", lost %" PRIu64
	    ", doubles %" PRIu64 ", errors %" PRIu64 ", %" PRIu64 " bytes\n",
	    r.apps.sent, r.apps.answered, r.apps.lost, r.apps.duplicates,
	    r.apps.errors, r.apps.bytes);
	return good ? EXIT_SUCCESS : EXIT_FAILED;
}

static int
swarm(const struct options *o)
{
	double end = wall_seconds() + o->minutes * 60;
	uint64_t runs = 0, frames = 0, seconds = 0;
	struct run_conf conf = { .topo = topo_find("swarm"), .seed = o->seed,
	    .length_us = SWARM_US };
	struct itimerval hang = { .it_value.tv_sec = HANG_S };
	struct run_result r;

	printf("swarm from seed %" PRIu64 "\n", conf.seed);
	fflush(stdout);
	do {
		/* One turn that never ends is found by nothing inside. */
		setitimer(ITIMER_PROF, &hang, NULL);
		if (!run_and_tell(&conf, &r, o->pcap, false))
			return EXIT_FAILED;
		conf.seed++;
		runs++;
		frames += r.frames;
		seconds += (uint64_t)r.now_us / USEC_PER_SEC;
	} while (wall_seconds() < end);
	printf("%" PRIu64 " networks, %" PRIu64 " virtual seconds, %" PRIu64
	    " frames: nothing found\n", runs, seconds, frames);
	return EXIT_SUCCESS;
}

int
main(int argc, char **argv)
{
	struct options o = { .seed = 1, .length_us = 60 * USEC_PER_SEC,
	    .minutes = 1 };
	const char *verb = argc > 1 ? argv[1] : "";
	bool named = strcmp(verb, "run") == 0;
	int skip = named ? 2 : 1;

	if (argc <= skip || !options_parse(argc - skip, argv + skip, &o))
		return usage();
	signal(SIGABRT, on_abort);
	signal(SIGPROF, on_abort);
	signal(SIGSEGV, on_abort);
	if (strcmp(verb, "list") == 0)
		return list();
	if (named)
		return run(argv[2], &o);
	if (strcmp(verb, "swarm") == 0) {
		if (!o.has_seed)
			o.seed = random_seed();
		return swarm(&o);
	}
	return usage();
}
