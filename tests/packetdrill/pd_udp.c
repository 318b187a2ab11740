/*
 * pd_udp.c - SOCK_DGRAM: datagrams as udp(7) has them.
 *
 * The calls themselves are in the other files, which come here for a socket of
 * the kind PD_UDP.
 */
#include "packetdrill/pd.h"
#include "packetdrill/pd_netinet.h"
#include "udp/udp.h"

#include <linux/errqueue.h>
#include <netinet/udp.h>
#include <stdlib.h>
#include <string.h>

/* The errno of an ICMP error, as ip(7) tells it. */
static int
report_errno(const struct udp_report *r)
{
	static const uint8_t unreach[] = { ENETUNREACH, EHOSTUNREACH,
	    ENOPROTOOPT, ECONNREFUSED, EMSGSIZE, EOPNOTSUPP, ENETUNREACH,
	    EHOSTDOWN, ENONET, ENETUNREACH, EHOSTUNREACH, ENETUNREACH,
	    EHOSTUNREACH, EHOSTUNREACH, EHOSTUNREACH, EHOSTUNREACH };

	if (r->type == 3 && r->code < sizeof(unreach))
		return unreach[r->code];
	return r->type == 12 ? EPROTO : EHOSTUNREACH;
}

/* ip(7): with IP_RECVERR every error is the socket's, too. */
static void
udp_ready(struct stack *stk, struct udp_sock *u, unsigned events)
{
	struct pd_sock *s = u->owner;

	(void)stk;
	s->in_edges++;
	if ((events & UDP_ERROR) != 0) {
		s->out_edges++;
		if (u->report_count > 0)
			s->error = report_errno(&u->reports[(u->report_first +
			    u->report_count - 1) % UDP_REPORTS_MAX]);
	}
	*s->event = true;
}

int
pd_udp_open(struct pd *pd, struct pd_sock *s)
{
	s->udp = udp_open(pd->stk, udp_ready, s);
	return s->udp == NULL ? -ENOBUFS : 0;
}

void
pd_udp_close(struct pd *pd, struct pd_sock *s)
{
	udp_close(pd->stk, s->udp);
	s->udp = NULL;
	free(s->held);
	s->held = NULL;
}

int
pd_udp_bind(struct pd *pd, struct pd_sock *s)
{
	return udp_bind(pd->stk, s->udp, &s->local, s->lport);
}

int
pd_udp_connect(struct pd *pd, struct pd_sock *s, const struct sockaddr *sa,
    socklen_t n)
{
	int r;

	if (sa != NULL && n >= sizeof(sa->sa_family) &&
	    sa->sa_family == AF_UNSPEC) {
		udp_disconnect(s->udp);
		s->rd_shut = s->wr_shut = false;
		return 0;
	}
	r = pd_addr_get(sa, n, &s->remote, &s->rport);
	if (r != 0)
		return r;
	return udp_connect(pd->stk, s->udp, &s->remote, s->rport);
}

int
pd_udp_shutdown(struct pd_sock *s, int how)
{
	if (s->udp->rport == 0)
		return -ENOTCONN;
	s->rd_shut |= how != SHUT_WR;
	s->wr_shut |= how != SHUT_RD;
	*s->event = true;
	return 0;
}

uint32_t
pd_udp_events(const struct pd_sock *s)
{
	const struct udp_sock *u = s->udp;
	uint32_t ev = EPOLLOUT | EPOLLWRNORM;

	if (!STAILQ_EMPTY(&u->rx) || s->rd_shut)
		ev |= EPOLLIN | EPOLLRDNORM;
	if (s->rd_shut)
		ev |= EPOLLRDHUP;
	if (s->rd_shut && s->wr_shut)
		ev |= EPOLLHUP;
	if (u->error != 0 || s->error != 0 || u->report_count > 0)
		ev |= EPOLLERR;
	return ev;
}

/* Bytes of the next datagram. */
uint32_t
pd_udp_waiting(const struct pd_sock *s)
{
	const struct udp_dgram *d = STAILQ_FIRST(&s->udp->rx);

	return d == NULL ? 0 : d->from.len;
}

/* ---- in ------------------------------------------------------------------ */

static size_t
scatter(const struct iovec *iov, size_t n, const uint8_t *p, size_t len)
{
	size_t done = 0, m;

	for (size_t i = 0; i < n && done < len; i++) {
		m = iov[i].iov_len < len - done ? iov[i].iov_len : len - done;
		memcpy(iov[i].iov_base, p + done, m);
		done += m;
	}
	return done;
}

/* The next datagram into buf, or -Exxx. */
static ssize_t
next(struct pd *pd, struct pd_sock *s, uint8_t *buf, struct udp_from *from,
    int flags)
{
	const struct udp_dgram *d = STAILQ_FIRST(&s->udp->rx);
	int e;

	if (s->error != 0)
		return -pd_error_take(pd, s);
	if ((flags & MSG_PEEK) == 0)
		return udp_recv(pd->stk, s->udp, buf, UDP_DATA_MAX, from);
	e = udp_error(s->udp);
	if (e != 0 || d == NULL)
		return e != 0 ? e : -EAGAIN;
	*from = d->from;
	memcpy(buf, d->data, d->from.len);
	return (ssize_t)d->from.len;
}

ssize_t
pd_udp_take(struct pd *pd, struct pd_sock *s, const struct iovec *iov,
    size_t n, int flags, struct sockaddr *sa, socklen_t *salen)
{
	bool wait = !s->nonblock && (flags & MSG_DONTWAIT) == 0;
	struct instant due = pd_patience(pd, s->rcv_timeo_us);
	uint8_t *buf = malloc(UDP_DATA_MAX);
	struct udp_from from;
	ssize_t r;
	size_t got;

	if (buf == NULL)
		return -ENOMEM;
	while ((r = next(pd, s, buf, &from, flags)) == -EAGAIN) {
		if (s->rd_shut || !wait || !pd_block(pd, due)) {
			free(buf);
			return s->rd_shut ? 0 : -EAGAIN;
		}
	}
	if (r >= 0) {
		got = scatter(iov, n, buf, (size_t)r);
		if ((flags & MSG_TRUNC) == 0)
			r = (ssize_t)got;
		pd_addr_put(s, &from.src, from.sport, sa, salen);
	}
	free(buf);
	return r;
}

/* recvmsg(MSG_ERRQUEUE): the oldest ICMP error, with IP_RECVERR. */
ssize_t
pd_udp_report(struct pd_sock *s, struct msghdr *msg)
{
	struct {
		struct sock_extended_err e;
		struct sockaddr_in from;
	} data = { 0 };
	struct cmsghdr *c = CMSG_FIRSTHDR(msg);
	struct udp_report r;

	if (!udp_report(s->udp, &r))
		return -EAGAIN;
	pd_addr_put(s, &r.dst, r.dport, msg->msg_name, &msg->msg_namelen);
	msg->msg_flags = MSG_ERRQUEUE;
	data.e.ee_errno = (uint32_t)report_errno(&r);
	data.e.ee_origin = SO_EE_ORIGIN_ICMP;
	data.e.ee_type = r.type;
	data.e.ee_code = r.code;
	data.e.ee_info = r.info;
	data.from.sin_family = AF_INET;
	data.from.sin_addr.s_addr = htonl(addr_to_ip4(&r.from).v);
	if (c == NULL || msg->msg_controllen < CMSG_SPACE(sizeof(data))) {
		msg->msg_controllen = 0;
		msg->msg_flags |= MSG_CTRUNC;
		return 0;
	}
	c->cmsg_level = IPPROTO_IP;
	c->cmsg_type = IP_RECVERR;
	c->cmsg_len = CMSG_LEN(sizeof(data));
	memcpy(CMSG_DATA(c), &data, sizeof(data));
	msg->msg_controllen = CMSG_SPACE(sizeof(data));
	return 0;
}

/* ---- out ----------------------------------------------------------------- */

/* Appends what iov has to what is held back. */
static int
hold(struct pd_sock *s, const struct iovec *iov, size_t n)
{
	size_t len = s->held_len;
	uint8_t *buf;

	for (size_t i = 0; i < n; i++)
		len += iov[i].iov_len;
	if (len > UDP_DATA_MAX)
		return -EMSGSIZE;
	buf = realloc(s->held, len + 1);
	if (buf == NULL)
		return -ENOMEM;
	s->held = buf;
	for (size_t i = 0; i < n; s->held_len += iov[i++].iov_len)
		memcpy(buf + s->held_len, iov[i].iov_base, iov[i].iov_len);
	return 0;
}

/* What is held back goes. */
static int
send_held(struct pd *pd, struct pd_sock *s)
{
	int r = udp_send(pd->stk, s->udp, s->held_port != 0 ? &s->held_to :
	    NULL, s->held_port, s->held, (uint32_t)s->held_len, s->segment);

	s->held_len = 0;
	s->held_port = 0;
	return r;
}

/* send(2), udp(7): with MSG_MORE, or corked, what comes next is of the same
 * datagram. */
ssize_t
pd_udp_give(struct pd *pd, struct pd_sock *s, const struct iovec *iov,
    size_t n, int flags, const struct sockaddr *sa, socklen_t salen)
{
	size_t before = s->held_len, len;
	bool named = sa != NULL && salen > 0;
	struct addr to;
	uint16_t port = 0;
	int r;

	if (s->wr_shut)
		return -EPIPE;
	if ((flags & MSG_OOB) != 0)
		return -EOPNOTSUPP;
	if (s->error != 0)
		return -pd_error_take(pd, s);
	if ((named && (r = pd_addr_get(sa, salen, &to, &port)) != 0) ||
	    (r = hold(s, iov, n)) != 0)
		return r;
	len = s->held_len - before;
	if (named) {
		s->held_to = to;
		s->held_port = port;
	}
	if (s->corked || (flags & MSG_MORE) != 0)
		return (ssize_t)len;
	r = send_held(pd, s);
	return r < 0 ? r : (ssize_t)len;
}

/* ---- options ------------------------------------------------------------- */

/* The stack's option for one of the socket's; false: none. */
static bool
option_of(int level, int name, enum udp_option *opt)
{
	static const struct {
		int level, name;
		enum udp_option opt;
	} map[] = {
		{ SOL_SOCKET, SO_REUSEADDR, UDP_REUSE_ADDR },
		{ SOL_SOCKET, SO_REUSEPORT, UDP_REUSE_PORT },
		{ SOL_SOCKET, SO_BROADCAST, UDP_BROADCAST },
		{ IPPROTO_IP, IP_TTL, UDP_TTL },
		{ IPPROTO_IP, IP_MULTICAST_TTL, UDP_MULTICAST_TTL },
		{ IPPROTO_IP, IP_TOS, UDP_TOS },
		{ IPPROTO_IP, IP_RECVERR, UDP_REPORTS },
	};

	for (size_t i = 0; i < sizeof(map) / sizeof(map[0]); i++) {
		if (map[i].level == level && map[i].name == name) {
			*opt = map[i].opt;
			return true;
		}
	}
	return false;
}

/* 0 or -Exxx; what it does not know is the caller's. */
int
pd_udp_set(struct pd *pd, struct pd_sock *s, int level, int name, int value)
{
	enum udp_option opt;

	if (level == IPPROTO_UDP && name == UDP_SEGMENT) {
		if (value < 0 || value > UINT16_MAX)
			return -EINVAL;
		s->segment = (uint16_t)value;
		return 0;
	}
	if (level == IPPROTO_UDP && name == UDP_CORK) {
		s->corked = value != 0;
		return !s->corked && s->held_len > 0 ? send_held(pd, s) : 0;
	}
	if (level == IPPROTO_IP && name == IP_MTU_DISCOVER)
		return udp_set(pd->stk, s->udp, UDP_DF,
		    value == IP_PMTUDISC_DO || value == IP_PMTUDISC_PROBE);
	if (!option_of(level, name, &opt))
		return 0;
	if (opt == UDP_TTL && value == -1)	/* the default again */
		value = 64;
	return udp_set(pd->stk, s->udp, opt, (uint32_t)value);
}
