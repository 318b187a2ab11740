/*
 * pd_poll.c - poll() and epoll: what holds now, and edges for EPOLLET.
 *
 * An edge is counted by the socket (pd_sock.c) when bytes come, when room
 * comes after a write found none, and when a connection opens or dies.
 */
#include "packetdrill/pd.h"

#include <string.h>

uint32_t
pd_events(struct pd *pd, struct pd_sock *s)
{
	uint32_t ev, out = 0;

	if (s->kind == PD_UDP)
		return pd_udp_events(s);
	if (s->kind != PD_TCP)
		return 0;
	if (s->listener != NULL)
		return tcp_listener_waiting(s->listener) > 0 ?
		    EPOLLIN | EPOLLRDNORM : 0;
	if (s->deferred)
		return EPOLLOUT | EPOLLWRNORM;
	if (s->conn == NULL)
		return EPOLLOUT | EPOLLWRNORM | EPOLLHUP;
	ev = tcp_events(s->conn);
	if (pd_readable(s) >= s->rcvlowat ||
	    (ev & (TCP_EV_EOF | TCP_EV_CLOSED)) != 0 || s->rd_shut)
		out |= EPOLLIN | EPOLLRDNORM;
	if (pd_oob_waits(pd, s))
		out |= EPOLLPRI;
	if ((ev & (TCP_EV_FIN | TCP_EV_CLOSED)) != 0 || s->rd_shut)
		out |= EPOLLRDHUP;
	if ((ev & TCP_EV_WRITABLE) != 0 && pd_sndbuf_fixed(pd, s)) {
		s->modelled = true;
		if (!pd_sndbuf_writable(pd, s)) {
			s->nospace = true;
			ev &= ~TCP_EV_WRITABLE;
		}
	}
	if ((ev & (TCP_EV_WRITABLE | TCP_EV_CLOSED)) != 0 ||
	    (s->wr_shut && (ev & TCP_EV_CONNECTED) != 0))
		out |= EPOLLOUT | EPOLLWRNORM;
	if ((ev & TCP_EV_CLOSED) != 0 ||
	    (s->wr_shut && (out & EPOLLRDHUP) != 0))
		out |= EPOLLHUP;
	if (s->error != 0 || s->notes > 0 ||
	    (tcp_error(s->conn) != 0 && !s->error_told))
		out |= EPOLLERR;
	return out;
}

/* ---- poll ---------------------------------------------------------------- */

static int
poll_once(struct pd *pd, struct pollfd *fds, nfds_t n)
{
	int ready = 0;

	for (nfds_t i = 0; i < n; i++) {
		int fd = fds[i].fd;

		fds[i].revents = 0;
		if (fd < 0)
			continue;
		if (fd >= PD_FDS || pd->sock[fd] == NULL)
			fds[i].revents = POLLNVAL;
		else
			fds[i].revents = (short)(pd_events(pd, pd->sock[fd]) &
			    ((uint32_t)fds[i].events | POLLERR | POLLHUP));
		ready += fds[i].revents != 0;
	}
	return ready;
}

static int
pd_poll(void *ud, struct pollfd *fds, nfds_t n, int timeout_ms)
{
	struct pd *pd = ud;
	struct instant due;
	int ready;

	pthread_mutex_lock(&pd->lock);
	due = pd_after_ms(pd, timeout_ms);
	while ((ready = poll_once(pd, fds, n)) == 0 && timeout_ms != 0 &&
	    pd_block(pd, due))
		;
	return (int)pd_leave(pd, ready != 0 ? ready : poll_once(pd, fds, n));
}

/* ---- epoll --------------------------------------------------------------- */

static int
pd_epoll_create(void *ud, int size)
{
	struct pd *pd = ud;
	struct pd_sock *s;

	if (size <= 0) {
		errno = EINVAL;
		return -1;
	}
	pthread_mutex_lock(&pd->lock);
	s = pd_sock_new(pd, PD_EPOLL);
	pthread_mutex_unlock(&pd->lock);
	return s == NULL ? -1 : s->fd;
}

static struct pd_interest *
interest_of(struct pd_sock *ep, int fd)
{
	for (uint32_t i = 0; i < ep->interests; i++) {
		if (ep->interest[i].fd == fd)
			return &ep->interest[i];
	}
	return NULL;
}

static void
interest_del(struct pd_sock *ep, struct pd_interest *in)
{
	*in = ep->interest[--ep->interests];
}

void
pd_forget_interest(struct pd *pd, int fd)
{
	for (int i = 0; i < PD_FDS; i++) {
		struct pd_interest *in;

		if (pd->sock[i] != NULL && pd->sock[i]->kind == PD_EPOLL &&
		    (in = interest_of(pd->sock[i], fd)) != NULL)
			interest_del(pd->sock[i], in);
	}
}

static int
epoll_change(struct pd *pd, struct pd_sock *ep, int op, int fd,
    const struct epoll_event *ev)
{
	struct pd_interest *in;

	if (ep->kind != PD_EPOLL)
		return -EINVAL;
	if (fd < 0 || fd >= PD_FDS || pd->sock[fd] == NULL)
		return -EBADF;
	in = interest_of(ep, fd);
	if (op == EPOLL_CTL_ADD && in != NULL)
		return -EEXIST;
	if (op != EPOLL_CTL_ADD && in == NULL)
		return -ENOENT;
	if (op == EPOLL_CTL_DEL) {
		interest_del(ep, in);
		return 0;
	}
	if (ev == NULL)
		return -EFAULT;
	if (op == EPOLL_CTL_ADD) {
		if (ep->interests == PD_INTERESTS)
			return -ENOSPC;
		in = &ep->interest[ep->interests++];
	}
	in->fd = fd;
	in->ev = *ev;
	in->fresh = true;
	return 0;
}

static int
pd_epoll_ctl(void *ud, int epfd, int op, int fd, struct epoll_event *ev)
{
	struct pd *pd = ud;
	struct pd_sock *ep = pd_enter(pd, epfd);

	if (ep == NULL)
		return -1;
	return (int)pd_leave(pd, epoll_change(pd, ep, op, fd, ev));
}

/* What one interest has to report now. */
static uint32_t
report(struct pd *pd, struct pd_interest *in)
{
	struct pd_sock *s = pd->sock[in->fd];
	uint32_t ev = pd_events(pd, s) & (in->ev.events | EPOLLERR | EPOLLHUP);

	if (ev == 0)
		return 0;
	if ((in->ev.events & EPOLLET) != 0 && !in->fresh &&
	    (in->in_seen == s->in_edges ||
	    (in->ev.events & (EPOLLIN | EPOLLRDHUP)) == 0) &&
	    (in->out_seen == s->out_edges))
		return 0;
	in->fresh = false;
	in->in_seen = s->in_edges;
	in->out_seen = s->out_edges;
	if ((in->ev.events & EPOLLONESHOT) != 0)
		in->ev.events = 0;
	return ev;
}

static int
epoll_once(struct pd *pd, struct pd_sock *ep, struct epoll_event *ev, int max)
{
	int n = 0;

	for (uint32_t i = 0; i < ep->interests && n < max; i++) {
		uint32_t got;

		/* Disarmed by EPOLLONESHOT. */
		if (ep->interest[i].ev.events == 0)
			continue;
		got = report(pd, &ep->interest[i]);
		if (got != 0) {
			ev[n].events = got;
			ev[n++].data = ep->interest[i].ev.data;
		}
	}
	return n;
}

static int
pd_epoll_wait(void *ud, int epfd, struct epoll_event *ev, int max,
    int timeout_ms)
{
	struct pd *pd = ud;
	struct pd_sock *ep = pd_enter(pd, epfd);
	struct instant due;
	int n;

	if (ep == NULL)
		return -1;
	if (ep->kind != PD_EPOLL || max <= 0)
		return (int)pd_leave(pd, -EINVAL);
	due = pd_after_ms(pd, timeout_ms);
	while ((n = epoll_once(pd, ep, ev, max)) == 0 && timeout_ms != 0 &&
	    pd_block(pd, due))
		;
	return (int)pd_leave(pd, n != 0 ? n : epoll_once(pd, ep, ev, max));
}

void
pd_poll_members(struct packetdrill_interface *ifc)
{
	ifc->poll = pd_poll;
	ifc->epoll_create = pd_epoll_create;
	ifc->epoll_ctl = pd_epoll_ctl;
	ifc->epoll_wait = pd_epoll_wait;
}
