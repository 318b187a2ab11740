/*
 * cmd_service.c - service add|set|del|show|zero.
 *
 * `set` changes what it names and leaves the rest; where there is no such
 * service it adds one.
 */
#include "ctl/cmd_lb.h"

#include <errno.h>
#include <string.h>

struct lb_service_key
lb_key(const struct service_key *key)
{
	return (struct lb_service_key){ .fwmark = key->fwmark,
	    .proto = key->proto, .port = key->port, .addr = key->addr };
}

struct service_key
word_key(const struct lb_service_key *key)
{
	return (struct service_key){ .fwmark = key->fwmark,
	    .proto = key->proto, .port = key->port, .addr = key->addr };
}

struct lb_service *
lb_find(struct ctl *ctl, const struct command *cmd, struct err *err)
{
	const union value *v = command_get(cmd, A_SERVICE);
	struct lb_service_key key = lb_key(&v->service);
	struct lb_service *svc = lb_service_lookup(ctl->stk, &key);
	char text[ADDR_STRLEN];

	if (svc == NULL && key.fwmark != 0)
		err_set(err, -ENOENT, "\"fwmark %u\": no such service",
		    key.fwmark);
	else if (svc == NULL)
		err_set(err, -ENOENT, "\"%s:%u\": no such %s service",
		    addr_format(&key.addr, text), key.port,
		    key.proto == 6 ? "tcp" : key.proto == 17 ? "udp" : "sctp");
	return svc;
}

static void
set_flag(const struct command *cmd, enum arg_id id, uint32_t flag,
    uint32_t *flags)
{
	if (command_num(cmd, id, 0) != 0)
		*flags |= flag;
	else
		*flags &= ~flag;
}

/* Only what was given counts if only_given. */
static bool
says(const struct command *cmd, enum arg_id id, bool only_given)
{
	return only_given ? command_given(cmd, id) :
	    command_get(cmd, id) != NULL;
}

static int
set_sched(const struct command *cmd, struct lb_service_conf *c,
    struct err *err)
{
	const struct arg *a = grammar_arg(cmd->row, A_SCHED);
	char name[16];

	choice_at(a->meta, (unsigned)command_num(cmd, A_SCHED, 0), name,
	    sizeof(name));
	c->sched = lb_sched_find(name);
	if (c->sched == NULL)
		return err_set(err, -ENOENT,
		    "\"%s\": this hopd has no such scheduler", name);
	return 0;
}

static void
set_list(const struct command *cmd, uint32_t *flags)
{
	int64_t bits = command_num(cmd, A_FLAGS, 0);

	*flags &= ~(LB_SVC_FLAG1 | LB_SVC_FLAG2 | LB_SVC_FLAG3);
	*flags |= (bits & 1 ? LB_SVC_FLAG1 : 0) | (bits & 2 ? LB_SVC_FLAG2 :
	    0) | (bits & 4 ? LB_SVC_FLAG3 : 0);
}

static int
overlay(const struct command *cmd, struct lb_service_conf *c, bool only_given,
    struct err *err)
{
	int r = 0;

	if (says(cmd, A_SCHED, only_given))
		r = set_sched(cmd, c, err);
	if (says(cmd, A_FLAGS, only_given))
		set_list(cmd, &c->flags);
	if (says(cmd, A_PERSISTENT, only_given)) {
		set_flag(cmd, A_PERSISTENT, LB_SVC_PERSIST, &c->flags);
		c->persist_s = command_seconds(cmd, A_PERSISTENT);
	}
	if (says(cmd, A_NETMASK, only_given))
		c->netmask = addr_from_ip4(command_get(cmd, A_NETMASK)->ip);
	if (says(cmd, A_OPS, only_given))
		set_flag(cmd, A_OPS, LB_SVC_OPS, &c->flags);
	if (says(cmd, A_RST, only_given))
		set_flag(cmd, A_RST, LB_SVC_RST, &c->flags);
	if (says(cmd, A_SEED, only_given))
		c->seed = (uint64_t)command_num(cmd, A_SEED, 0);
	if (says(cmd, A_TCP_TIMEOUT, only_given))
		c->timeouts.tcp_s = command_seconds(cmd, A_TCP_TIMEOUT);
	if (says(cmd, A_FIN_TIMEOUT, only_given))
		c->timeouts.tcp_fin_s = command_seconds(cmd, A_FIN_TIMEOUT);
	if (says(cmd, A_UDP_TIMEOUT, only_given))
		c->timeouts.udp_s = command_seconds(cmd, A_UDP_TIMEOUT);
	return r;
}

int
service_change(struct ctl *ctl, const struct command *cmd, struct err *err)
{
	struct lb_service_key key =
	    lb_key(&command_get(cmd, A_SERVICE)->service);
	struct lb_service *old = lb_service_lookup(ctl->stk, &key);
	struct lb_service_conf conf = { 0 };
	bool edit = cmd->row->verb == VERB_SET && old != NULL;
	int r;

	if (cmd->row->verb == VERB_DEL)
		return lb_find(ctl, cmd, err) == NULL ? -ENOENT :
		    lb_service_del(ctl->stk, &key, err);
	if (edit)
		conf = old->conf;
	r = overlay(cmd, &conf, edit, err);
	if (r != 0)
		return r;
	if (edit)
		return lb_service_set(ctl->stk, &key, &conf, err);
	return lb_service_add(ctl->stk, &key, &conf, err);
}

static void
describe(const struct lb_service *svc, struct command *cmd)
{
	const struct lb_service_conf *c = &svc->conf;
	const struct arg *sched;
	char name[16];
	unsigned i = 0;

	command_init(cmd, grammar_row(OBJ_SERVICE, VERB_ADD));
	command_set(cmd, A_SERVICE)->service = word_key(&svc->key);
	sched = grammar_arg(cmd->row, A_SCHED);
	while (choice_at(sched->meta, i, name, sizeof(name)) &&
	    strcmp(name, c->sched->name) != 0)
		i++;
	command_set(cmd, A_SCHED)->num = i;
	command_set(cmd, A_FLAGS)->num = (c->flags & LB_SVC_FLAG1 ? 1 : 0) |
	    (c->flags & LB_SVC_FLAG2 ? 2 : 0) |
	    (c->flags & LB_SVC_FLAG3 ? 4 : 0);
	command_set(cmd, A_PERSISTENT)->num = (c->flags & LB_SVC_PERSIST) != 0 ?
	    c->persist_s * USEC_PER_SEC : 0;
	command_set(cmd, A_NETMASK)->ip = addr_is_ip4(&c->netmask) ?
	    addr_to_ip4(&c->netmask) : IP4_BROADCAST;
	command_set(cmd, A_OPS)->num = (c->flags & LB_SVC_OPS) != 0;
	command_set(cmd, A_RST)->num = (c->flags & LB_SVC_RST) != 0;
	command_set(cmd, A_SEED)->num = (int64_t)c->seed;
	command_set(cmd, A_TCP_TIMEOUT)->num =
	    c->timeouts.tcp_s * USEC_PER_SEC;
	command_set(cmd, A_FIN_TIMEOUT)->num =
	    c->timeouts.tcp_fin_s * USEC_PER_SEC;
	command_set(cmd, A_UDP_TIMEOUT)->num =
	    c->timeouts.udp_s * USEC_PER_SEC;
}

static void
describe_server(const struct lb_service *svc, const struct lb_server *srv,
    struct command *cmd)
{
	command_init(cmd, grammar_row(OBJ_SERVER, VERB_ADD));
	command_set(cmd, A_SERVICE)->service = word_key(&svc->key);
	command_set(cmd, A_SERVER)->service = (struct service_key){
	    .addr = srv->addr, .port = srv->port };
	/* The choices stand in the order of enum lb_fwd. */
	command_set(cmd, A_MODE)->num = srv->conf.fwd;
	command_set(cmd, A_WEIGHT)->num = srv->conf.weight;
	command_set(cmd, A_UPPER)->num = srv->conf.upper;
	command_set(cmd, A_LOWER)->num = srv->conf.lower;
	command_set(cmd, A_DRAIN)->num = srv->conf.drain_s * USEC_PER_SEC;
}

int
server_walk(const struct lb_service *svc, command_fn *fn, void *arg)
{
	const struct lb_server *srv = lb_server_next(svc, NULL);
	struct command cmd;
	int r = 0;

	for (; srv != NULL && r == 0; srv = lb_server_next(svc, srv)) {
		describe_server(svc, srv, &cmd);
		r = fn(arg, &cmd, srv);
	}
	return r;
}

int
service_walk(struct ctl *ctl, command_fn *fn, void *arg)
{
	const struct lb_service *svc = lb_service_next(ctl->stk, NULL);
	struct command cmd;
	int r = 0;

	for (; svc != NULL && r == 0; svc = lb_service_next(ctl->stk, svc)) {
		describe(svc, &cmd);
		r = fn(arg, &cmd, svc);
		if (r == 0)
			r = local_walk(svc, fn, arg);
		if (r == 0)
			r = server_walk(svc, fn, arg);
	}
	return r;
}

json_t *
lb_counters(const struct lb_stats *s, const struct lb_estimator *est)
{
	struct lb_rates rates;

	lb_estimator_read(est, &rates);
	return json_pack("{s:I,s:I,s:I,s:I,s:I,s:I,s:I,s:I,s:I,s:I}",
	    "conns", (json_int_t)s->conns,
	    "in_packets", (json_int_t)s->in_pkts,
	    "out_packets", (json_int_t)s->out_pkts,
	    "in_bytes", (json_int_t)s->in_bytes,
	    "out_bytes", (json_int_t)s->out_bytes,
	    "conns_per_s", (json_int_t)rates.cps,
	    "in_packets_per_s", (json_int_t)rates.in_pps,
	    "out_packets_per_s", (json_int_t)rates.out_pps,
	    "in_bytes_per_s", (json_int_t)rates.in_bps,
	    "out_bytes_per_s", (json_int_t)rates.out_bps);
}

static json_t *
short_counters(const struct lb_stats *s)
{
	return json_pack("{s:I}", "conns", (json_int_t)s->conns);
}

static json_t *
server_state(const struct request *rq, const struct lb_server *srv)
{
	int64_t left_us = instant_diff(srv->drain, rq->ctl->stk->now);
	json_t *state = json_pack("{s:i,s:i,s:i,s:b}", "active", srv->active,
	    "inactive", srv->inactive, "persistent", srv->persist, "overload",
	    (srv->flags & LB_SRV_OVERLOAD) != 0);

	if (srv->conf.drain_s != 0)
		json_object_set_new(state, "drained_in",
		    json_integer(left_us <= 0 ? 0 :
		    (left_us + USEC_PER_SEC - 1) / USEC_PER_SEC));
	json_object_update_new(state, rq->text ?
	    short_counters(&srv->tally->stats) :
	    lb_counters(&srv->tally->stats, &srv->tally->est));
	return state;
}

int
lb_show_one(void *arg, const struct command *cmd, const void *obj)
{
	struct request *rq = arg;
	const struct lb_service *svc = obj;

	if (cmd->row->object == OBJ_SERVER)
		reply_object(rq, cmd, server_state(rq, obj));
	else
		reply_object(rq, cmd, rq->text ?
		    short_counters(&svc->tally->stats) :
		    lb_counters(&svc->tally->stats, &svc->tally->est));
	return 0;
}

/* A list of servers for JSON. */
struct server_list {
	const struct request *rq;
	json_t *list;
};

static int
append_server(void *arg, const struct command *cmd, const void *obj)
{
	struct server_list *to = arg;
	json_t *one = command_json(cmd);

	json_object_del(one, "protocol");
	json_object_del(one, "address");
	json_object_del(one, "port");
	json_object_del(one, "fwmark");
	json_object_set_new(one, "state", server_state(to->rq, obj));
	json_array_append_new(to->list, one);
	return 0;
}

static int
append_local(void *arg, const struct command *cmd, const void *obj)
{
	char text[IP4_STRLEN];

	(void)obj;
	json_array_append_new(arg, json_string(ip4_format(command_get(cmd,
	    A_IP)->ip, text)));
	return 0;
}

static int
indent_server(void *arg, const struct command *cmd, const void *obj)
{
	struct command rest = *cmd;

	/* The service stands in the line above. */
	rest.valid &= ~1u;
	reply_indented(arg, &rest, server_state(arg, obj));
	return 0;
}

/* A service in text is followed by its servers, indented; as JSON they are in
 * it, under "servers". */
static void
show_service(struct request *rq, const struct lb_service *svc)
{
	struct command cmd;
	struct server_list servers = { .rq = rq };
	json_t *obj, *locals;

	describe(svc, &cmd);
	if (rq->text) {
		lb_show_one(rq, &cmd, svc);
		server_walk(svc, indent_server, rq);
		return;
	}
	obj = command_json(&cmd);
	servers.list = json_array();
	server_walk(svc, append_server, &servers);
	json_object_set_new(obj, "servers", servers.list);
	locals = json_array();
	local_walk(svc, append_local, locals);
	json_object_set_new(obj, "locals", locals);
	json_object_set_new(obj, "state",
	    lb_counters(&svc->tally->stats, &svc->tally->est));
	reply_data(rq, obj);
}

int
service_query(struct request *rq)
{
	struct lb_service *only = NULL;
	const struct lb_service *svc;

	if (command_given(rq->cmd, A_SERVICE)) {
		only = lb_find(rq->ctl, rq->cmd, &rq->err);
		if (only == NULL)
			return -ENOENT;
	}
	if (rq->cmd->row->verb == VERB_ZERO) {
		lb_zero(rq->ctl->stk, only);
		return 0;
	}
	for (svc = lb_service_next(rq->ctl->stk, NULL); svc != NULL;
	    svc = lb_service_next(rq->ctl->stk, svc)) {
		if (only == NULL || svc == only)
			show_service(rq, svc);
	}
	return 0;
}
