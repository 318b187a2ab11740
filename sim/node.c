/*
 * node.c - a stack's life in a world.
 */
#include "node.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/ctl.h"
#include "host.h"
#include "lb/flow.h"
#include "stack/stack.h"
#include "tcp_judge.h"
#include "util.h"
#include "world.h"

#define FLOWS_OWN	64u	/* of who is no director */
#define COMMAND_MAX	1024
#define WORDS_MAX	64

/* ---- what the control language asks of the process around it ----------- */

static int
port_open(void *arg, const struct port_spec *spec, struct err *err)
{
	struct node *n = arg;
	struct wire_end *end = n->ends;
	int r;

	while (end != NULL && strcmp(end->name, spec->name) != 0)
		end = end->node_next;
	if (end == NULL || end->port != NULL)
		return err_set(err, -ENODEV, "\"%s\": no such device",
		    spec->name);
	r = wire_plug(end, n->stk, world_end_mac(end), spec->mtu);
	if (r != 0)
		return err_set(err, r, "\"%s\": %s", spec->name,
		    strerror(-r));
	return 0;
}

static void
reply(void *arg, const char *line, size_t len)
{
	struct node *n = arg;
	const char *at = strstr(line, "\"status\":");
	const char *why = strstr(line, "\"error\":\"");

	(void)len;
	if (at == NULL)
		return;
	n->last_status = atoi(at + strlen("\"status\":"));
	n->last_error[0] = '\0';
	if (why != NULL)
		snprintf(n->last_error, sizeof(n->last_error), "%s",
		    why + strlen("\"error\":\""));
}

/* ---- life --------------------------------------------------------------- */

static void
wake(struct world *w, struct event *e)
{
	struct node *n = (struct node *)((char *)e -
	    offsetof(struct node, wake));

	if (n->stk == NULL)
		return;
	w->polls++;
	stack_poll(n->stk, w->now);
	check_node(n);
	node_wake(n, stack_next_deadline(n->stk));
}

struct node *
node_new(struct world *w, const char *name)
{
	struct node *n = sim_alloc(sizeof(*n));

	n->world = w;
	snprintf(n->name, sizeof(n->name), "%s", name);
	event_init(&n->wake, wake);
	world_add_node(w, n);
	return n;
}

/* A new stack; its random numbers are other ones in each life. */
static void
bring_up(struct node *n)
{
	struct ctl_host host = { .arg = n, .port_open = port_open };
	struct env env = { .limits = LIMITS_DEFAULT };
	struct rng rng;

	if (n->lives > 0)
		n->world->reborn = n->world->now;
	sim_rng(&rng, n->world->seed ^ n->lives++ << 32, "node", n->index);
	rng_bytes(&rng, env.seed, sizeof(env.seed));
	env.limits.lb_flows = n->flows != 0 ? n->flows : FLOWS_OWN;
	if (n->flows != 0 && n->flow_mem == NULL) {
		n->flow_len = lb_flows_bytes(n->flows + 1);
		n->flow_mem = sim_alloc(n->flow_len);
	}
	env.flow_mem = n->flow_mem;
	env.flow_mem_len = n->flow_len;
	n->stk = stack_new(&env, n->world->now);
	if (n->stk == NULL)
		abort();
	check_node_start(n);
	n->ctl = ctl_new(n->stk, &host);
	n->session = ctl_open(n->ctl, reply, n);
}

static void
take_down(struct node *n)
{
	for (struct app *a = n->apps; a != NULL; a = a->next)
		a->ops->stop(a);
	ctl_close(n->session);
	ctl_free(n->ctl);
	stack_free(n->stk);
	n->ctl = NULL;
	n->session = NULL;
	n->stk = NULL;
	event_cancel(&n->world->events, &n->wake);
}

void
node_free(struct node *n)
{
	struct app *a;

	if (n->stk != NULL)
		take_down(n);
	while ((a = n->apps) != NULL) {
		n->apps = a->next;
		free(a);
	}
	tcp_judge_forget(n);
	free(n->config);
	free(n->flow_mem);
	free(n);
}

void
node_apply(struct node *n, const char *config)
{
	char *errors = NULL;

	node_enter(n);
	if (ctl_config_apply(n->ctl, n->name, config, &errors) != 0)
		world_fail(n->world, "configuration refused: %s", errors);
	free(errors);
	node_leave(n);
}

void
node_start(struct node *n, const char *config)
{
	bring_up(n);
	node_apply(n, config);
}

void
node_stop(struct node *n)
{
	if (n->stk == NULL)
		return;
	n->config = ctl_config_show(n->ctl);
	take_down(n);
}

void
node_restart(struct node *n)
{
	if (n->stk != NULL)
		return;
	bring_up(n);
	node_apply(n, n->config);
	free(n->config);
	n->config = NULL;
	for (struct app *a = n->apps; a != NULL; a = a->next)
		a->ops->start(a);
}

/* ---- commands ------------------------------------------------------------ */

/* The request line for words that need no escapes. */
static void
request(struct node *n, char *words)
{
	char line[COMMAND_MAX * 2];
	int len = snprintf(line, sizeof(line), "{\"id\":1,\"command\":[");
	char *save = NULL;
	const char *comma = "";

	for (char *word = strtok_r(words, " ", &save); word != NULL;
	    word = strtok_r(NULL, " ", &save)) {
		len += snprintf(line + len, sizeof(line) - (size_t)len,
		    "%s\"%s\"", comma, word);
		comma = ",";
	}
	len += snprintf(line + len, sizeof(line) - (size_t)len, "]}");
	n->last_status = -1;
	ctl_input(n->session, line, (size_t)len);
}

static bool
command(struct node *n, const char *fmt, va_list ap)
{
	char words[COMMAND_MAX];

	if (n->stk == NULL)
		return false;
	vsnprintf(words, sizeof(words), fmt, ap);
	node_enter(n);
	request(n, words);
	node_leave(n);
	return n->last_status == 0;
}

bool
node_command(struct node *n, const char *fmt, ...)
{
	va_list ap;
	bool done;

	va_start(ap, fmt);
	done = command(n, fmt, ap);
	va_end(ap);
	return done;
}

void
node_must(struct node *n, const char *fmt, ...)
{
	va_list ap;
	bool done;

	va_start(ap, fmt);
	done = command(n, fmt, ap);
	va_end(ap);
	if (!done)
		world_fail(n->world, "%s: \"%s\" was refused: %s", n->name,
		    fmt, n->last_error);
}

/* ---- turns --------------------------------------------------------------- */

void
node_wake(struct node *n, struct instant at)
{
	if (instant_before(at, n->world->now))
		at = n->world->now;
	if (event_is_set(&n->wake) && !instant_before(at, n->wake.at))
		return;
	event_set(&n->world->events, &n->wake, at);
}

struct stack *
node_enter(struct node *n)
{
	if (instant_before(n->stk->now, n->world->now)) {
		n->world->polls++;
		stack_poll(n->stk, n->world->now);
	}
	return n->stk;
}

void
node_leave(struct node *n)
{
	node_wake(n, n->world->now);
}
