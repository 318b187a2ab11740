/*
 * fuzz.c - the bed of the fuzz targets, and what must hold in it.
 */
#include "fuzz/fuzz.h"

#include <errno.h>
#include <string.h>

#include "base/csum.h"
#include "ctl/cmd.h"

struct env
fuzz_env(void)
{
	struct env env = { .seed = { 1 }, .limits = LIMITS_DEFAULT };

	env.limits.pkt_small = 256;
	env.limits.pkt_large = 16;
	env.limits.ports = 8;
	env.limits.neighs = 32;
	env.limits.frag_queues = 8;
	env.limits.lb_flows = 62;
	env.limits.lb_services = 64;
	env.limits.lb_servers = 64;
	env.limits.tcp_conns = 32;
	env.limits.tcp_syn_queue = 4;
	env.limits.tcp_mem = 1 << 20;
	return env;
}

static int
port_open(void *arg, const struct port_spec *spec, struct err *err)
{
	struct fuzz_bed *b = arg;
	struct mac mac = { { 2, 0, 0, 0, 1, b->next_mac } };
	struct port *port;
	int r;

	if (b->refuse_ports)
		return err_set(err, -EBUSY, "\"%s\": device busy", spec->name);
	if (spec->has_mac)
		mac = spec->mac;
	port = mem_port_new(&b->stk->mem, spec->name, spec->l2,
	    spec->l2 ? mac : MAC_ZERO, spec->mtu != 0 ? spec->mtu : 1500, 0);
	if (port == NULL)
		return err_set(err, -ENOMEM, "\"%s\": no memory", spec->name);
	r = port_add(b->stk, port);
	if (r != 0) {
		port->ops->close(port, &b->stk->mem);
		return err_set(err, r, "\"%s\": not opened", spec->name);
	}
	b->next_mac++;
	return 0;
}

static void
accepted(void *arg, const char *line)
{
	(void)arg;
	FUZZ_CHECK(strchr(line, '\n') == NULL);
}

static void
snapshot(void *arg)
{
	const struct fuzz_bed *b = arg;
	char *text = ctl_config_show(b->ctl);

	FUZZ_CHECK(text != NULL);
	free(text);
}

static int
write_file(void *arg, const char *path, const char *text, struct err *err)
{
	(void)arg;
	(void)text;
	if (path != NULL)
		return err_set(err, -EACCES, "\"%s\": not here", path);
	return 0;
}

void
fuzz_bed_up(struct fuzz_bed *b, const struct env *env)
{
	struct ctl_host host = { .arg = b, .port_open = port_open,
	    .accepted = accepted, .snapshot = snapshot,
	    .write_file = write_file };

	*b = (struct fuzz_bed){ .next_mac = 1 };
	b->stk = stack_new(env, instant_from_us(0));
	FUZZ_CHECK(b->stk != NULL);
	b->ctl = ctl_new(b->stk, &host);
	FUZZ_CHECK(b->ctl != NULL);
}

void
fuzz_bed_down(struct fuzz_bed *b)
{
	ctl_free(b->ctl);
	stack_free(b->stk);
}

/* Line by line: comparing whole configurations costs more than the rest of a
 * short input. */
void
fuzz_bed_config(struct fuzz_bed *b, const char *text)
{
	char *copy = strdup(text), *at = copy, *line;

	FUZZ_CHECK(copy != NULL);
	while ((line = strsep(&at, "\n")) != NULL) {
		const char *word[CTL_WORDS_MAX];
		struct err err = { "" };
		struct command cmd;
		int bad, n = line_split(line, word, CTL_WORDS_MAX);

		if (n == 0)
			continue;
		if (command_parse(&cmd, n, word, 0, &bad, &err) != 0 ||
		    ctl_change(b->ctl, &cmd, &err) != 0) {
			fprintf(stderr, "%s %s ...: %s\n", word[0], word[1],
			    err.text);
			abort();
		}
	}
	free(copy);
}

void
fuzz_bed_say(struct ctl_session *s, const char *line)
{
	char *copy = strdup(line), *raw;
	const char *word[CTL_WORDS_MAX];
	int n = line_split(copy, word, CTL_WORDS_MAX);
	json_t *words = json_array();

	FUZZ_CHECK(copy != NULL && words != NULL && n > 0);
	for (int i = 0; i < n; i++)
		json_array_append_new(words, json_string(word[i]));
	words = json_pack("{s:i,s:o}", "id", 1, "command", words);
	raw = json_dumps(words, JSON_COMPACT);
	FUZZ_CHECK(raw != NULL);
	ctl_input(s, raw, strlen(raw));
	free(raw);
	json_decref(words);
	free(copy);
}

int64_t
fuzz_wait_us(uint8_t code)
{
	return (int64_t)(code & 15) << (code >> 4) * 2;
}

void
fuzz_advance(struct stack *stk, int64_t wait_us, int turns)
{
	struct instant end = instant_add(stk->now, wait_us);

	for (int i = 0; i < turns; i++) {
		struct instant due = stack_next_deadline(stk);

		if (!instant_reached(end, due))
			break;
		FUZZ_CHECK(!instant_before(due, stk->now) || i == 0);
		stack_poll(stk, instant_before(stk->now, due) ? due :
		    stk->now);
	}
	stack_poll(stk, end);
}

static void
check_servers(struct stack *stk)
{
	struct lb_service *svc = NULL;

	while ((svc = lb_service_next(stk, svc)) != NULL) {
		struct lb_server *srv = NULL;

		while ((srv = lb_server_next(svc, srv)) != NULL) {
			uint32_t refs = 0, active = 0, pos = 0;
			struct lb_flow *f;

			while ((f = lb_flow_next(stk, &pos, NULL)) != NULL) {
				if (f->server_index != srv->index)
					continue;
				refs++;
				active += (f->flags & LB_FLOW_ACTIVE) != 0;
			}
			FUZZ_CHECK(srv->refs == refs);
			FUZZ_CHECK(srv->active == active);
			FUZZ_CHECK(srv->inactive + srv->active +
			    srv->persist == refs);
		}
	}
}

void
fuzz_stack_check(struct stack *stk)
{
	const struct ip_stats *ip = &stk->ip.stats;
	uint64_t drops = 0, held = stk->pool.live, fates;

	for (int i = 0; i < DROP_COUNT; i++)
		drops += stk->drop.count[i];
	for (const struct frag_queue *q = stk->ip.reass.oldest; q != NULL;
	    q = q->newer)
		held += q->count;
	/* A packet of our own may be dropped, too: no more than this. */
	fates = ip->delivered + ip->forwarded + ip->merged + drops +
	    held;
	FUZZ_CHECK(ip->received <= fates);
	FUZZ_CHECK(stk->pool.live <= stk->pool.small_made +
	    stk->pool.large_made);
	FUZZ_CHECK(stk->pool.small_made <= stk->limits.pkt_small);
	FUZZ_CHECK(stk->pool.large_made <= stk->limits.pkt_large);
	FUZZ_CHECK(stk->lb.flows.count <= stk->limits.lb_flows);
	FUZZ_CHECK(tcp_timers_run(stk));
	check_servers(stk);
}

static void
check_ip4(const struct mem_frame *f, uint32_t at)
{
	const uint8_t *p = f->data + at;
	uint32_t hlen, len = f->len - at;

	FUZZ_CHECK(len >= 20 && p[0] >> 4 == 4);
	hlen = (p[0] & 15u) * 4;
	FUZZ_CHECK(hlen >= 20 && hlen <= len);
	FUZZ_CHECK(be16_get(p + 2) >= hlen && be16_get(p + 2) <= len);
	FUZZ_CHECK(csum_finish(csum_add(0, p, hlen)) == 0);
	if (f->csum_needed && p[9] != 4)	/* IPIP: the inner one's */
		FUZZ_CHECK(f->csum_start == at + hlen);
}

void
fuzz_frame_check(const struct port *port, const struct mem_frame *f)
{
	uint32_t l2 = port->l2 ? 14 : 0;
	uint16_t type = 0x0800;

	FUZZ_CHECK(f->len >= l2);
	if (port->l2)
		type = be16_get(f->data + 12);
	FUZZ_CHECK(f->gso_type == PKT_GSO_NONE || f->csum_needed);
	if (f->gso_type == PKT_GSO_NONE)
		FUZZ_CHECK(f->len <= port->mtu + l2);
	else
		FUZZ_CHECK(f->gso_size > 0 && f->gso_size < port->mtu);
	if (f->csum_needed) {
		FUZZ_CHECK((port->offload & PORT_CSUM) != 0);
		FUZZ_CHECK(f->csum_start >= l2);
		FUZZ_CHECK(f->csum_start + f->csum_offset + 2u <= f->len);
	}
	if (type == 0x0800)
		check_ip4(f, l2);
	else
		FUZZ_CHECK(type == 0x0806 || type == 0x8035);
}

char *
fuzz_string(const uint8_t *data, size_t size)
{
	char *s = malloc(size + 1);

	FUZZ_CHECK(s != NULL);
	memcpy(s, data, size);
	s[size] = '\0';
	return s;
}
