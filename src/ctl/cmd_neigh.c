/*
 * cmd_neigh.c - neigh add|set|del|show|flush|announce.
 */
#include "ctl/cmd.h"

#include <errno.h>
#include <string.h>

int
neigh_change(struct ctl *ctl, const struct command *cmd, struct err *err)
{
	struct iface *ifp = ctl_iface(ctl, command_str(cmd, A_DEV), err);
	struct ip4 ip = command_get(cmd, A_IP)->ip;
	const struct neigh *old;
	struct mac was;
	int r;

	if (ifp == NULL)
		return -ENOENT;
	if (cmd->row->verb == VERB_DEL)
		return neigh_del(ctl->stk, ifp, ip, err);
	old = neigh_lookup(ctl->stk, ifp, ip);
	if (cmd->row->verb == VERB_ADD || old == NULL ||
	    old->state != NEIGH_PERMANENT)
		return neigh_add(ctl->stk, ifp, ip,
		    command_get(cmd, A_MAC)->mac, err);
	was = old->mac;
	r = neigh_del(ctl->stk, ifp, ip, err);
	if (r == 0)
		r = neigh_add(ctl->stk, ifp, ip, command_get(cmd, A_MAC)->mac,
		    err);
	if (r != 0)
		neigh_add(ctl->stk, ifp, ip, was, NULL);
	return r;
}

int
neigh_walk(struct ctl *ctl, command_fn *fn, void *arg)
{
	struct command cmd;
	int r = 0;

	for (struct neigh *n = neigh_next(ctl->stk, NULL);
	    n != NULL && r == 0; n = neigh_next(ctl->stk, n)) {
		if (n->state != NEIGH_PERMANENT)
			continue;
		command_init(&cmd, grammar_row(OBJ_NEIGH, VERB_ADD));
		command_set(&cmd, A_IP)->ip = n->ip;
		command_set(&cmd, A_MAC)->mac = n->mac;
		command_set(&cmd, A_DEV)->str = n->ifp->name;
		r = fn(arg, &cmd, n);
	}
	return r;
}

static void
show(struct request *rq, struct iface *only)
{
	struct stack *stk = rq->ctl->stk;
	char ip[IP4_STRLEN], mac[MAC_STRLEN];

	for (struct neigh *n = neigh_next(stk, NULL); n != NULL;
	    n = neigh_next(stk, n)) {
		json_t *obj;

		if (only != NULL && n->ifp != only)
			continue;
		obj = json_pack("{s:s,s:s,s:s}", "ip", ip4_format(n->ip, ip),
		    "dev", n->ifp->name, "state", neigh_state_name(n->state));
		if (!mac_eq(n->mac, MAC_ZERO))
			json_object_set_new(obj, "mac",
			    json_string(mac_format(n->mac, mac)));
		if (n->state != NEIGH_PERMANENT)
			json_object_set_new(obj, "used_s", json_integer(
			    instant_diff(stk->now, n->used) / USEC_PER_SEC));
		json_object_set_new(obj, "held", json_integer(n->held.count));
		reply_data(rq, obj);
	}
}

static int
announce(struct request *rq, struct iface *ifp)
{
	struct ip4 ip = command_get(rq->cmd, A_IP)->ip;
	const struct iface_addr *own = iface_addr_local(rq->ctl->stk, ip);
	char text[IP4_STRLEN];

	if (own == NULL)
		return err_set(&rq->err, -ENOENT,
		    "\"%s\": not an address of ours", ip4_format(ip, text));
	if (!ifp->needs_neigh)
		return err_set(&rq->err, -EINVAL, "\"%s\": has no ARP",
		    ifp->name);
	arp_announce(rq->ctl->stk, ifp, ip);
	return 0;
}

int
neigh_query(struct request *rq)
{
	const char *dev = command_str(rq->cmd, A_DEV);
	struct iface *ifp = NULL;

	if (dev != NULL) {
		ifp = ctl_iface(rq->ctl, dev, &rq->err);
		if (ifp == NULL)
			return -ENOENT;
	}
	switch (rq->cmd->row->verb) {
	case VERB_FLUSH:
		neigh_flush(rq->ctl->stk, ifp);
		return 0;
	case VERB_ANNOUNCE:
		return announce(rq, ifp);
	default:
		show(rq, ifp);
		return 0;
	}
}
