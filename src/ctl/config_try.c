/*
 * config_try.c - a file carried out on a stack that nobody sees, so that what
 * only the rooms themselves know to refuse (a group address for a server, a
 * neighbour on no network) is told before it is meant.
 *
 * Ports are memory.  Left out is what depends on the process: the files behind
 * http add root (hopd -r), and the room that the flow table has (lb set).
 */
#include "ctl/config.h"

#include <errno.h>

#include "port/mem_port.h"
#include "stack/stack.h"

static int
port_open(void *arg, const struct port_spec *spec, struct err *err)
{
	struct stack *stk = arg;
	struct mac mac = { { 2, 0, 0, 0, 0, 1 } };
	struct port *port;

	if (spec->has_mac)
		mac = spec->mac;
	port = mem_port_new(&stk->mem, spec->name, spec->l2, spec->l2 ? mac :
	    MAC_ZERO, spec->mtu != 0 ? spec->mtu : 1500, 0);
	if (port == NULL)
		return err_set(err, -ENOMEM, "out of memory");
	if (port_add(stk, port) != 0) {
		port->ops->close(port, &stk->mem);
		return err_set(err, -ENOMEM, "out of memory");
	}
	return 0;
}

int
conf_try(const char *name, struct conf *target, struct lines *errors)
{
	const struct env env = { .limits = LIMITS_DEFAULT };
	struct stack *stk = stack_new(&env, instant_from_us(0));
	const struct ctl_host host = { .arg = stk, .port_open = port_open };
	struct ctl *ctl = stk == NULL ? NULL : ctl_new(stk, &host);
	struct conf running;
	int r = -ENOMEM;

	conf_init(&running, target->mem);
	if (ctl != NULL)
		r = conf_running(&running, ctl);
	if (ctl != NULL && r == 0)
		r = conf_diff(&running, target);
	if (ctl != NULL && r == 0)
		r = conf_rehearse(ctl, name, &running, target, errors);
	conf_free(&running);
	if (ctl != NULL)
		ctl_free(ctl);
	if (stk != NULL)
		stack_free(stk);
	return r;
}
