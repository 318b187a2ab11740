/*
 * worker.h - the worker's state, shared by worker.c (life) and worker_host.c
 * (what the control language asks of the process).
 */
#ifndef HOPD_HOPD_WORKER_H
#define HOPD_HOPD_WORKER_H

#include <stdbool.h>
#include <stdint.h>

#include "ctl/ctl.h"
#include "hopd/journal.h"
#include "hopd/keeper_msg.h"

struct control;
struct ctl;
struct loop;
struct loop_port;
struct stack;
struct tap_ring;

/* A device that the keeper has open. */
struct worker_port {
	struct worker_port *next;
	struct port_spec spec;
	uint32_t offload;	/* PORT_* */
	int fd;			/* from the last worker and not yet in the
				 * stack; else -1: the stack's port has it */
	struct loop_port *watch;	/* NULL while fd is not -1 */
};

struct worker {
	struct loop *loop;
	struct stack *stk;
	struct ctl *ctl;
	struct control *control;
	struct journal journal;
	struct worker_port *ports;
	struct tap_ring *ring;	/* NULL: frames go one by one */
	char conf[KEEPER_MSG_TEXT];	/* as it was typed; "": none */
	int listen_fd, flow_fd, journal_fd;	/* from the keeper */
	int root_fd;		/* likewise; -1: no files to serve */
	bool fresh;		/* the first worker: reads the file */
	bool restoring;		/* what is accepted stands in the journal */
	bool handing_on;	/* the keeper keeps devices for the next one */
};

/* struct ctl_host with arg = w. */
struct ctl_host worker_host(struct worker *w);

/* Takes over the devices of the last worker: they wait for `port add`.
 * 0 or -Exxx. */
int worker_ports_take(struct worker *w, struct err *err);
/* Gives back those that no `port add` asked for. */
void worker_ports_settle(struct worker *w);
/* No routes by devices that were taken away. */
void worker_ports_lose(struct worker *w);
void worker_ports_free(struct worker *w);

/* The configuration file's text, malloc'd, or NULL and err. */
char *worker_conf_read(struct worker *w, struct err *err);
/* The running configuration becomes the journal. */
void worker_journal_rewrite(struct worker *w);
/* For the next worker: a journal of commands alone. */
void worker_journal_loosen(const char *text, const char *commands);

#endif
