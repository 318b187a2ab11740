/*
 * keeper.h - the keeper's state, shared by keeper.c (life) and keeper_ask.c
 * (answers to the worker).
 */
#ifndef HOPD_HOPD_KEEPER_H
#define HOPD_HOPD_KEEPER_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/instant.h"
#include "ctl/ctl.h"
#include "hopd/hopd.h"
#include "hopd/listen.h"

#define KEEPER_PORTS_MAX	256	/* as limits.h: ports */
#define KEEPER_STEADY_US	(2 * USEC_PER_SEC)	/* a life worth it */
#define KEEPER_DELAY_MIN_US	(100 * USEC_PER_MSEC)
#define KEEPER_DELAY_MAX_US	(5 * USEC_PER_SEC)
#define KEEPER_STOP_US		(3 * USEC_PER_SEC)	/* then SIGKILL */

/* A device that is open, and goes on being so while workers come and go. */
struct keeper_port {
	struct keeper_port *next;
	struct port_spec spec;	/* complete: MAC and MTU as they are */
	uint32_t offload;	/* PORT_* that the kernel took */
	int fd;
};

struct keeper {
	const struct options *opt;
	char exe[PATH_MAX];	/* what to exec: a new file after an upgrade */
	char conf[PATH_MAX];	/* absolute; "": none */
	char socket[PATH_MAX];	/* absolute */
	uint32_t uid, gid;	/* of the worker, or KEEPER_ID_NONE */
	struct listen_at at;

	int listen_fd;		/* control socket */
	int signal_fd;
	int flow_fd;		/* memory of the flow table */
	int root_fd;		/* -r: O_PATH; else -1 */
	int journal_fd;		/* the running configuration; see journal.h */
	int null_fd;		/* -d: what stdin and stdout become */
	int detached_fd;	/* -d: what stderr becomes */
	int waiter_fd;		/* -d: who started us waits here; else -1 */
	struct keeper_port *ports;	/* in the order of opening */
	uint32_t port_count;

	pid_t worker;		/* 0: none at the moment */
	int chan;		/* to it, or -1 */
	struct instant started;
	struct instant due;	/* when to start it again, or to kill it */
	unsigned failures;	/* short lives in a row */
	bool fresh;		/* no worker was ever ready */
	bool reload;		/* HUP came while there was no worker */
	bool stopping;
	int status;		/* to exit with */
};

/* Answers one message of the worker; kills a worker that makes no sense. */
void keeper_answer(struct keeper *k);
/* The worker has its configuration. */
void keeper_ready(struct keeper *k);
void keeper_ports_close(struct keeper *k);

#endif
