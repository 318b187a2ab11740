/*
 * pd_io.c - reading and writing: every call of the two families ends in
 * take() or give().
 *
 * Semantics as Linux's calls have them: a partial write of a socket that does
 * not block is a success, an error is told once, data that came before an
 * error is read before it is told.
 */
#include "packetdrill/pd.h"
#include "packetdrill/pd_netinet.h"


#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#ifndef TCP_CM_INQ
#define TCP_CM_INQ TCP_INQ
#endif

#define PEEK_IOV 64	/* runs of bytes looked at by one MSG_PEEK */

/* Would the kernel be able to read or write there?  Scripts try a few
 * addresses that no process has. */
static bool
bad_pointer(const void *p, size_t len)
{
	return len > 0 && (uintptr_t)p < 4096;
}

static bool
bad_iov(const struct iovec *iov, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (bad_pointer(iov[i].iov_base, iov[i].iov_len))
			return true;
	}
	return false;
}

static size_t
iov_total(const struct iovec *iov, size_t n)
{
	size_t sum = 0;

	for (size_t i = 0; i < n; i++)
		sum += iov[i].iov_len;
	return sum;
}

/* ---- reading ------------------------------------------------------------- */

/* Copies what waits to buf, skipping skip bytes, without taking it. */
static size_t
peek(const struct tcp_conn *c, uint8_t *buf, size_t len, size_t skip)
{
	struct iovec v[PEEK_IOV];
	uint32_t n = tcp_peek(c, v, PEEK_IOV);
	size_t got = 0, m;

	for (uint32_t i = 0; i < n && got < len; i++) {
		if (skip >= v[i].iov_len) {
			skip -= v[i].iov_len;
			continue;
		}
		m = v[i].iov_len - skip;
		if (m > len - got)
			m = len - got;
		memcpy(buf + got, (uint8_t *)v[i].iov_base + skip, m);
		got += m;
		skip = 0;
	}
	return got;
}

/* Where the last urgent byte is in the stream, left being tcp_urgent_left(). */
static uint32_t
oob_mark(const struct pd *pd, const struct pd_sock *s, uint32_t left)
{
	struct tcp_status st;

	tcp_status(pd->stk, s->conn, &st);
	return (uint32_t)st.bytes_received - st.recv_q + left;
}

static bool
oob_taken(const struct pd *pd, const struct pd_sock *s, uint32_t left)
{
	return s->oob_taken && s->oob_mark == oob_mark(pd, s, left);
}

bool
pd_oob_waits(const struct pd *pd, const struct pd_sock *s)
{
	uint32_t left = tcp_urgent_left(s->conn);

	return left > 0 && left <= tcp_readable(s->conn) &&
	    !oob_taken(pd, s, left);
}

uint32_t
pd_readable(const struct pd_sock *s)
{
	uint32_t n = tcp_readable(s->conn);

	return n > 0 && !s->oobinline && tcp_urgent_left(s->conn) == 1 ?
	    n - 1 : n;
}

/* tcp(7): a read ends before the last urgent byte.  Without SO_OOBINLINE that
 * is no part of the stream, and the next read passes over it, read or not.  How
 * many bytes one may take now. */
static size_t
up_to_mark(struct pd *pd, struct pd_sock *s, int flags)
{
	uint32_t left = tcp_urgent_left(s->conn);

	if (left > 1)
		return left - 1;
	if (left == 0 || s->oobinline)
		return SIZE_MAX;
	if ((flags & MSG_PEEK) != 0)
		return 0;
	if (tcp_readable(s->conn) > 0)
		tcp_consume(pd->stk, s->conn, 1);
	return SIZE_MAX;
}

/* recv(MSG_OOB): the urgent byte, once, wherever the reader is. */
static ssize_t
take_urgent(struct pd *pd, struct pd_sock *s, const struct iovec *iov,
    size_t n, int flags)
{
	uint32_t left;

	if (s->conn == NULL)
		return pd->layout == PD_LINUX && s->listener == NULL ?
		    -EINVAL : -ENOTCONN;
	left = tcp_urgent_left(s->conn);
	if (s->oobinline || left == 0 || oob_taken(pd, s, left))
		return -EINVAL;
	if (left > tcp_readable(s->conn))
		return s->rd_shut ? 0 : -EAGAIN;
	if (bad_iov(iov, n))
		return -EFAULT;
	if ((flags & MSG_PEEK) == 0) {
		s->oob_taken = true;
		s->oob_mark = oob_mark(pd, s, left);
	}
	if (n == 0 || iov[0].iov_len == 0)
		return 0;
	return (ssize_t)peek(s->conn, iov[0].iov_base, 1, left - 1);
}

/* Fills iov from behind the first `done` bytes of it. */
static size_t
scatter(struct pd *pd, struct pd_sock *s, const struct iovec *iov, size_t n,
    size_t done, int flags)
{
	size_t at = 0, got = 0, max = up_to_mark(pd, s, flags);

	for (size_t i = 0; i < n && got < max; i++) {
		size_t from = done > at ? done - at : 0, len, m;

		at += iov[i].iov_len;
		if (from >= iov[i].iov_len)
			continue;
		len = iov[i].iov_len - from;
		len = len < max - got ? len : max - got;
		if ((flags & MSG_PEEK) != 0) {
			m = peek(s->conn, (uint8_t *)iov[i].iov_base + from,
			    len, got);
		} else if ((flags & MSG_TRUNC) != 0) {
			m = tcp_readable(s->conn);
			m = m < len ? m : len;
			tcp_consume(pd->stk, s->conn, (uint32_t)m);
		} else {
			int32_t r = tcp_read(pd->stk, s->conn,
			    (uint8_t *)iov[i].iov_base + from, (uint32_t)len);

			m = r > 0 ? (size_t)r : 0;
		}
		got += m;
		done += m;
		if (m < len)
			break;
	}
	s->in_bytes = tcp_readable(s->conn);
	return got;
}

/* Nothing to read: 0 at the end, -Exxx, or -EAGAIN.  To Linux the peer's FIN
 * comes before an error. */
static int
why_empty(const struct pd *pd, struct pd_sock *s)
{
	uint32_t ev = tcp_events(s->conn);
	int e;

	if (pd->layout == PD_LINUX && (ev & TCP_EV_EOF) != 0)
		return 0;
	e = pd_error_take(pd, s);
	if (e != 0)
		return -e;
	if ((ev & (TCP_EV_EOF | TCP_EV_CLOSED)) != 0 || s->rd_shut)
		return 0;
	return -EAGAIN;
}

static ssize_t
take(struct pd *pd, struct pd_sock *s, const struct iovec *iov, size_t n,
    int flags)
{
	size_t want = iov_total(iov, n), done = 0;
	bool wait = !s->nonblock && (flags & MSG_DONTWAIT) == 0;
	struct instant due = pd_patience(pd, s->rcv_timeo_us);
	int r;

	if (s->kind == PD_TCP && s->deferred)
		return -EAGAIN;
	if (s->kind == PD_TCP && (flags & MSG_OOB) != 0)
		return take_urgent(pd, s, iov, n, flags);
	if (s->kind != PD_TCP || s->conn == NULL)
		return -ENOTCONN;
	if ((flags & MSG_TRUNC) == 0 && bad_iov(iov, n))
		return -EFAULT;
	/* FreeBSD throws away what comes after shutdown(SHUT_RD). */
	if (s->rd_shut && pd->layout == PD_FREEBSD)
		tcp_consume(pd->stk, s->conn, tcp_readable(s->conn));
	for (;;) {
		if ((flags & MSG_PEEK) != 0)
			done = 0;	/* from the start again */
		if (tcp_readable(s->conn) > 0)
			done += scatter(pd, s, iov, n, done, flags);
		if (want == 0 || done == want ||
		    (done >= s->rcvlowat && (flags & MSG_WAITALL) == 0))
			return (ssize_t)done;
		r = why_empty(pd, s);
		if (r != -EAGAIN || !wait)
			return done > 0 ? (ssize_t)done : r;
		if (!pd_block(pd, due))
			return done > 0 ? (ssize_t)done : -EAGAIN;
	}
}

static ssize_t
receive(struct pd *pd, int fd, const struct iovec *iov, size_t n, int flags)
{
	struct pd_sock *s = pd_enter(pd, fd);
	struct msghdr nothing = { 0 };

	if (s == NULL)
		return -1;
	if (s->udp != NULL && (flags & MSG_ERRQUEUE) == 0)
		return pd_leave(pd, pd_udp_take(pd, s, iov, n, flags, NULL,
		    NULL));
	if ((flags & MSG_ERRQUEUE) != 0)
		return pd_leave(pd, s->udp != NULL ?
		    pd_udp_report(s, &nothing) : pd_errq_read(s, &nothing));
	return pd_leave(pd, take(pd, s, iov, n, flags));
}

/* Descriptors that are not ours are a pipe's. */
static bool
foreign(struct pd *pd, int fd)
{
	return fd < 0 || fd >= PD_FDS || pd->sock[fd] == NULL;
}

static ssize_t
pd_read(void *ud, int fd, void *buf, size_t len)
{
	struct iovec v = { buf, len };

	if (foreign(ud, fd))
		return read(fd, buf, len);
	return receive(ud, fd, &v, 1, 0);
}

static ssize_t
pd_readv(void *ud, int fd, const struct iovec *iov, int n)
{
	if (foreign(ud, fd))
		return readv(fd, iov, n);
	return receive(ud, fd, iov, n < 0 ? 0 : (size_t)n, 0);
}

static ssize_t
pd_recv(void *ud, int fd, void *buf, size_t len, int flags)
{
	struct iovec v = { buf, len };

	return receive(ud, fd, &v, 1, flags);
}

static ssize_t
pd_recvfrom(void *ud, int fd, void *buf, size_t len, int flags,
    struct sockaddr *sa, socklen_t *n)
{
	struct iovec v = { buf, len };
	struct pd *pd = ud;
	struct pd_sock *s;

	if (!foreign(pd, fd) && pd->sock[fd]->udp != NULL &&
	    (flags & MSG_ERRQUEUE) == 0) {
		s = pd_enter(pd, fd);
		return s == NULL ? -1 : pd_leave(pd, pd_udp_take(pd, s, &v, 1,
		    flags, sa, n));
	}
	if (sa != NULL && n != NULL)
		*n = 0;		/* a stream has no address to tell */
	return receive(ud, fd, &v, 1, flags);
}

/* TCP_INQ: how much is left, as a control message. */
static void
put_inq(struct pd_sock *s, struct msghdr *msg)
{
	struct cmsghdr *c = CMSG_FIRSTHDR(msg);
	int left = (int)tcp_readable(s->conn);

	if (!s->inq || c == NULL || msg->msg_controllen <
	    CMSG_SPACE(sizeof(left))) {
		msg->msg_controllen = 0;
		return;
	}
	/* At the end of the stream one more than there is. */
	if ((tcp_events(s->conn) & TCP_EV_EOF) != 0)
		left = 1;
	c->cmsg_level = IPPROTO_TCP;
	c->cmsg_type = TCP_CM_INQ;
	c->cmsg_len = CMSG_LEN(sizeof(left));
	memcpy(CMSG_DATA(c), &left, sizeof(left));
	msg->msg_controllen = CMSG_SPACE(sizeof(left));
}

static ssize_t
pd_recvmsg(void *ud, int fd, struct msghdr *msg, int flags)
{
	struct pd *pd = ud;
	struct pd_sock *s = pd_enter(pd, fd);
	ssize_t r;

	if (s == NULL)
		return -1;
	if (msg == NULL)
		return pd_leave(pd, -EFAULT);
	if ((flags & MSG_ERRQUEUE) != 0)
		return pd_leave(pd, s->udp != NULL ? pd_udp_report(s, msg) :
		    pd_errq_read(s, msg));
	if (s->udp != NULL) {
		msg->msg_flags = 0;
		msg->msg_controllen = 0;
		return pd_leave(pd, pd_udp_take(pd, s, msg->msg_iov,
		    msg->msg_iovlen, flags, msg->msg_name,
		    &msg->msg_namelen));
	}
	r = take(pd, s, msg->msg_iov, msg->msg_iovlen, flags);
	msg->msg_flags = 0;
	msg->msg_namelen = 0;
	if (r >= 0 && s->conn != NULL)
		put_inq(s, msg);
	else
		msg->msg_controllen = 0;
	return pd_leave(pd, r);
}

/* ---- writing ------------------------------------------------------------- */

/* May data be given now?  0, -EAGAIN (not yet), -Exxx. */
static int
may_give(const struct pd *pd, struct pd_sock *s)
{
	uint32_t ev;
	int e;

	if (s->conn == NULL)
		return -EPIPE;
	e = pd_error_take(pd, s);
	if (e != 0)
		return -e;
	ev = tcp_events(s->conn);
	if (s->wr_shut || (ev & TCP_EV_CLOSED) != 0)
		return -EPIPE;
	return (ev & TCP_EV_CONNECTED) != 0 ? 0 : -EAGAIN;
}

/* Is there a connection that room may come on? */
static bool
may_wait(const struct pd_sock *s)
{
	return s->conn != NULL &&
	    (tcp_events(s->conn) & TCP_EV_CLOSED) == 0;
}

/* MSG_MORE corks until a call without it. */
static void
cork(struct pd *pd, struct pd_sock *s, bool more)
{
	tcp_set(pd->stk, s->conn, TCPO_MORE, more);
	if (more == s->more || s->cork_opt)
		return;
	s->more = more;
	tcp_set(pd->stk, s->conn, TCPO_CORK, more);
}

/* A run of bytes; flags are for one that is a call's last. */
static int32_t
put_run(struct pd *pd, struct pd_sock *s, const uint8_t *p, uint32_t n,
    int flags)
{
	if (n == 0)
		return 0;
	if ((flags & MSG_OOB) != 0)
		return tcp_write_urgent(pd->stk, s->conn, p, n);
	if ((flags & MSG_EOR) != 0)
		return tcp_write_record(pd->stk, s->conn, p, n);
	return tcp_write(pd->stk, s->conn, p, n);
}

/* Gives as much as fits; a full run is sent before the next one begins. */
static uint32_t
put_bytes(struct pd *pd, struct pd_sock *s, const uint8_t *p, uint32_t len,
    int flags)
{
	bool fixed = pd_sndbuf_fixed(pd, s);
	uint32_t got = 0, n;
	int32_t r;

	s->modelled = fixed;
	while (got < len) {
		n = fixed ? pd_sndbuf_room(pd, s) : len;
		n = n < len - got ? n : len - got;
		r = put_run(pd, s, p + got, n, n == len - got ? flags : 0);
		if (r <= 0)
			break;
		got += (uint32_t)r;
		s->written += (uint32_t)r;
		if (!fixed)
			break;
		pd_sndbuf_wrote(s, (uint32_t)r);
		if (got < len)
			pd_settle(pd);
	}
	return got;
}

/* Gives the bytes of iov behind the first `done`; what was taken. */
static size_t
gather(struct pd *pd, struct pd_sock *s, const struct iovec *iov, size_t n,
    size_t done, int flags)
{
	size_t at = 0, got = 0;

	for (size_t i = 0; i < n; i++) {
		size_t from = done > at ? done - at : 0, len, r;

		at += iov[i].iov_len;
		if (from >= iov[i].iov_len)
			continue;
		len = iov[i].iov_len - from;
		r = put_bytes(pd, s, (const uint8_t *)iov[i].iov_base + from,
		    (uint32_t)len, i + 1 == n ? flags : 0);
		got += r;
		done += r;
		if (r < len)
			break;
	}
	return got;
}

/* Sends the bytes of iov behind the first `done`. */
static ssize_t
give(struct pd *pd, struct pd_sock *s, const struct iovec *iov, size_t n,
    int flags, size_t done)
{
	size_t want = iov_total(iov, n);
	bool wait = !s->nonblock && (flags & MSG_DONTWAIT) == 0;
	struct instant due = pd_patience(pd, s->snd_timeo_us);
	int r;

	if (s->kind != PD_TCP)
		return -ENOTSOCK;
	for (;;) {
		r = may_give(pd, s);
		if (r == 0) {
			if (bad_iov(iov, n))
				return -EFAULT;
			cork(pd, s, (flags & MSG_MORE) != 0);
			done += gather(pd, s, iov, n, done, flags);
			s->writes_seen = tcp_unacked(s->conn);
			if (done == want)
				return (ssize_t)done;
			s->nospace = true;
		} else if (r != -EAGAIN) {
			return done > 0 ? (ssize_t)done : r;
		}
		if (!wait)
			return done > 0 ? (ssize_t)done : -EAGAIN;
		pd_settle(pd);
		do {
			if (!pd_block(pd, due))
				return done > 0 ? (ssize_t)done : -EAGAIN;
		} while (s->modelled && s->nospace && may_wait(s));
	}
}

/* connect() and send in one: what a SYN has room for goes with it.  Returns
 * how much was taken, or -EINPROGRESS if nothing was. */
static ssize_t
open_with(struct pd *pd, struct pd_sock *s, const struct iovec *iov, size_t n,
    bool wait, const struct sockaddr *sa, socklen_t salen)
{
	size_t want = iov_total(iov, n), at = 0, len;
	struct sockaddr_storage peer;
	struct addr to;
	uint16_t port;
	uint8_t *data;
	int r;

	if (s->deferred) {
		salen = sizeof(peer);
		pd_addr_put(s, &s->remote, s->rport, (struct sockaddr *)&peer,
		    &salen);
		sa = (struct sockaddr *)&peer;
	}
	r = pd_addr_get(sa, salen, &to, &port);
	if (r != 0)
		return r;
	pd_conf_refresh(pd, s);
	/* Who waits gives as much as there is room for. */
	len = wait ? s->conf.sndbuf :
	    tcp_fastopen_room(pd->stk, &to, &s->conf);
	len = want < len ? want : len;
	data = malloc(want + 1);
	if (data == NULL)
		return -ENOMEM;
	for (size_t i = 0; i < n; at += iov[i++].iov_len)
		memcpy(data + at, iov[i].iov_base, iov[i].iov_len);
	r = pd_connect_begin(pd, s, sa, salen, data, (uint32_t)len);
	free(data);
	if (r != -EINPROGRESS)
		return r;
	s->written += len;
	pd_settle(pd);
	return len > 0 ? (ssize_t)len : -EINPROGRESS;
}

/* sendto() with MSG_FASTOPEN, or the first one after a connect() that was put
 * off. */
static ssize_t
give_connecting(struct pd *pd, struct pd_sock *s, const struct iovec *iov,
    size_t n, int flags, const struct sockaddr *sa, socklen_t salen)
{
	bool wait = !s->nonblock && (flags & MSG_DONTWAIT) == 0;
	/* FreeBSD: the call takes what the buffer holds and never waits. */
	bool buffered = pd->layout == PD_FREEBSD;
	ssize_t done = 0;
	int r;

	if ((flags & MSG_FASTOPEN) != 0 && !buffered &&
	    ((pd->conf.fastopen & TCP_FASTOPEN_CLIENT) == 0 || (sa != NULL &&
	    salen >= sizeof(sa->sa_family) && sa->sa_family == AF_UNSPEC)))
		return -EOPNOTSUPP;
	if (bad_iov(iov, n))
		return -EFAULT;
	if (s->conn == NULL) {
		done = open_with(pd, s, iov, n, wait || buffered, sa, salen);
		if ((done < 0 && done != -EINPROGRESS) || !wait || buffered)
			return done;
		done = done < 0 ? 0 : done;
	} else if (!s->connecting) {
		return -EISCONN;
	} else if ((tcp_events(s->conn) & (TCP_EV_CONNECTED |
	    TCP_EV_CLOSED)) == 0 && !wait) {
		return -EALREADY;
	}
	r = pd_connect_wait(pd, s);
	return r != 0 ? r : give(pd, s, iov, n, flags, (size_t)done);
}

static ssize_t
transmit(struct pd *pd, int fd, const struct iovec *iov, size_t n, int flags,
    const struct sockaddr *sa, socklen_t salen)
{
	struct pd_sock *s = pd_enter(pd, fd);
	ssize_t r;

	if (s == NULL)
		return -1;
	if (s->udp != NULL)
		return pd_leave(pd, pd_udp_give(pd, s, iov, n, flags, sa,
		    salen));
	if (s->kind == PD_TCP && s->listener == NULL &&
	    ((flags & MSG_FASTOPEN) != 0 || s->deferred))
		r = give_connecting(pd, s, iov, n, flags, sa, salen);
	else
		r = give(pd, s, iov, n, flags, 0);
	if (r > 0)
		pd_errq_wrote(s, (flags & MSG_ZEROCOPY) != 0);
	return pd_leave(pd, r);
}

static ssize_t
pd_write(void *ud, int fd, const void *buf, size_t len)
{
	struct iovec v = { (void *)(uintptr_t)buf, len };

	if (foreign(ud, fd))
		return write(fd, buf, len);
	return transmit(ud, fd, &v, 1, 0, NULL, 0);
}

static ssize_t
pd_writev(void *ud, int fd, const struct iovec *iov, int n)
{
	if (foreign(ud, fd))
		return writev(fd, iov, n);
	return transmit(ud, fd, iov, n < 0 ? 0 : (size_t)n, 0, NULL, 0);
}

static ssize_t
pd_send(void *ud, int fd, const void *buf, size_t len, int flags)
{
	struct iovec v = { (void *)(uintptr_t)buf, len };

	return transmit(ud, fd, &v, 1, flags, NULL, 0);
}

static ssize_t
pd_sendto(void *ud, int fd, const void *buf, size_t len, int flags,
    const struct sockaddr *sa, socklen_t n)
{
	struct iovec v = { (void *)(uintptr_t)buf, len };

	return transmit(ud, fd, &v, 1, flags, sa, n);
}

static ssize_t
pd_sendmsg(void *ud, int fd, const struct msghdr *msg, int flags)
{
	if (msg == NULL) {
		errno = EFAULT;
		return -1;
	}
	return transmit(ud, fd, msg->msg_iov, msg->msg_iovlen, flags,
	    msg->msg_name, msg->msg_namelen);
}

/* From a socket into a pipe, or back. */
static ssize_t
pd_splice(void *ud, int in, loff_t *in_off, int out, loff_t *out_off,
    size_t len, unsigned flags)
{
	uint8_t buf[65536];
	ssize_t n;

	(void)flags;
	/* packetdrill passes a pointer to 0 for none. */
	if ((in_off != NULL && *in_off != 0) ||
	    (out_off != NULL && *out_off != 0)) {
		errno = ESPIPE;
		return -1;
	}
	/* The urgent byte is in nobody's way: nothing, but no end. */
	if (!foreign(ud, in)) {
		struct pd_sock *s = ((struct pd *)ud)->sock[in];

		if (s->conn != NULL && !s->oobinline &&
		    tcp_urgent_left(s->conn) == 1 &&
		    tcp_readable(s->conn) == 1)
			return 0;
	}
	n = pd_read(ud, in, buf, len < sizeof(buf) ? len : sizeof(buf));
	return n <= 0 ? n : pd_write(ud, out, buf, (size_t)n);
}

ssize_t
pd_send_file(struct pd *pd, int out, int in, off_t *at, size_t len)
{
	uint8_t buf[65536];
	ssize_t n, r;

	len = len < sizeof(buf) ? len : sizeof(buf);
	n = at != NULL ? pread(in, buf, len, *at) : read(in, buf, len);
	if (n <= 0)
		return n;
	r = pd_write(pd, out, buf, (size_t)n);
	if (at != NULL && r > 0)
		*at += r;
	return r;
}

void
pd_io_members(struct packetdrill_interface *ifc)
{
	ifc->read = pd_read;
	ifc->readv = pd_readv;
	ifc->recv = pd_recv;
	ifc->recvfrom = pd_recvfrom;
	ifc->recvmsg = pd_recvmsg;
	ifc->write = pd_write;
	ifc->writev = pd_writev;
	ifc->send = pd_send;
	ifc->sendto = pd_sendto;
	ifc->sendmsg = pd_sendmsg;
	ifc->splice = pd_splice;
}
