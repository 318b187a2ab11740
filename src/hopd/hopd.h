/*
 * hopd.h - the process: what the command line says, and its two halves.
 */
#ifndef HOPD_HOPD_HOPD_H
#define HOPD_HOPD_HOPD_H

#include <stdbool.h>

#define HOPD_EXIT_FAILED	1
#define HOPD_EXIT_USAGE		2

/* argv[1] of the worker that the keeper starts; not for people. */
#define HOPD_WORKER_WORD	"--worker"

struct options {
	const char *conf;	/* NULL: start empty */
	const char *socket;
	const char *root;	/* tree of files to serve; NULL: none */
	const char *user;	/* NULL: "hopd", else "nobody" */
	bool check;		/* -t */
	bool detach;		/* -d */
	bool no_ring;		/* -n */
};

/* The parent; returns the exit status. */
int keeper_main(const struct options *opt);
/* The child, after exec, with the keeper at KEEPER_CHAN_FD. */
int worker_main(void);

#endif
