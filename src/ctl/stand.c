/*
 * stand.c - what stands on an address of ours: before a single command gives
 * or takes one, does all the rest still make sense?
 *
 * A file may say neither a route whose next router is in no network of ours,
 * nor a local address of FULLNAT that is not ours, nor a server at an address
 * of ours that is not served here.  So that what runs can always be said in a
 * file, a command that would leave such a thing is refused.  Files are checked
 * as a whole (config_check.c): there one line may make good for another.
 */
#include "ctl/cmd_lb.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "stack/stack.h"

struct stand {
	struct stack *stk;
	const struct iface *ifp;
	struct ip4_prefix prefix;	/* of the address that comes or goes */
	bool comes;
	struct err *err;
};

/* Does an address of lo make all its network ours? */
static bool
makes_ours(const struct stand *s, struct ip4 ip)
{
	return ip4_eq(ip, s->prefix.ip) || (s->ifp->kind == IFACE_LO &&
	    ip4_in_prefix(ip, s->prefix));
}

/* Is via in this network of the interface, and in none else of it? */
static bool
only_near_by(const struct stand *s, struct ip4 via)
{
	if (!s->ifp->needs_neigh || !ip4_in_prefix(via, s->prefix))
		return false;
	for (const struct iface_addr *a = s->ifp->addrs; a != NULL;
	    a = a->next) {
		if (!ip4_eq(a->prefix.ip, s->prefix.ip) &&
		    ip4_in_prefix(via, a->prefix))
			return false;
	}
	return true;
}

/* Would the next router be one no longer? */
static bool
breaks_hop(const struct stand *s, const struct next_hop *hop)
{
	if (ip4_is_any(hop->via))
		return false;
	if (!s->comes)
		return hop->ifp == s->ifp && only_near_by(s, hop->via);
	return makes_ours(s, hop->via) || (hop->ifp == s->ifp &&
	    ip4_prefix_has_broadcast(s->prefix) &&
	    ip4_eq(hop->via, ip4_prefix_broadcast(s->prefix)));
}

static bool
breaks_route(const struct stand *s, const struct route *r)
{
	if (!s->comes && ip4_eq(r->src, s->prefix.ip))
		return true;
	for (unsigned i = 0; i < r->hops; i++) {
		if (breaks_hop(s, &r->hop[i]))
			return true;
	}
	return false;
}

static bool
breaks_server(const struct stand *s, const struct command *cmd)
{
	const struct addr *addr = &command_get(cmd, A_SERVER)->service.addr;

	return s->comes && addr_is_ip4(addr) &&
	    makes_ours(s, addr_to_ip4(addr)) &&
	    command_num(cmd, A_MODE, 0) != LB_FWD_LOCAL;
}

static bool
breaks(const struct stand *s, const struct command *cmd, const void *obj)
{
	switch (cmd->row->object) {
	case OBJ_ROUTE:
		return breaks_route(s, obj);
	case OBJ_LOCAL:
		return !s->comes && ip4_eq(command_get(cmd, A_IP)->ip,
		    s->prefix.ip);
	case OBJ_SERVER:
		return breaks_server(s, cmd);
	default:
		return false;
	}
}

/* A command_fn: -EBUSY at the first object that the change would break. */
static int
look(void *arg, const struct command *cmd, const void *obj)
{
	const struct stand *s = arg;
	char text[PREFIX_STRLEN], key[COMMAND_TEXT_MAX];

	if (!breaks(s, cmd, obj))
		return 0;
	command_format(cmd, FORMAT_KEY, key, sizeof(key));
	return err_set(s->err, -EBUSY, "\"%s\": \"%s %.120s\" %s: "
	    "change or delete that first",
	    ip4_prefix_format(s->prefix, text),
	    object_name(cmd->row->object), key,
	    s->comes ? "has that for another's address" : "stands on it");
}

/* An interface goes with its addresses and the routes by it; but services stay,
 * and with them their local addresses. */
static int
iface_may_go(struct ctl *ctl, const struct command *cmd, struct err *err)
{
	struct iface *ifp = iface_lookup(ctl->stk, command_str(cmd, A_NAME));
	struct stand s = { ctl->stk, ifp, { IP4_ANY, 0 }, false, err };
	int r = 0;

	if (ifp == NULL)
		return 0;
	for (const struct iface_addr *a = ifp->addrs; a != NULL && r == 0;
	    a = a->next) {
		s.prefix = a->prefix;
		r = service_walk(ctl, look, &s);
	}
	return r;
}

int
ctl_stands(struct ctl *ctl, const struct command *cmd, struct err *err)
{
	struct stand s = { .stk = ctl->stk, .err = err,
	    .comes = cmd->row->verb == VERB_ADD };
	const struct iface_addr *a;
	int r;

	if ((cmd->row->object == OBJ_PORT || cmd->row->object == OBJ_TUNNEL) &&
	    cmd->row->verb == VERB_DEL)
		return iface_may_go(ctl, cmd, err);
	if (cmd->row->object != OBJ_ADDR)
		return 0;
	s.ifp = iface_lookup(ctl->stk, command_str(cmd, A_DEV));
	s.prefix = command_get(cmd, A_PREFIX)->prefix;
	/* Whether there is such an address, others say. */
	a = iface_addr_local(ctl->stk, s.prefix.ip);
	if (s.ifp == NULL || (!s.comes && (a == NULL || a->ifp != s.ifp ||
	    a->prefix.len != s.prefix.len)))
		return 0;
	r = route_walk_static(ctl, look, &s);
	return r != 0 ? r : service_walk(ctl, look, &s);
}
