/*
 * pd_sock.c - sockets: making, naming, listening, connecting, closing.
 *
 * Semantics as Linux's calls have them.  Data goes through pd_io.c, options
 * through pd_opt.c, readiness through pd_poll.c.
 */
#include "packetdrill/pd.h"
#include "udp/udp.h"

#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

/* ---- addresses ----------------------------------------------------------- */

int
pd_addr_get(const struct sockaddr *sa, socklen_t n, struct addr *a,
    uint16_t *port)
{
	if (sa == NULL)
		return -EFAULT;
	if (sa->sa_family == AF_INET && n >= sizeof(struct sockaddr_in)) {
		struct sockaddr_in in;

		memcpy(&in, sa, sizeof(in));
		*a = addr_from_ip4((struct ip4){ ntohl(in.sin_addr.s_addr) });
		*port = ntohs(in.sin_port);
	} else if (sa->sa_family == AF_INET6 &&
	    n >= sizeof(struct sockaddr_in6)) {
		struct sockaddr_in6 in6;

		memcpy(&in6, sa, sizeof(in6));
		memcpy(a->b, &in6.sin6_addr, 16);
		*port = ntohs(in6.sin6_port);
	} else {
		return sa->sa_family == AF_INET || sa->sa_family == AF_INET6 ?
		    -EINVAL : -EAFNOSUPPORT;
	}
	if (addr_is_any(a))
		*a = (struct addr){ { 0 } };
	return 0;
}

void
pd_addr_put(const struct pd_sock *s, const struct addr *a, uint16_t port,
    struct sockaddr *sa, socklen_t *n)
{
	struct sockaddr_in in = { .sin_family = AF_INET,
	    .sin_port = htons(port) };
	struct sockaddr_in6 in6 = { .sin6_family = AF_INET6,
	    .sin6_port = htons(port) };

	if (sa == NULL || n == NULL)
		return;
	if (s->domain == AF_INET6) {
		memcpy(&in6.sin6_addr, a->b, 16);
		memcpy(sa, &in6, *n < sizeof(in6) ? *n : sizeof(in6));
		*n = sizeof(in6);
	} else {
		in.sin_addr.s_addr = htonl(addr_to_ip4(a).v);
		memcpy(sa, &in, *n < sizeof(in) ? *n : sizeof(in));
		*n = sizeof(in);
	}
}

/* An address of packetdrill's choice becomes ours. */
static int
local_address(struct pd *pd, const struct addr *a)
{
	struct ip4_prefix p = { .len = 32 };

	if (addr_is_any(a))
		return 0;
	if (!addr_is_ip4(a))
		return -EADDRNOTAVAIL;
	p.ip = addr_to_ip4(a);
	if (iface_addr_local(pd->stk, p.ip) != NULL)
		return 0;
	if (!ip4_in_prefix(p.ip, pd->local))
		return -EADDRNOTAVAIL;
	return iface_addr_add(pd->stk, pd->port->ifp, p, SCOPE_GLOBAL, NULL);
}

/* ---- what the stack tells ------------------------------------------------ */

/* Counts the edges that EPOLLET reports. */
static void
conn_ready(struct stack *stk, struct tcp_conn *c, void *owner)
{
	struct pd_sock *s = owner;
	uint32_t ev = tcp_events(c), n = tcp_readable(c);

	if (n > s->in_bytes || (ev & (TCP_EV_EOF | TCP_EV_ERROR)) != 0)
		s->in_edges++;
	s->in_bytes = n;
	if ((ev & TCP_EV_CONNECTED) != 0 && !s->was_connected) {
		s->was_connected = true;
		s->out_edges++;
	}
	/* MSG_MORE lasts until an ACK makes the sender look again. */
	if (s->more && s->writes_seen != tcp_unacked(c)) {
		s->more = false;
		tcp_set(stk, c, TCPO_CORK, s->cork_opt);
	}
	if (s->nospace && !s->modelled && (ev & TCP_EV_WRITABLE) != 0) {
		s->nospace = false;
		s->out_edges++;
	}
	if ((ev & (TCP_EV_ERROR | TCP_EV_CLOSED)) != 0)
		s->out_edges++;
	*s->event = true;
}

static void
listener_ready(struct stack *stk, struct tcp_listener *l, void *owner)
{
	struct pd_sock *s = owner;

	(void)stk;
	(void)l;
	s->in_edges++;
	*s->event = true;
}

/* A reset behind the peer's FIN: to Linux nobody reads any more. */
static int
death_of(const struct pd *pd, const struct pd_sock *s)
{
	int e = -tcp_error(s->conn);

	return e == ECONNRESET && pd->layout == PD_LINUX && !s->wr_shut &&
	    (tcp_events(s->conn) & TCP_EV_FIN) != 0 ? EPIPE : e;
}

/* The error that waits to be told, once: a connection's death, too. */
int
pd_error_take(const struct pd *pd, struct pd_sock *s)
{
	int e = s->error;

	s->error = 0;
	if (s->udp != NULL) {
		int own = -udp_error(s->udp);

		return own != 0 ? own : e;
	}
	if (e == 0 && s->conn != NULL && !s->error_told) {
		e = death_of(pd, s);
		s->error_told = e != 0;
	}
	return e;
}

/* ---- life ---------------------------------------------------------------- */

struct pd_sock *
pd_sock_new(struct pd *pd, enum pd_kind kind)
{
	struct pd_sock *s = calloc(1, sizeof(*s));

	if (s == NULL)
		return NULL;
	s->fd = eventfd(0, EFD_CLOEXEC);
	if (s->fd < 0 || s->fd >= PD_FDS) {
		if (s->fd >= 0)
			close(s->fd);
		free(s);
		errno = EMFILE;
		return NULL;
	}
	/* packetdrill may have closed one by itself. */
	if (pd->sock[s->fd] != NULL) {
		int fd = s->fd;

		pd->sock[fd]->fd = -1;
		pd_sock_free(pd, pd->sock[fd]);
	}
	s->kind = kind;
	s->domain = AF_INET;
	s->event = &pd->event;
	s->conf = pd->conf;
	s->rcvlowat = 1;
	pd->sock[s->fd] = s;
	return s;
}

/* Lets go of whatever the socket stands for. */
void
pd_sock_free(struct pd *pd, struct pd_sock *s)
{
	if (s->udp != NULL)
		pd_udp_close(pd, s);
	if (s->listener != NULL)
		tcp_listen_close(pd->stk, s->listener);
	if (s->conn != NULL) {
		tcp_set_owner(pd->stk, s->conn, NULL, NULL);
		tcp_close(pd->stk, s->conn);
	}
	if (s->fd >= 0) {
		pd_forget_interest(pd, s->fd);
		pd->sock[s->fd] = NULL;
		close(s->fd);
	}
	free(s);
}

static int
pd_socket(void *ud, int domain, int type, int proto)
{
	int base = type & 0xff;
	bool udp = base == SOCK_DGRAM;
	struct pd *pd = ud;
	struct pd_sock *s;

	if (domain != AF_INET && domain != AF_INET6) {
		errno = EAFNOSUPPORT;
		return -1;
	}
	if ((base != SOCK_STREAM && base != SOCK_DGRAM) || (proto != 0 &&
	    proto != (udp ? IPPROTO_UDP : IPPROTO_TCP))) {
		errno = EPROTONOSUPPORT;
		return -1;
	}
	pthread_mutex_lock(&pd->lock);
	pd_sysctl_poll(pd);
	s = pd_sock_new(pd, udp ? PD_UDP : PD_TCP);
	if (s != NULL) {
		s->domain = domain;
		s->nonblock = (type & SOCK_NONBLOCK) != 0;
	}
	if (s != NULL && udp && pd_udp_open(pd, s) != 0) {
		pd_sock_free(pd, s);
		s = NULL;
		errno = ENOBUFS;
	}
	pthread_mutex_unlock(&pd->lock);
	return s == NULL ? -1 : s->fd;
}

/* Has a connection the port, perhaps one in TIME-WAIT that nobody holds? */
static bool
port_connected(const struct pd *pd, uint16_t port)
{
	struct tcp_status st;
	uint64_t pos = 0;

	while (tcp_walk(pd->stk, &pos, &st)) {
		if (st.lport == port && st.state >= TCPS_ESTABLISHED)
			return true;
	}
	return false;
}

/* ip(7): may s have its local port?  Two may, if both say so and neither
 * listens; and who says so may have it in spite of connections. */
static bool
port_free(const struct pd *pd, const struct pd_sock *s)
{
	if (!pd_option_on(s, SO_REUSEADDR) && port_connected(pd, s->lport))
		return false;
	for (int fd = 0; fd < PD_FDS; fd++) {
		const struct pd_sock *t = pd->sock[fd];

		if (t == NULL || t == s || t->kind != PD_TCP || !t->bound ||
		    t->lport != s->lport || s->lport == 0)
			continue;
		if (!addr_eq(&t->local, &s->local) &&
		    !addr_is_any(&t->local) && !addr_is_any(&s->local))
			continue;
		if (t->listener != NULL || !pd_option_on(t, SO_REUSEADDR) ||
		    !pd_option_on(s, SO_REUSEADDR))
			return false;
	}
	return true;
}

static int
pd_bind(void *ud, int fd, const struct sockaddr *sa, socklen_t n)
{
	struct pd *pd = ud;
	struct pd_sock *s = pd_enter(pd, fd);
	int r;

	if (s == NULL)
		return -1;
	if (s->bound || s->conn != NULL || s->listener != NULL)
		return (int)pd_leave(pd, -EINVAL);
	r = pd_addr_get(sa, n, &s->local, &s->lport);
	if (r == 0)
		r = local_address(pd, &s->local);
	if (r == 0 && s->udp != NULL)
		r = pd_udp_bind(pd, s);
	else if (r == 0 && !port_free(pd, s))
		r = -EADDRINUSE;
	s->bound = r == 0;
	return (int)pd_leave(pd, r);
}

static int
pd_listen(void *ud, int fd, int backlog)
{
	struct pd *pd = ud;
	struct pd_sock *s = pd_enter(pd, fd);
	uint32_t n = backlog < 0 ? 0 : (uint32_t)backlog;
	int r;

	if (s == NULL)
		return -1;
	if (s->kind != PD_TCP)
		return (int)pd_leave(pd, -EOPNOTSUPP);
	if (s->conn != NULL)
		return (int)pd_leave(pd, -EINVAL);
	/* listen(2) once more: the new backlog. */
	if (s->listener != NULL) {
		tcp_listener_set_backlog(s->listener, n);
		return (int)pd_leave(pd, 0);
	}
	pd_conf_refresh(pd, s);
	r = tcp_listen(pd->stk, &s->local, s->lport, n, &s->conf,
	    listener_ready, s, &s->listener);
	return (int)pd_leave(pd, r);
}

/* A socket for a connection that l's queue gave. */
static struct pd_sock *
accepted(struct pd *pd, const struct pd_sock *l, struct tcp_conn *c)
{
	struct pd_sock *s = pd_sock_new(pd, PD_TCP);
	struct tcp_status st;

	if (s == NULL) {
		tcp_abort(pd->stk, c);
		return NULL;
	}
	tcp_status(pd->stk, c, &st);
	s->domain = l->domain;
	s->conf = l->conf;
	s->rcvbuf = l->rcvbuf;
	s->sndbuf = l->sndbuf;
	s->inq = l->inq;
	s->zerocopy = l->zerocopy;
	s->oobinline = l->oobinline;
	s->rcv_timeo_us = l->rcv_timeo_us;
	s->snd_timeo_us = l->snd_timeo_us;
	s->notsent_lowat = l->notsent_lowat;
	memcpy(s->option, l->option, sizeof(s->option));
	s->options = l->options;
	s->cork_opt = l->conf.cork;
	s->bound = s->was_connected = true;
	s->conn = c;
	s->local = st.local;
	s->lport = st.lport;
	s->remote = st.remote;
	s->rport = st.rport;
	s->in_bytes = tcp_readable(c);
	tcp_set_owner(pd->stk, c, conn_ready, s);
	return s;
}

static int
pd_accept(void *ud, int fd, struct sockaddr *sa, socklen_t *n)
{
	struct pd *pd = ud;
	struct pd_sock *s = pd_enter(pd, fd), *new;
	struct instant due;
	struct tcp_conn *c;

	if (s == NULL)
		return -1;
	if (s->kind != PD_TCP)
		return (int)pd_leave(pd, -EOPNOTSUPP);
	if (s->listener == NULL)
		return (int)pd_leave(pd, -EINVAL);
	due = pd_patience(pd, s->rcv_timeo_us);
	while ((c = tcp_accept(pd->stk, s->listener)) == NULL) {
		if (s->nonblock || !pd_block(pd, due))
			return (int)pd_leave(pd, -EAGAIN);
	}
	new = accepted(pd, s, c);
	if (new == NULL)
		return (int)pd_leave(pd, -EMFILE);
	pd_addr_put(new, &new->remote, new->rport, sa, n);
	return (int)pd_leave(pd, new->fd);
}

/* ---- connect ------------------------------------------------------------- */

/* Back to a socket without a connection: connect() to AF_UNSPEC. */
static int
disconnect(struct pd *pd, struct pd_sock *s)
{
	if (s->conn != NULL) {
		tcp_set_owner(pd->stk, s->conn, NULL, NULL);
		tcp_abort(pd->stk, s->conn);
	}
	s->conn = NULL;
	s->connecting = s->was_connected = s->deferred = false;
	s->error_told = s->wr_shut = s->rd_shut = false;
	s->error = 0;
	return 0;
}

int
pd_connect_begin(struct pd *pd, struct pd_sock *s, const struct sockaddr *sa,
    socklen_t n, const void *data, uint32_t len)
{
	struct tcp_conf conf;
	struct tcp_open o = { .local = s->local, .lport = s->lport,
	    .conf = &conf, .ready = conn_ready, .owner = s, .data = data,
	    .data_len = len };
	int r;

	if (sa != NULL && n >= sizeof(sa->sa_family) &&
	    sa->sa_family == AF_UNSPEC)
		return disconnect(pd, s);
	pd_conf_refresh(pd, s);
	conf = s->conf;
	/* Fast Open is for those who ask for it. */
	if (data == NULL && !s->fastopen_connect)
		conf.fastopen &= (uint8_t)~TCP_FASTOPEN_CLIENT;
	r = pd_addr_get(sa, n, &o.remote, &o.rport);
	if (r != 0)
		return r;
	if (!addr_is_ip4(&o.remote))
		return -ENETUNREACH;
	r = tcp_connect(pd->stk, &o, &s->conn);
	if (r != 0)
		return r;
	s->remote = o.remote;
	s->rport = o.rport;
	s->connecting = true;
	s->deferred = s->error_told = false;
	return -EINPROGRESS;
}

int
pd_connect_wait(struct pd *pd, struct pd_sock *s)
{
	struct instant due = pd_patience(pd, s->snd_timeo_us);
	int e;

	while (s->conn != NULL &&
	    (tcp_events(s->conn) & TCP_EV_CONNECTED) == 0) {
		e = pd_error_take(pd, s);
		if (e != 0 || (tcp_events(s->conn) & TCP_EV_CLOSED) != 0) {
			s->connecting = false;
			return e != 0 ? -e : -ECONNABORTED;
		}
		if (!pd_block(pd, due))
			return instant_is_never(due) ? -ETIMEDOUT :
			    -EINPROGRESS;
	}
	s->connecting = false;
	return 0;
}

/* TCP_FASTOPEN_CONNECT: with a cookie in hand the first data shall go with the
 * SYN, so that waits for them. */
static bool
defer(struct pd *pd, struct pd_sock *s, const struct sockaddr *sa,
    socklen_t n)
{
	if (!s->fastopen_connect || s->conn != NULL ||
	    pd_addr_get(sa, n, &s->remote, &s->rport) != 0)
		return false;
	pd_conf_refresh(pd, s);
	s->deferred = tcp_fastopen_room(pd->stk, &s->remote, &s->conf) > 0;
	if (s->deferred)
		s->out_edges++;
	return s->deferred;
}

static int
pd_connect(void *ud, int fd, const struct sockaddr *sa, socklen_t n)
{
	struct pd *pd = ud;
	struct pd_sock *s = pd_enter(pd, fd);
	int r, e;

	if (s == NULL)
		return -1;
	if (s->udp != NULL)
		return (int)pd_leave(pd, pd_udp_connect(pd, s, sa, n));
	if (s->listener != NULL)
		return (int)pd_leave(pd, -EISCONN);
	if (s->conn != NULL && sa != NULL && sa->sa_family != AF_UNSPEC) {
		if ((tcp_events(s->conn) & TCP_EV_CONNECTED) != 0) {
			r = s->connecting ? 0 : -EISCONN;
			s->connecting = false;
			return (int)pd_leave(pd, r);
		}
		if ((e = pd_error_take(pd, s)) != 0) {
			s->connecting = false;
			return (int)pd_leave(pd, -e);
		}
		if ((tcp_events(s->conn) & TCP_EV_CLOSED) == 0)
			return (int)pd_leave(pd, -EALREADY);
		/* Its end was told to somebody else. */
		r = s->connecting ? -ECONNABORTED : 0;
		disconnect(pd, s);
		if (r != 0)
			return (int)pd_leave(pd, r);
	}
	if (s->deferred && sa != NULL && sa->sa_family != AF_UNSPEC)
		return (int)pd_leave(pd, -EISCONN);
	if (defer(pd, s, sa, n))
		return (int)pd_leave(pd, 0);
	r = pd_connect_begin(pd, s, sa, n, NULL, 0);
	if (r == -EINPROGRESS && !s->nonblock) {
		pd_settle(pd);
		r = pd_connect_wait(pd, s);
	}
	return (int)pd_leave(pd, r);
}

/* ---- the end ------------------------------------------------------------- */

static int
pd_shutdown(void *ud, int fd, int how)
{
	struct pd *pd = ud;
	struct pd_sock *s = pd_enter(pd, fd);
	struct tcp_status st;

	if (s == NULL)
		return -1;
	if (how != SHUT_RD && how != SHUT_WR && how != SHUT_RDWR)
		return (int)pd_leave(pd, -EINVAL);
	if (s->udp != NULL)
		return (int)pd_leave(pd, pd_udp_shutdown(s, how));
	if (s->listener != NULL) {
		if (how == SHUT_WR)
			return (int)pd_leave(pd, 0);
		tcp_listen_close(pd->stk, s->listener);
		s->listener = NULL;
		return (int)pd_leave(pd, 0);
	}
	if (s->conn == NULL || (tcp_events(s->conn) & TCP_EV_CLOSED) != 0)
		return (int)pd_leave(pd, -ENOTCONN);
	tcp_status(pd->stk, s->conn, &st);
	/* To an owner a connection that only waits is over. */
	if (st.state == TCPS_TIME_WAIT)
		return (int)pd_leave(pd, -ENOTCONN);
	/* RFC 9293 3.10.4: CLOSE in SYN-SENT. */
	if (st.state == TCPS_SYN_SENT)
		return (int)pd_leave(pd, disconnect(pd, s));
	if (how != SHUT_WR)
		s->rd_shut = true;
	if (how != SHUT_RD) {
		s->wr_shut = true;
		tcp_shutdown(pd->stk, s->conn);
	}
	*s->event = true;
	return (int)pd_leave(pd, 0);
}

/* SO_LINGER with a time: close() waits until all is acknowledged. */
static void
linger(struct pd *pd, struct pd_sock *s)
{
	struct instant due = instant_add(pd->now,
	    (int64_t)s->conf.linger_ms * 1000);
	struct tcp_status st;

	tcp_shutdown(pd->stk, s->conn);
	for (;;) {
		tcp_status(pd->stk, s->conn, &st);
		if (st.state == TCPS_CLOSED || st.state == TCPS_FIN_WAIT_2 ||
		    st.state == TCPS_TIME_WAIT ||
		    !pd_block(pd, due))
			return;
	}
}

static int
pd_close(void *ud, int fd)
{
	struct pd *pd = ud;
	struct pd_sock *s;

	if (fd >= 0 && fd < PD_FDS && pd->sock[fd] == NULL)
		return close(fd);	/* a pipe's */
	s = pd_enter(pd, fd);
	if (s == NULL)
		return -1;
	if (s->conn != NULL && !s->nonblock && s->conf.linger &&
	    s->conf.linger_ms > 0 && tcp_readable(s->conn) == 0 &&
	    (tcp_events(s->conn) & TCP_EV_CONNECTED) != 0)
		linger(pd, s);
	pd_sock_free(pd, s);
	return (int)pd_leave(pd, 0);
}

static int
pd_pipe(void *ud, int fds[2])
{
	(void)ud;
	return pipe(fds);
}

void
pd_sock_members(struct packetdrill_interface *ifc)
{
	ifc->socket = pd_socket;
	ifc->bind = pd_bind;
	ifc->listen = pd_listen;
	ifc->accept = pd_accept;
	ifc->connect = pd_connect;
	ifc->shutdown = pd_shutdown;
	ifc->close = pd_close;
	ifc->pipe = pd_pipe;
}
