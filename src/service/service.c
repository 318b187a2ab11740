/*
 * service.c - starting and stopping the small services, and their answers.
 *
 * What a service says is told from how it is carried: the texts are pure
 * functions (service_text.c), and here they go by UDP; service_tcp.c has the
 * streams.  Each service is one socket and one listener, bound to its port on
 * all addresses.
 *
 * Read RFC 862, RFC 863, RFC 864, RFC 867.
 */
#include "service/service.h"

#include <errno.h>
#include <string.h>

#include "stack/stack.h"

static const struct {
	const char *name;
	uint16_t port;
} table[SERVICE_COUNT] = {
	[SERVICE_ECHO] = { "echo", 7 },
	[SERVICE_DISCARD] = { "discard", 9 },
	[SERVICE_DAYTIME] = { "daytime", 13 },
	[SERVICE_CHARGEN] = { "chargen", 19 },
};

const char *
service_name(enum service_id id)
{
	assert(id < SERVICE_COUNT);
	return table[id].name;
}

uint16_t
service_port(enum service_id id)
{
	assert(id < SERVICE_COUNT);
	return table[id].port;
}

/* SERVICE_COUNT: no such name. */
static enum service_id
find(const char *name)
{
	unsigned id = 0;

	while (id < SERVICE_COUNT && strcmp(table[id].name, name) != 0)
		id++;
	return (enum service_id)id;
}

static void
answer(struct stack *stk, struct service *sv, const struct udp_from *from,
    const uint8_t *data)
{
	char text[SERVICE_TEXT_MAX];
	uint32_t len;

	switch (sv->id) {
	case SERVICE_ECHO:
		(void)udp_reply(stk, sv->udp, from, data, from->len);
		break;
	case SERVICE_DAYTIME:
		len = daytime_format(stk->now.us + stk->wall_offset_us, text);
		(void)udp_reply(stk, sv->udp, from, text, len);
		break;
	case SERVICE_CHARGEN:		/* RFC 864: 0 to 512, at random */
		len = rng_below(&stk->rng, SERVICE_TEXT_MAX + 1);
		chargen_fill(text, len);
		(void)udp_reply(stk, sv->udp, from, text, len);
		break;
	default:
		return;			/* discard */
	}
	sv->replies++;
}

/* A reply to a group would be a storm, one to another small service a loop. */
static bool
may_answer(struct stack *stk, const struct udp_from *from)
{
	return from->sport >= 1024 &&
	    ip_addr_kind(stk, &from->dst) == IP_ADDR_LOCAL;
}

static void
sock_ready(struct stack *stk, struct udp_sock *s, unsigned events)
{
	struct service *sv = s->owner;
	struct pkt *buf = pkt_alloc(&stk->pool, UDP_DATA_MAX);
	struct udp_from from;

	(void)events;
	/* Without a buffer what waits is given up, not left for ever. */
	while (udp_recv(stk, s, buf != NULL ? pkt_data(buf) : NULL,
	    buf != NULL ? UDP_DATA_MAX : 0, &from) >= 0) {
		sv->requests++;
		if (buf == NULL)
			drop_count(stk, DROP_NO_MEMORY);
		else if (may_answer(stk, &from))
			answer(stk, sv, &from, pkt_data(buf));
		else
			sv->refused++;
	}
	if (buf != NULL)
		pkt_free(buf);
}

static void
stop(struct stack *stk, struct service *sv)
{
	service_tcp_stop(stk, sv);
	udp_close(stk, sv->udp);
	sv->udp = NULL;
}

int
service_start(struct stack *stk, const char *name, struct err *err)
{
	enum service_id id = find(name);
	struct addr any = { { 0 } };
	struct service *sv;
	int r;

	if (id == SERVICE_COUNT)
		return err_set(err, -ENOENT, "\"%s\": no such service; "
		    "expected echo, discard, daytime or chargen", name);
	sv = &stk->service.of[id];
	if (sv->udp != NULL)
		return err_set(err, -EALREADY, "\"%s\": runs already", name);
	*sv = (struct service){ .id = id };
	sv->udp = udp_open(stk, sock_ready, sv);
	if (sv->udp == NULL)
		return err_set(err, -ENOMEM, "\"%s\": no more sockets", name);
	r = udp_bind(stk, sv->udp, &any, table[id].port);
	if (r != 0) {
		stop(stk, sv);
		return err_set(err, r, "\"%s\": UDP port %u is taken", name,
		    table[id].port);
	}
	r = service_tcp_start(stk, sv);
	if (r != 0) {
		stop(stk, sv);
		return err_set(err, r, r == -EADDRINUSE ?
		    "\"%s\": TCP port %u is taken" :
		    "\"%s\": no memory to listen on TCP port %u", name,
		    table[id].port);
	}
	return 0;
}

int
service_stop(struct stack *stk, const char *name, struct err *err)
{
	enum service_id id = find(name);

	if (id == SERVICE_COUNT)
		return err_set(err, -ENOENT, "\"%s\": no such service; "
		    "expected echo, discard, daytime or chargen", name);
	if (stk->service.of[id].udp == NULL)
		return err_set(err, -ENOENT, "\"%s\": does not run", name);
	stop(stk, &stk->service.of[id]);
	return 0;
}

void
service_fini(struct stack *stk)
{
	http_fini(stk);
	for (unsigned id = 0; id < SERVICE_COUNT; id++) {
		if (stk->service.of[id].udp != NULL)
			stop(stk, &stk->service.of[id]);
	}
}

const struct service *
service_get(const struct stack *stk, enum service_id id)
{
	assert(id < SERVICE_COUNT);
	return stk->service.of[id].udp != NULL ? &stk->service.of[id] : NULL;
}
