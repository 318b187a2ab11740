/*
 * ipvsadm_read.c - hopd's JSON to the structures that are printed.
 */
#include "hopctl/ipvsadm.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static uint64_t
number(const json_t *o, const char *key)
{
	return (uint64_t)json_integer_value(json_object_get(o, key));
}

static const char *
string(const json_t *o, const char *key)
{
	const char *s = json_string_value(json_object_get(o, key));

	return s != NULL ? s : "";
}

static struct ip4
address(const json_t *o, const char *key)
{
	struct ip4 ip = IP4_ANY;

	ip4_parse(string(o, key), &ip);
	return ip;
}

static uint8_t
proto(const char *s)
{
	return strcmp(s, "tcp") == 0 ? 6 : strcmp(s, "udp") == 0 ? 17 :
	    strcmp(s, "sctp") == 0 ? 132 : 0;
}

static void
read_counters(const json_t *state, uint64_t stats[IPVS_COUNTERS],
    uint64_t rates[IPVS_COUNTERS])
{
	static const char *const names[IPVS_COUNTERS][2] = {
		{ "conns", "conns_per_s" },
		{ "in_packets", "in_packets_per_s" },
		{ "out_packets", "out_packets_per_s" },
		{ "in_bytes", "in_bytes_per_s" },
		{ "out_bytes", "out_bytes_per_s" },
	};

	for (unsigned i = 0; i < IPVS_COUNTERS; i++) {
		stats[i] = number(state, names[i][0]);
		rates[i] = number(state, names[i][1]);
	}
}

static void
read_server(struct ipvs_server *d, const json_t *o)
{
	const json_t *state = json_object_get(o, "state");
	const char *mode = string(o, "mode");

	d->addr = address(o, "server");
	d->port = (uint16_t)number(o, "server_port");
	d->fwd = strcmp(mode, "nat") == 0 ? IPVS_MASQ :
	    strcmp(mode, "dr") == 0 ? IPVS_ROUTE :
	    strcmp(mode, "tun") == 0 ? IPVS_TUNNEL :
	    strcmp(mode, "fullnat") == 0 ? IPVS_FULLNAT : IPVS_LOCAL;
	d->weight = (int64_t)number(o, "weight");
	d->upper = (uint32_t)number(o, "upper");
	d->lower = (uint32_t)number(o, "lower");
	d->active = (uint32_t)number(state, "active");
	d->inactive = (uint32_t)number(state, "inactive");
	d->persist = (uint32_t)number(state, "persistent");
	read_counters(state, d->stats, d->rates);
}

static unsigned
read_flags(const json_t *list)
{
	const json_t *one;
	unsigned flags = 0;
	size_t i;

	json_array_foreach(list, i, one) {
		const char *s = json_string_value(one);

		flags |= strcmp(s, "fallback") == 0 ? IPVS_FLAG_1 :
		    strcmp(s, "port") == 0 ? IPVS_FLAG_2 : IPVS_FLAG_3;
	}
	return flags;
}

static int
read_service(struct ipvs_service *s, const json_t *o)
{
	const json_t *servers = json_object_get(o, "servers");
	const json_t *locals = json_object_get(o, "locals");
	size_t n = json_array_size(servers);

	s->fwmark = (uint32_t)number(o, "fwmark");
	s->proto = proto(string(o, "protocol"));
	s->addr = address(o, "address");
	s->port = (uint16_t)number(o, "port");
	snprintf(s->sched, sizeof(s->sched), "%s", string(o, "sched"));
	s->flags = read_flags(json_object_get(o, "flags"));
	s->ops = json_is_true(json_object_get(o, "ops"));
	s->persist_s = (uint32_t)number(o, "persistent");
	s->netmask = address(o, "netmask");
	read_counters(json_object_get(o, "state"), s->stats, s->rates);
	s->server = calloc(n + 1, sizeof(*s->server));
	s->local = calloc(json_array_size(locals) + 1, sizeof(*s->local));
	if (s->server == NULL || s->local == NULL)
		return -ENOMEM;
	for (; s->locals < json_array_size(locals); s->locals++)
		ip4_parse(json_string_value(json_array_get(locals,
		    s->locals)), &s->local[s->locals]);
	s->servers = n;
	/* The kernel's list has the latest first. */
	for (size_t i = 0; i < n; i++)
		read_server(&s->server[n - 1 - i], json_array_get(servers, i));
	return 0;
}

int
ipvs_read_table(struct ipvs_table *t, const json_t *rows)
{
	size_t n = json_array_size(rows);
	int r = 0;

	*t = (struct ipvs_table){ .size = 4096 };
	t->service = calloc(n + 1, sizeof(*t->service));
	if (t->service == NULL)
		return -ENOMEM;
	while (t->services < n && r == 0) {
		r = read_service(&t->service[t->services],
		    json_array_get(rows, t->services));
		t->services++;
	}
	if (r != 0)
		ipvs_table_free(t);
	return r;
}

void
ipvs_table_free(struct ipvs_table *t)
{
	for (size_t i = 0; i < t->services; i++) {
		free(t->service[i].server);
		free(t->service[i].local);
	}
	free(t->service);
	*t = (struct ipvs_table){ 0 };
}

static void
read_end(const json_t *o, const char *key, struct ip4 *addr, uint16_t *port)
{
	const json_t *end = json_object_get(o, key);

	*addr = address(end, "address");
	*port = (uint16_t)number(end, "port");
}

size_t
ipvs_read_conns(struct ipvs_conn **conn, const json_t *rows)
{
	size_t n = json_array_size(rows);

	*conn = calloc(n + 1, sizeof(**conn));
	if (*conn == NULL)
		return 0;
	for (size_t i = 0; i < n; i++) {
		const json_t *o = json_array_get(rows, i);
		struct ipvs_conn *c = &(*conn)[i];

		c->proto = proto(string(o, "protocol"));
		c->expires_s = (uint32_t)number(o, "expires_s");
		snprintf(c->state, sizeof(c->state), "%s",
		    string(o, "state"));
		read_end(o, "client", &c->client, &c->cport);
		read_end(o, "virtual", &c->vip, &c->vport);
		read_end(o, "server", &c->server, &c->sport);
	}
	return n;
}
