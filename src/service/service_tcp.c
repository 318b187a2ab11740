/*
 * service_tcp.c - the small services by TCP: streams.
 *
 * Nothing is buffered here.  What cannot be written stays in the receive
 * buffer, whose window then closes, so a peer that sends to echo and does not
 * read is stopped by TCP itself; chargen writes what the send buffer takes and
 * goes on when an ACK has made room.  Keepalives find peers that have gone
 * without a word.
 *
 * Read RFC 862, RFC 863, RFC 864, RFC 867.
 *
 * Owns struct service_conn: one a connection, from accept to close.
 */
#include <assert.h>
#include <errno.h>

#include "stack/stack.h"

#define BACKLOG		128
#define ECHO_PIECES	16	/* looked at in one go */
#define CHARGEN_PIECE	65536	/* written in one go: a super-frame's worth */
#define PATTERN_SIZE	(CHARGEN_PERIOD + CHARGEN_PIECE)

struct service_conn {
	struct service_conn *next, **prev;	/* of its service */
	struct service *sv;
	struct tcp_conn *tcp;
	uint32_t at;		/* chargen: where in the pattern */
};

bool
service_conn_enter(struct stack *stk)
{
	if (stk->service.conns >= stk->limits.service_conns)
		return false;
	stk->service.conns++;
	return true;
}

void
service_conn_leave(struct stack *stk)
{
	assert(stk->service.conns > 0);
	stk->service.conns--;
}

/* Forgets the connection; its handle has been given up. */
static void
conn_free(struct stack *stk, struct service_conn *sc)
{
	*sc->prev = sc->next;
	if (sc->next != NULL)
		sc->next->prev = sc->prev;
	sc->sv->open--;
	service_conn_leave(stk);
	mem_free(&stk->mem, sc, sizeof(*sc));
}

static void
conn_close(struct stack *stk, struct service_conn *sc)
{
	tcp_close(stk, sc->tcp);
	conn_free(stk, sc);
}

/* RFC 862: what comes in goes out; as much as can go out is taken in. */
static void
echo(struct stack *stk, struct service_conn *sc)
{
	struct iovec iov[ECHO_PIECES];
	uint32_t taken = 0, n = tcp_peek(sc->tcp, iov, ECHO_PIECES);

	for (uint32_t i = 0; i < n; i++) {
		uint32_t len = (uint32_t)iov[i].iov_len;
		int32_t r = tcp_write(stk, sc->tcp, iov[i].iov_base, len);

		taken += r > 0 ? (uint32_t)r : 0;
		if (r < (int32_t)len)
			break;
	}
	tcp_consume(stk, sc->tcp, taken);
}

static void
discard(struct stack *stk, struct service_conn *sc)
{
	tcp_consume(stk, sc->tcp, tcp_readable(sc->tcp));
}

/* RFC 864: until the peer has enough of it, which a reset tells. */
static void
chargen(struct stack *stk, struct service_conn *sc)
{
	int32_t n = 1;

	while (n > 0) {
		n = tcp_write(stk, sc->tcp, stk->service.pattern + sc->at,
		    CHARGEN_PIECE);
		if (n > 0)
			sc->at = (sc->at + (uint32_t)n) % CHARGEN_PERIOD;
	}
}

static void
daytime(struct stack *stk, struct service_conn *sc)
{
	char text[SERVICE_TEXT_MAX];
	uint32_t len = daytime_format(stk->now.us + stk->wall_offset_us, text);

	(void)tcp_write(stk, sc->tcp, text, len);
}

static void
conn_ready(struct stack *stk, struct tcp_conn *c, void *owner)
{
	struct service_conn *sc = owner;
	enum service_id id = sc->sv->id;
	uint32_t ends = TCP_EV_ERROR | TCP_EV_CLOSED;

	switch (id) {
	case SERVICE_ECHO:
		echo(stk, sc);
		break;
	case SERVICE_CHARGEN:
		discard(stk, sc);
		chargen(stk, sc);
		break;
	case SERVICE_DAYTIME:
		discard(stk, sc);
		daytime(stk, sc);
		conn_close(stk, sc);
		return;
	default:
		discard(stk, sc);
		break;
	}
	/* A half close does not end what chargen has to say. */
	if (id != SERVICE_CHARGEN)
		ends |= TCP_EV_EOF;
	if ((tcp_events(c) & ends) != 0)
		conn_close(stk, sc);
}

static void
conn_new(struct stack *stk, struct service *sv, struct tcp_conn *c)
{
	struct service_conn *sc = NULL;

	if (service_conn_enter(stk)) {
		sc = mem_alloc(&stk->mem, sizeof(*sc));
		if (sc == NULL)
			service_conn_leave(stk);
	}
	if (sc == NULL) {
		sv->refused++;
		tcp_abort(stk, c);
		return;
	}
	sc->sv = sv;
	sc->tcp = c;
	sc->next = sv->conns;
	sc->prev = &sv->conns;
	if (sc->next != NULL)
		sc->next->prev = &sc->next;
	sv->conns = sc;
	sv->accepted++;
	sv->open++;
	tcp_set_owner(stk, c, conn_ready, sc);
}

static void
acceptable(struct stack *stk, struct tcp_listener *l, void *owner)
{
	struct tcp_conn *c;

	while ((c = tcp_accept(stk, l)) != NULL)
		conn_new(stk, owner, c);
}

int
service_tcp_start(struct stack *stk, struct service *sv)
{
	struct tcp_conf conf = *tcp_conf_stack(stk);
	struct addr any = { { 0 } };
	int r;

	conf.keepalive = true;
	conf.nodelay = true;
	if (sv->id == SERVICE_CHARGEN) {
		stk->service.pattern = mem_alloc(&stk->mem, PATTERN_SIZE);
		if (stk->service.pattern == NULL)
			return -ENOMEM;
		chargen_fill(stk->service.pattern, PATTERN_SIZE);
	}
	r = tcp_listen(stk, &any, service_port(sv->id), BACKLOG, &conf,
	    acceptable, sv, &sv->listener);
	if (r != 0)
		service_tcp_stop(stk, sv);
	return r;
}

void
service_tcp_stop(struct stack *stk, struct service *sv)
{
	while (sv->conns != NULL) {
		tcp_abort(stk, sv->conns->tcp);
		conn_free(stk, sv->conns);
	}
	if (sv->listener != NULL)
		tcp_listen_close(stk, sv->listener);
	sv->listener = NULL;
	if (sv->id == SERVICE_CHARGEN) {
		mem_free(&stk->mem, stk->service.pattern, PATTERN_SIZE);
		stk->service.pattern = NULL;
	}
}
