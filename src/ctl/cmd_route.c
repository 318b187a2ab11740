/*
 * cmd_route.c - route add|set|del|show|get.
 */
#include "ctl/cmd.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

static_assert(HOPS_MAX == ROUTE_HOPS_MAX, "as many in words as in routes");

/* A route with room for its hops. */
union route_room {
	struct route route;
	uint8_t room[sizeof(struct route) +
	    ROUTE_HOPS_MAX * sizeof(struct next_hop)];
};

/* In the order of the choices of A_ROUTE_TYPE. */
static const enum route_type types[] = {
	ROUTE_UNICAST, ROUTE_BLACKHOLE, ROUTE_UNREACHABLE, ROUTE_PROHIBIT,
};

/* The interface on whose network via is. */
static struct iface *
iface_towards(struct stack *stk, struct ip4 via)
{
	for (struct iface *ifp = stk->ip.ifaces; ifp != NULL;
	    ifp = ifp->next) {
		if (iface_addr_near(ifp, via) != NULL)
			return ifp;
	}
	return NULL;
}

static int
add_hop(struct ctl *ctl, struct route *r, const struct cmd_hop *hop,
    struct err *err)
{
	struct next_hop *nh = &r->hop[r->hops];
	char text[IP4_STRLEN];

	if (hop->dev != NULL)
		nh->ifp = ctl_iface(ctl, hop->dev, err);
	else
		nh->ifp = iface_towards(ctl->stk, hop->via);
	if (nh->ifp == NULL && hop->dev != NULL)
		return -ENOENT;
	if (nh->ifp == NULL)
		return err_set(err, -ENETUNREACH,
		    "via \"%s\": on no interface's network",
		    ip4_format(hop->via, text));
	nh->via = hop->via;
	nh->weight = hop->weight;
	r->hops++;
	return 0;
}

static int
spec_hops(struct ctl *ctl, const struct command *cmd, struct route *r,
    struct err *err)
{
	const union value *via = command_get(cmd, A_VIA);
	struct cmd_hop one = { .dev = command_str(cmd, A_DEV), .weight = 1 };
	int e = 0;

	if (r->type != ROUTE_UNICAST) {
		if (via != NULL || one.dev != NULL || cmd->hops > 0)
			return err_set(err, -EINVAL,
			    "\"%s\": such a route has no next hop",
			    route_type_name(r->type));
		return 0;
	}
	if (cmd->hops > 0 && (via != NULL || one.dev != NULL))
		return err_set(err, -EINVAL,
		    "\"nexthop\": not together with via or dev");
	if (cmd->hops == 0 && via == NULL && one.dev == NULL)
		return err_set(err, -EINVAL,
		    "a route needs via IP, dev IFACE or nexthop");
	for (unsigned i = 0; i < cmd->hops && e == 0; i++)
		e = add_hop(ctl, r, &cmd->hop[i], err);
	if (via != NULL)
		one.via = via->ip;
	if (cmd->hops == 0)
		e = add_hop(ctl, r, &one, err);
	return e;
}

int
route_change(struct ctl *ctl, const struct command *cmd, struct err *err)
{
	union route_room room = { .room = { 0 } };
	struct route *r = &room.route;
	const union value *src = command_get(cmd, A_SRC);
	int e;

	r->dst = command_get(cmd, A_DEST)->prefix;
	r->metric = (uint32_t)command_num(cmd, A_METRIC, 0);
	if (cmd->row->verb == VERB_DEL)
		return route_del(ctl->stk, r->dst, r->metric, err);
	r->type = types[command_num(cmd, A_ROUTE_TYPE, 0)];
	r->origin = ROUTE_STATIC;
	r->mtu = (uint32_t)command_num(cmd, A_MTU, 0);
	if (src != NULL)
		r->src = src->ip;
	e = spec_hops(ctl, cmd, r, err);
	if (e != 0)
		return e;
	if (cmd->row->verb == VERB_SET)
		return route_set(ctl->stk, r, err);
	return route_add(ctl->stk, r, err);
}

static void
describe(const struct route *r, struct command *cmd)
{
	command_init(cmd, grammar_row(OBJ_ROUTE, VERB_ADD));
	for (unsigned i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		if (types[i] == r->type)
			command_set(cmd, A_ROUTE_TYPE)->num = i;
	}
	command_set(cmd, A_DEST)->prefix = r->dst;
	command_set(cmd, A_METRIC)->num = r->metric;
	if (r->mtu != 0)
		command_set(cmd, A_MTU)->num = r->mtu;
	if (!ip4_is_any(r->src))
		command_set(cmd, A_SRC)->ip = r->src;
	if (r->hops == 1) {
		if (!ip4_is_any(r->hop[0].via))
			command_set(cmd, A_VIA)->ip = r->hop[0].via;
		command_set(cmd, A_DEV)->str = r->hop[0].ifp->name;
		return;
	}
	for (unsigned i = 0; i < r->hops; i++) {
		command_set(cmd, A_NEXTHOP);
		cmd->hop[i] = (struct cmd_hop){ r->hop[i].via,
		    r->hop[i].ifp->name, r->hop[i].weight };
		cmd->hops++;
	}
}

struct walk {
	command_fn *fn;
	void *arg;
	bool every;		/* also what addresses made */
	int result;
};

static bool
walk_one(void *arg, const struct route *r)
{
	struct walk *w = arg;
	struct command cmd;

	if (!w->every && r->origin != ROUTE_STATIC)
		return true;
	describe(r, &cmd);
	w->result = w->fn(w->arg, &cmd, r);
	return w->result == 0;
}

int
route_walk_static(struct ctl *ctl, command_fn *fn, void *arg)
{
	struct walk w = { fn, arg, false, 0 };

	route_walk(ctl->stk, walk_one, &w);
	return w.result;
}

/* Is it in the listing that rq asks for? */
static bool
wanted(const struct request *rq, const struct route *r)
{
	const union value *dst = command_get(rq->cmd, A_DEST);
	const char *dev = command_str(rq->cmd, A_DEV);
	bool on_dev = dev == NULL;

	if ((r->type == ROUTE_LOCAL || r->type == ROUTE_BROADCAST) &&
	    !command_given(rq->cmd, A_ALL))
		return false;
	if (dst != NULL && (dst->prefix.len != r->dst.len ||
	    !ip4_eq(dst->prefix.ip, r->dst.ip)))
		return false;
	for (unsigned i = 0; i < r->hops; i++)
		on_dev |= dev != NULL && strcmp(dev, r->hop[i].ifp->name) == 0;
	return on_dev;
}

static int
show_one(void *arg, const struct command *cmd, const void *obj)
{
	struct request *rq = arg;
	const struct route *r = obj;
	json_t *state = NULL;

	if (!wanted(rq, r))
		return 0;
	if (r->origin == ROUTE_KERNEL)
		state = json_pack("{s:b}", r->type == ROUTE_UNICAST ?
		    "connected" : route_type_name(r->type), 1);
	reply_object(rq, cmd, state);
	return 0;
}

/* What may surprise about the answer, as words behind it. */
static void
remarks(const struct route_explained *e, char *buf, size_t size)
{
	const struct route *r = e->result.route;
	char prefix[PREFIX_STRLEN];
	size_t n;

	n = (size_t)snprintf(buf, size, "by %s",
	    ip4_prefix_format(r->dst, prefix));
	if (r->hops > 1 && n < size)
		n += (size_t)snprintf(buf + n, size - n,
		    ", next hop %u of %u%s", e->hop + 1u, r->hops,
		    e->usable[e->hop] ? "" : ", which does not answer");
	if (e->path_mtu != 0 && n < size)
		n += (size_t)snprintf(buf + n, size - n, ", path MTU %u",
		    e->path_mtu);
	if (e->passed_over && n < size)
		snprintf(buf + n, size - n, ", %s is down",
		    ip4_prefix_format(e->passed, prefix));
}

static json_t *
get_json(const struct route_explained *e, const char *dst)
{
	const struct route_result *res = &e->result;
	char next[IP4_STRLEN], from[IP4_STRLEN], prefix[PREFIX_STRLEN];
	json_t *j = json_pack("{s:s,s:s,s:s}", "dst", dst,
	    "type", route_type_name(res->route->type),
	    "route", ip4_prefix_format(res->route->dst, prefix));

	if (res->ifp != NULL)
		json_object_update_new(j, json_pack(
		    "{s:s,s:s,s:s,s:I,s:I,s:I}",
		    "via", ip4_format(res->next_hop, next),
		    "dev", res->ifp->name, "src", ip4_format(e->src, from),
		    "mtu", (json_int_t)res->mtu,
		    "hop", (json_int_t)e->hop + 1,
		    "hops", (json_int_t)res->route->hops));
	if (e->path_mtu != 0)
		json_object_set_new(j, "path_mtu", json_integer(e->path_mtu));
	if (e->passed_over)
		json_object_set_new(j, "passed_over",
		    json_string(ip4_prefix_format(e->passed, prefix)));
	return j;
}

/* What the look-up says about one packet. */
static int
get(struct request *rq)
{
	const union value *src = command_get(rq->cmd, A_FROM);
	struct ip4 dst = command_get(rq->cmd, A_DST)->ip;
	struct route_explained e;
	const struct route_result *res = &e.result;
	char text[IP4_STRLEN], next[IP4_STRLEN], from[IP4_STRLEN];
	char why[128], line[256];
	bool via;

	ip4_format(dst, text);
	route_explain(rq->ctl->stk, dst, src != NULL ? src->ip : IP4_ANY, &e);
	if (res->route == NULL)
		return err_set(&rq->err, -ENETUNREACH, "\"%s\": no route",
		    text);
	if (!rq->text) {
		reply_data(rq, get_json(&e, text));
		return 0;
	}
	remarks(&e, why, sizeof(why));
	via = !ip4_eq(res->next_hop, dst);
	if (res->ifp == NULL)
		snprintf(line, sizeof(line), "%s %s  # %s",
		    route_type_name(res->route->type), text, why);
	else
		snprintf(line, sizeof(line),
		    "%s%s%s%s%s dev %s src %s mtu %u  # %s",
		    res->route->type == ROUTE_UNICAST ? "" :
		    route_type_name(res->route->type),
		    res->route->type == ROUTE_UNICAST ? "" : " ", text,
		    via ? " via " : "", via ? ip4_format(res->next_hop, next) :
		    "", res->ifp->name, ip4_format(e.src, from), res->mtu,
		    why);
	reply_line(rq, line);
	return 0;
}

int
route_query(struct request *rq)
{
	struct walk w = { show_one, rq, true, 0 };

	if (rq->cmd->row->verb == VERB_GET)
		return get(rq);
	route_walk(rq->ctl->stk, walk_one, &w);
	return w.result;
}
