/*
 * pd_ctl.c - fcntl(), ioctl().
 */
#include "packetdrill/pd.h"

#include <fcntl.h>
#include <linux/sockios.h>
#include <stdarg.h>
#include <sys/ioctl.h>

static int
pd_fcntl(void *ud, int fd, int cmd, ...)
{
	struct pd *pd = ud;
	struct pd_sock *s;
	va_list ap;
	int arg, r = 0;

	va_start(ap, cmd);
	arg = va_arg(ap, int);
	va_end(ap);
	if (fd >= 0 && fd < PD_FDS && pd->sock[fd] == NULL)
		return fcntl(fd, cmd, arg);
	s = pd_enter(pd, fd);
	if (s == NULL)
		return -1;
	if (cmd == F_GETFL)
		r = O_RDWR | (s->nonblock ? O_NONBLOCK : 0);
	else if (cmd == F_SETFL)
		s->nonblock = (arg & O_NONBLOCK) != 0;
	else if (cmd != F_GETFD && cmd != F_SETFD)
		r = -EINVAL;
	return (int)pd_leave(pd, r);
}

/* Bytes behind which request asks; -Exxx. */
static int
queued(struct pd_sock *s, unsigned long request)
{
	uint32_t left, n;

	if (s->listener != NULL)
		return -EINVAL;
	if (s->udp != NULL)
		return request == SIOCINQ ? (int)pd_udp_waiting(s) :
		    request == SIOCOUTQ ? 0 : -EINVAL;
	if (s->conn == NULL)
		return 0;
	switch (request) {
	case SIOCINQ:
		left = s->oobinline ? 0 : tcp_urgent_left(s->conn);
		n = tcp_readable(s->conn);
		return (int)(left > 0 && left <= n ? left - 1 : n);
	case SIOCATMARK:
		return tcp_urgent_left(s->conn) == 1;
	case SIOCOUTQ:
		return (int)tcp_unacked(s->conn);
	case SIOCOUTQNSD:
		return (int)tcp_unsent(s->conn);
	default:
		return -EINVAL;
	}
}

static int
pd_ioctl(void *ud, int fd, unsigned long request, ...)
{
	struct pd *pd = ud;
	struct pd_sock *s = pd_enter(pd, fd);
	va_list ap;
	int *arg, r;

	if (s == NULL)
		return -1;
	va_start(ap, request);
	arg = va_arg(ap, int *);
	va_end(ap);
	if (arg == NULL)
		return (int)pd_leave(pd, -EFAULT);
	if (request == FIONBIO) {
		s->nonblock = *arg != 0;
		return (int)pd_leave(pd, 0);
	}
	r = queued(s, request);
	if (r >= 0) {
		*arg = r;
		r = 0;
	}
	return (int)pd_leave(pd, r);
}

void
pd_ctl_members(struct packetdrill_interface *ifc)
{
	ifc->fcntl = pd_fcntl;
	ifc->ioctl = pd_ioctl;
}
