/*
 * cmd_port.c - port add|set|del|show.
 *
 * The device itself belongs to the process (struct ctl_host); its settings to
 * the interface of the same name.
 */
#include "ctl/cmd.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static void
set_bool(const struct command *cmd, enum arg_id id, bool *out)
{
	*out = command_num(cmd, id, *out) != 0;
}

static void
set_u8(const struct command *cmd, enum arg_id id, uint8_t *out)
{
	*out = (uint8_t)command_num(cmd, id, *out);
}

/* What the command says; what it does not say stays. */
static void
set_knobs(struct stack *stk, struct iface *ifp, const struct command *cmd)
{
	struct iface_conf *c = &ifp->conf;

	ifp->mtu = (uint32_t)command_num(cmd, A_MTU, ifp->mtu);
	if (ifp->port != NULL)
		ifp->port->mtu = ifp->mtu;
	set_u8(cmd, A_ARP_IGNORE, &c->arp_ignore);
	set_u8(cmd, A_ARP_ANNOUNCE, &c->arp_announce);
	set_u8(cmd, A_RP_FILTER, &c->rp_filter);
	set_bool(cmd, A_ARP_ACCEPT, &c->arp_accept);
	set_bool(cmd, A_PROXY_ARP, &c->proxy_arp);
	set_u8(cmd, A_ACD, &c->acd);
	set_bool(cmd, A_FORWARDING, &c->forwarding);
	set_bool(cmd, A_REDIRECTS, &c->redirects);
	set_bool(cmd, A_SOURCE_ROUTE, &c->accept_source_route);
	set_bool(cmd, A_GRO, &c->gro);
	/* Last: what coming up says depends on the other settings. */
	iface_set_up(stk, ifp, command_num(cmd, A_ADMIN, !ifp->wanted) == 0);
}

static int
add(struct ctl *ctl, const struct command *cmd, struct err *err)
{
	const char *netns = command_str(cmd, A_NETNS);
	const char *name = command_str(cmd, A_NAME);
	const union value *mac = command_get(cmd, A_MAC);
	struct port_spec spec = { .l2 = command_num(cmd, A_TYPE, 0) == 0 };
	int r;

	if (iface_lookup(ctl->stk, name) != NULL)
		return err_set(err, -EEXIST,
		    "\"%s\": there is such an interface already", name);
	if (!spec.l2 && mac != NULL)
		return err_set(err, -EINVAL,
		    "\"mac\": a port of type tun has none");
	if (netns != NULL && strlen(netns) >= sizeof(spec.netns))
		return err_set(err, -EINVAL,
		    "\"%s\": a namespace's name of at most 63 letters", netns);
	snprintf(spec.name, sizeof(spec.name), "%s", name);
	snprintf(spec.netns, sizeof(spec.netns), "%s",
	    netns != NULL ? netns : "");
	if (mac != NULL && (mac_is_group(mac->mac) ||
	    mac_eq(mac->mac, MAC_ZERO)))
		return err_set(err, -EINVAL,
		    "\"mac\": a group address or zero cannot be a port's");
	if (mac != NULL) {
		spec.has_mac = true;
		spec.mac = mac->mac;
	}
	spec.mtu = (uint32_t)command_num(cmd, A_MTU, 1500);
	r = ctl->host.port_open(ctl->host.arg, &spec, err);
	if (r == 0)
		set_knobs(ctl->stk, iface_lookup(ctl->stk, name), cmd);
	return r;
}

/* The far end of the device must not send what we would not take. */
static int
tell_device(struct ctl *ctl, const struct port *port,
    const struct command *cmd, struct err *err)
{
	uint32_t mtu = (uint32_t)command_num(cmd, A_MTU, port->ifp->mtu);

	if (mtu == port->ifp->mtu || ctl->host.port_mtu == NULL)
		return 0;
	return ctl->host.port_mtu(ctl->host.arg, port->name, mtu, err);
}

static int
del(struct ctl *ctl, struct port *port, struct err *err)
{
	if (ctl->host.port_close != NULL)
		return ctl->host.port_close(ctl->host.arg, port->name, err);
	port_del(ctl->stk, port);
	return 0;
}

int
port_change(struct ctl *ctl, const struct command *cmd, struct err *err)
{
	const char *name = command_str(cmd, A_NAME);
	struct port *port;
	int r;

	if (cmd->row->verb == VERB_ADD)
		return add(ctl, cmd, err);
	port = port_lookup(ctl->stk, name);
	if (port == NULL)
		return err_set(err, -ENOENT, "\"%s\": no such port", name);
	if (cmd->row->verb == VERB_DEL)
		return del(ctl, port, err);
	r = tell_device(ctl, port, cmd, err);
	if (r == 0)
		set_knobs(ctl->stk, port->ifp, cmd);
	return r;
}

static void
describe(struct ctl *ctl, const struct port *port, struct command *cmd)
{
	const struct iface_conf *c = &port->ifp->conf;
	const char *netns = ctl->host.port_netns == NULL ? NULL :
	    ctl->host.port_netns(ctl->host.arg, port->name);

	command_init(cmd, grammar_row(OBJ_PORT, VERB_ADD));
	command_set(cmd, A_NAME)->str = port->name;
	command_set(cmd, A_ADMIN)->num = port->ifp->wanted ? 0 : 1;
	command_set(cmd, A_TYPE)->num = port->l2 ? 0 : 1;
	if (netns != NULL && netns[0] != '\0')
		command_set(cmd, A_NETNS)->str = netns;
	if (port->l2)
		command_set(cmd, A_MAC)->mac = port->mac;
	command_set(cmd, A_MTU)->num = port->ifp->mtu;
	command_set(cmd, A_ARP_IGNORE)->num = c->arp_ignore;
	command_set(cmd, A_ARP_ANNOUNCE)->num = c->arp_announce;
	command_set(cmd, A_RP_FILTER)->num = c->rp_filter;
	command_set(cmd, A_ARP_ACCEPT)->num = c->arp_accept;
	command_set(cmd, A_PROXY_ARP)->num = c->proxy_arp;
	command_set(cmd, A_ACD)->num = c->acd;
	command_set(cmd, A_FORWARDING)->num = c->forwarding;
	command_set(cmd, A_REDIRECTS)->num = c->redirects;
	command_set(cmd, A_SOURCE_ROUTE)->num = c->accept_source_route;
	command_set(cmd, A_GRO)->num = c->gro;
}

int
port_walk(struct ctl *ctl, command_fn *fn, void *arg)
{
	struct command cmd;
	int r = 0;

	for (const struct port *p = ctl->stk->ports; p != NULL && r == 0;
	    p = p->next) {
		if (p->ifp == NULL)
			continue;
		describe(ctl, p, &cmd);
		r = fn(arg, &cmd, p);
	}
	return r;
}

static json_t *
state_json(const struct port *p)
{
	static const char *const names[] = { "csum", "tso4", "tso6", "uso" };
	json_t *state = json_pack("{s:b,s:I,s:I,s:I,s:I,s:I,s:I}",
	    p->down || !p->ifp->up ? "down" : "up", 1,
	    "rx_packets", (json_int_t)p->stats.rx_packets,
	    "rx_bytes", (json_int_t)p->stats.rx_bytes,
	    "rx_errors", (json_int_t)p->stats.rx_errors,
	    "tx_packets", (json_int_t)p->stats.tx_packets,
	    "tx_bytes", (json_int_t)p->stats.tx_bytes,
	    "tx_errors", (json_int_t)p->stats.tx_errors);
	json_t *list = json_array();

	for (unsigned i = 0; i < 4; i++) {
		if ((p->offload >> i & 1) != 0)
			json_array_append_new(list, json_string(names[i]));
	}
	json_object_set_new(state, "offload", list);
	return state;
}

static int
show_one(void *arg, const struct command *cmd, const void *obj)
{
	struct request *rq = arg;
	const char *only = command_str(rq->cmd, A_NAME);
	const struct port *p = obj;

	if (only == NULL || strcmp(only, p->name) == 0)
		reply_object(rq, cmd, state_json(p));
	return 0;
}

int
port_query(struct request *rq)
{
	const char *only = command_str(rq->cmd, A_NAME);

	if (only != NULL && port_lookup(rq->ctl->stk, only) == NULL)
		return err_set(&rq->err, -ENOENT, "\"%s\": no such port",
		    only);
	return port_walk(rq->ctl, show_one, rq);
}
