/*
 * config_check.c - references between the objects of a file: interfaces,
 * networks, services.  A route that names only its next router learns here by
 * which interface that is, so that it can be compared with what runs.
 */
#include "ctl/config.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "ip/lpm.h"
#include "lb/fwd.h"

struct check {
	struct conf *conf;
	const char *name;
	struct lines *errors;
	struct lpm *nets;	/* network -> index in devs + 1 */
	const char **devs;	/* interfaces of networks; words of the file */
	uint32_t dev_count, dev_size;
	struct lpm *own;	/* address/32 -> number of its object */
	struct lpm *broadcast;	/* address/32 -> index in devs + 1 */
	const struct conf_obj *at;
	bool no_memory;
};

static void
fail(struct check *k, const char *word, const char *what)
{
	if (k->errors->count < ERRORS_MAX)
		lines_add(k->errors, "%s:%u: \"%s\": %s", k->name,
		    k->at->line, word, what);
}

/* Is there this port or tunnel in the file? */
static bool
is_in_file(const struct check *k, enum object object, const char *name)
{
	struct command cmd;

	command_init(&cmd, grammar_row(object, VERB_DEL));
	command_set(&cmd, A_NAME)->str = name;
	return conf_find(k->conf, &cmd) != NULL;
}

static bool
is_iface(const struct check *k, const char *dev)
{
	return strcmp(dev, "lo") == 0 || is_in_file(k, OBJ_PORT, dev) ||
	    is_in_file(k, OBJ_TUNNEL, dev);
}

static void
need_iface(struct check *k, const char *dev)
{
	if (dev != NULL && !is_iface(k, dev))
		fail(k, dev, "no such interface in the file");
}

static void
check_port(struct check *k, const struct command *cmd)
{
	const union value *mac = command_get(cmd, A_MAC);

	if (strcmp(command_str(cmd, A_NAME), "lo") == 0)
		fail(k, "lo", "is there without a port");
	if (mac != NULL && command_num(cmd, A_TYPE, 0) != 0)
		fail(k, "mac", "a port of type tun has none");
}

/* Notes whose network it is, and its broadcast address: 0 or -ENOMEM. */
static int
net_add(struct check *k, struct ip4_prefix net, const char *dev)
{
	const char *name = conf_strdup(k->conf, dev);

	if (k->dev_count == k->dev_size) {
		uint32_t size = k->dev_size * 2 + 16;
		const char **devs = mem_resize(k->conf->mem, k->devs,
		    k->dev_size * sizeof(*devs), size * sizeof(*devs));

		if (devs == NULL)
			return -ENOMEM;
		k->devs = devs;
		k->dev_size = size;
	}
	if (name == NULL)
		return -ENOMEM;
	k->devs[k->dev_count++] = name;
	if (ip4_prefix_has_broadcast(net) && lpm_set(k->broadcast,
	    (struct ip4_prefix){ ip4_prefix_broadcast(net), 32 },
	    k->dev_count) != 0)
		return -ENOMEM;
	return lpm_set(k->nets, net, k->dev_count);
}

/* Interfaces share one set of names. */
static void
check_tunnel(struct check *k, const struct command *cmd)
{
	const char *name = command_str(cmd, A_NAME);

	if (strcmp(name, "lo") == 0 || is_in_file(k, OBJ_PORT, name))
		fail(k, name, "there is such an interface already");
}

static void
check_addr(struct check *k, const struct command *cmd, uint32_t number)
{
	struct ip4_prefix net = command_get(cmd, A_PREFIX)->prefix;
	struct ip4_prefix host = { net.ip, 32 };
	char text[IP4_STRLEN], what[64];
	uint32_t other = lpm_get(k->own, host);

	need_iface(k, command_str(cmd, A_DEV));
	ip4_format(net.ip, text);
	if (strcmp(command_str(cmd, A_DEV), "lo") == 0 &&
	    ip4_eq(net.ip, IP4(127, 0, 0, 1))) {
		fail(k, text, "lo has it from the start");
		return;
	}
	if (other != 0) {
		snprintf(what, sizeof(what), "already an address, in line %u",
		    k->conf->obj[other - 1]->line);
		fail(k, text, what);
		return;
	}
	net.ip.v &= ip4_mask(net.len);
	k->no_memory |= lpm_set(k->own, host, number) != 0;
	if (lpm_get(k->nets, net) == 0)
		k->no_memory |= net_add(k, net, command_str(cmd, A_DEV)) != 0;
}

/* The interface on whose network ip is, or NULL. */
static const char *
dev_towards(const struct check *k, struct ip4 ip)
{
	uint32_t i = lpm_lookup(k->nets, ip);

	return i != 0 ? k->devs[i - 1] : NULL;
}

/* Is ip in a network of dev?  Several may have the same. */
static bool
is_near(const struct check *k, const char *dev, struct ip4 ip)
{
	const struct conf_span *span = &k->conf->span[OBJ_ADDR];
	const char *best = dev_towards(k, ip);
	struct command cmd;

	if (best == NULL || strcmp(best, dev) == 0)
		return best != NULL;
	for (size_t i = span->first; i < span->end; i++) {
		if (k->conf->obj[i]->row->object != OBJ_ADDR)
			continue;
		conf_command(k->conf->obj[i], &cmd);
		if (strcmp(command_str(&cmd, A_DEV), dev) == 0 &&
		    ip4_in_prefix(ip, command_get(&cmd, A_PREFIX)->prefix))
			return true;
	}
	return false;
}

/* Is it a port whose next hops have MACs? */
static bool
is_ethernet(const struct check *k, const char *dev)
{
	const struct conf_obj *o;
	struct command cmd;

	command_init(&cmd, grammar_row(OBJ_PORT, VERB_DEL));
	command_set(&cmd, A_NAME)->str = dev;
	o = conf_find(k->conf, &cmd);
	if (o == NULL)
		return false;
	conf_command(o, &cmd);
	return command_num(&cmd, A_TYPE, 0) == 0;
}

/* A next router, by dev.  What stays as it is nobody else looks at, though the
 * addresses around it may change. */
static void
check_hop(struct check *k, struct ip4 via, const char *dev)
{
	struct ip4_prefix host = { via, 32 };
	char text[IP4_STRLEN], what[64];
	uint32_t b = lpm_get(k->broadcast, host);

	ip4_format(via, text);
	if (lpm_get(k->own, host) != 0) {
		fail(k, text, "is an address of ours");
	} else if (b != 0 && strcmp(k->devs[b - 1], dev) == 0) {
		snprintf(what, sizeof(what), "is the broadcast address of %s",
		    dev);
		fail(k, text, what);
	} else if (!is_near(k, dev, via) && is_ethernet(k, dev)) {
		snprintf(what, sizeof(what), "not in a network of %s", dev);
		fail(k, text, what);
	}
}

static void
check_hops(struct check *k, const struct command *cmd)
{
	const union value *via = command_get(cmd, A_VIA);

	if (via != NULL && command_str(cmd, A_DEV) != NULL)
		check_hop(k, via->ip, command_str(cmd, A_DEV));
	for (unsigned i = 0; i < cmd->hops; i++) {
		if (cmd->hop[i].dev != NULL && !ip4_is_any(cmd->hop[i].via))
			check_hop(k, cmd->hop[i].via, cmd->hop[i].dev);
	}
}

/* A route's next hops get their interfaces: true if the text changes. */
static bool
resolve(struct check *k, struct command *cmd)
{
	const union value *via = command_get(cmd, A_VIA);
	bool changed = false;
	char text[IP4_STRLEN];

	if (via != NULL && command_str(cmd, A_DEV) == NULL) {
		const char *dev = dev_towards(k, via->ip);

		if (dev == NULL) {
			fail(k, ip4_format(via->ip, text),
			    "on no interface's network");
			return false;
		}
		command_set(cmd, A_DEV)->str = dev;
		changed = true;
	}
	for (unsigned i = 0; i < cmd->hops; i++) {
		struct cmd_hop *hop = &cmd->hop[i];

		if (hop->dev == NULL) {
			hop->dev = dev_towards(k, hop->via);
			changed = true;
		}
		if (hop->dev == NULL) {
			fail(k, ip4_format(hop->via, text),
			    "on no interface's network");
			return false;
		}
	}
	return changed;
}

/* What the object at hand is wrong about as a whole. */
static void
fail_object(struct check *k, const char *what)
{
	char key[COMMAND_TEXT_MAX];

	conf_key(k->at, key, sizeof(key));
	fail(k, key, what);
}

static void
check_route(struct check *k, struct conf_obj *o, struct command *cmd)
{
	const union value *src = command_get(cmd, A_SRC);
	bool hops = command_given(cmd, A_VIA) || command_given(cmd, A_DEV) ||
	    cmd->hops > 0;
	char text[IP4_STRLEN];

	if (command_num(cmd, A_ROUTE_TYPE, 0) == 0 && !hops)
		fail_object(k, "needs via IP, dev IFACE or nexthop");
	if (command_num(cmd, A_ROUTE_TYPE, 0) != 0 && hops)
		fail_object(k, "such a route has no next hop");
	if (cmd->hops > 0 && (command_given(cmd, A_VIA) ||
	    command_given(cmd, A_DEV)))
		fail(k, "nexthop", "not together with via or dev");
	need_iface(k, command_str(cmd, A_DEV));
	for (unsigned i = 0; i < cmd->hops; i++)
		need_iface(k, cmd->hop[i].dev);
	if (src != NULL && lpm_get(k->own, (struct ip4_prefix){ src->ip,
	    32 }) == 0)
		fail(k, ip4_format(src->ip, text), "not an address of ours");
	if (resolve(k, cmd))
		k->no_memory |= conf_change(k->conf, o, cmd) != 0;
	check_hops(k, cmd);
}

static void
check_of_service(struct check *k, const struct command *cmd)
{
	struct command svc;
	char text[128];

	command_init(&svc, grammar_row(OBJ_SERVICE, VERB_DEL));
	*command_set(&svc, A_SERVICE) = *command_get(cmd, A_SERVICE);
	if (conf_find(k->conf, &svc) != NULL)
		return;
	snprintf(text, sizeof(text), "%s ", object_name(OBJ_SERVICE));
	command_format(&svc, FORMAT_KEY, text + strlen(text),
	    sizeof(text) - strlen(text));
	fail(k, text, "no such service in the file");
}

/* Is it ours, or in a network that lo has? */
static bool
is_ours(const struct check *k, struct ip4 ip)
{
	const char *dev = dev_towards(k, ip);

	return lpm_get(k->own, (struct ip4_prefix){ ip, 32 }) != 0 ||
	    ip4_is_loopback(ip) || (dev != NULL && strcmp(dev, "lo") == 0);
}

static void
check_server(struct check *k, const struct command *cmd)
{
	const struct addr *addr = &command_get(cmd, A_SERVER)->service.addr;
	char text[IP4_STRLEN];

	check_of_service(k, cmd);
	if (command_num(cmd, A_MODE, 0) != LB_FWD_LOCAL &&
	    addr_is_ip4(addr) && is_ours(k, addr_to_ip4(addr)))
		fail(k, ip4_format(addr_to_ip4(addr), text),
		    "an address of hopd's own: expected mode local");
}

static void
check_local(struct check *k, const struct command *cmd)
{
	struct ip4 ip = command_get(cmd, A_IP)->ip;
	char text[IP4_STRLEN];

	check_of_service(k, cmd);
	if (lpm_get(k->own, (struct ip4_prefix){ ip, 32 }) == 0 &&
	    !ip4_eq(ip, IP4(127, 0, 0, 1)))
		fail(k, ip4_format(ip, text), "not an address of ours, so "
		    "nobody would answer ARP for it");
}

static void
check_object(struct check *k, uint32_t number, bool addresses)
{
	struct conf_obj *o = k->conf->obj[number - 1];
	struct command cmd;

	k->at = o;
	if ((o->row->object == OBJ_ADDR) != addresses)
		return;
	conf_command(o, &cmd);
	switch (o->row->object) {
	case OBJ_PORT:
		check_port(k, &cmd);
		break;
	case OBJ_ADDR:
		check_addr(k, &cmd, number);
		break;
	case OBJ_ROUTE:
		check_route(k, o, &cmd);
		break;
	case OBJ_FAULT:
	case OBJ_NEIGH:
		need_iface(k, command_str(&cmd, A_DEV));
		break;
	case OBJ_TUNNEL:
		check_tunnel(k, &cmd);
		break;
	case OBJ_LOCAL:
		check_local(k, &cmd);
		break;
	case OBJ_SERVER:
		check_server(k, &cmd);
		break;
	default:
		break;
	}
}

int
conf_check(struct conf *c, const char *name, struct lines *errors)
{
	struct check k = { .conf = c, .name = name, .errors = errors,
	    .nets = lpm_new(c->mem), .own = lpm_new(c->mem),
	    .broadcast = lpm_new(c->mem) };

	const struct conf_span *addrs = &c->span[OBJ_ADDR];

	k.no_memory = k.nets == NULL || k.own == NULL || k.broadcast == NULL;
	/* Addresses first: routes refer to their networks. */
	for (size_t i = addrs->first; i < addrs->end && !k.no_memory; i++)
		check_object(&k, (uint32_t)i + 1, true);
	for (size_t i = 0; i < c->count && !k.no_memory; i++)
		check_object(&k, (uint32_t)i + 1, false);
	if (k.nets != NULL)
		lpm_free(k.nets);
	if (k.own != NULL)
		lpm_free(k.own);
	if (k.broadcast != NULL)
		lpm_free(k.broadcast);
	mem_free(c->mem, k.devs, k.dev_size * sizeof(*k.devs));
	if (k.no_memory)
		return -ENOMEM;
	return errors->count == 0 ? 0 : -EINVAL;
}
