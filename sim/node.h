/*
 * node.h - one stack in a world, with its control language and its scripts.
 *
 * A node is configured by the text of a configuration file and by commands,
 * as hopd is.  Taken down and up again it is a worker that died: a new stack,
 * the configuration as it was, the flow table of before.
 */
#ifndef HOPD_SIM_NODE_H
#define HOPD_SIM_NODE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/instant.h"
#include "checks.h"
#include "event.h"
#include "port/port.h"

struct app;
struct ctl;
struct ctl_session;
struct stack;
struct tcp_judge;
struct wire_end;
struct world;

struct node {
	struct world *world;
	char name[16];
	uint32_t index;
	struct wire_end *ends;
	struct stack *stk;	/* NULL: down */
	struct ctl *ctl;
	struct ctl_session *session;
	char *config;		/* of a node that is down */
	uint32_t flows;		/* a director's table; set before start */
	void *flow_mem;		/* outlives the stack */
	size_t flow_len;
	uint64_t lives;		/* how often it came up */
	struct event wake;
	struct app *apps;	/* sim/host.h */
	struct check_node check;
	struct tcp_judge *tcp_judge;	/* NULL: saw nothing yet */
	int last_status;	/* of the last command */
	char last_error[256];
};

/* A node that is down, and has no ends yet. */
struct node *node_new(struct world *w, const char *name);
void node_free(struct node *n);

/* First start: with that configuration, its ports being its ends.  A
 * configuration that is refused is a failure of the world. */
void node_start(struct node *n, const char *config);
/* Down, at once; and up again as it was. */
void node_stop(struct node *n);
void node_restart(struct node *n);

/* One command.  True: accepted; else last_error says why not. */
bool node_command(struct node *n, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
/* A command that must be accepted. */
void node_must(struct node *n, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
/* A whole configuration as target state; must be accepted. */
void node_apply(struct node *n, const char *config);

/* A turn of the stack at `at`, or earlier if one is set. */
void node_wake(struct node *n, struct instant at);
/* The stack learns the time before somebody calls it from outside a turn, and
 * has a turn afterwards. */
struct stack *node_enter(struct node *n);
void node_leave(struct node *n);

#endif
