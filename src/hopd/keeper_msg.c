/*
 * keeper_msg.c - messages between keeper and worker: framing, descriptors,
 * and the checks that hold for all of them.  Meaning is in keeper_ask.c and
 * worker.c.
 */
#include "hopd/keeper_msg.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

union fd_control {
	struct cmsghdr align;
	char buf[CMSG_SPACE(sizeof(int) * KEEPER_MSG_FDS)];
};

int
keeper_msg_send(int chan, struct keeper_msg *m, const int *fds, unsigned nfds)
{
	union fd_control ctl;
	struct iovec iov = { .iov_base = m, .iov_len = sizeof(*m) };
	struct msghdr mh = { .msg_iov = &iov, .msg_iovlen = 1 };
	ssize_t n;

	m->version = KEEPER_MSG_VERSION;
	if (nfds > 0) {
		struct cmsghdr *c;

		memset(&ctl, 0, sizeof(ctl));
		mh.msg_control = ctl.buf;
		mh.msg_controllen = CMSG_SPACE(sizeof(int) * nfds);
		c = CMSG_FIRSTHDR(&mh);
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(sizeof(int) * nfds);
		memcpy(CMSG_DATA(c), fds, sizeof(int) * nfds);
	}
	do {
		n = sendmsg(chan, &mh, MSG_NOSIGNAL | MSG_DONTWAIT);
	} while (n == -1 && errno == EINTR);
	return n == -1 ? -errno : 0;
}

static void
fds_close(int fds[KEEPER_MSG_FDS])
{
	for (unsigned i = 0; i < KEEPER_MSG_FDS; i++) {
		if (fds[i] != -1)
			close(fds[i]);
		fds[i] = -1;
	}
}

/* The kernel has installed them all, so all are taken. */
static void
fds_take(struct msghdr *mh, int fds[KEEPER_MSG_FDS])
{
	unsigned n = 0;

	for (struct cmsghdr *c = CMSG_FIRSTHDR(mh); c != NULL;
	    c = CMSG_NXTHDR(mh, c)) {
		size_t count;

		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
			continue;
		count = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
		for (size_t i = 0; i < count; i++) {
			int fd;

			memcpy(&fd, CMSG_DATA(c) + i * sizeof(int),
			    sizeof(int));
			if (n < KEEPER_MSG_FDS)
				fds[n++] = fd;
			else
				close(fd);
		}
	}
}

int
keeper_msg_recv(int chan, struct keeper_msg *m, int fds[KEEPER_MSG_FDS])
{
	union fd_control ctl;
	struct iovec iov = { .iov_base = m, .iov_len = sizeof(*m) };
	struct msghdr mh = { .msg_iov = &iov, .msg_iovlen = 1,
	    .msg_control = ctl.buf, .msg_controllen = sizeof(ctl.buf) };
	ssize_t n;

	for (unsigned i = 0; i < KEEPER_MSG_FDS; i++)
		fds[i] = -1;
	do {
		n = recvmsg(chan, &mh, MSG_CMSG_CLOEXEC);
	} while (n == -1 && errno == EINTR);
	if (n == -1)
		return -errno;
	fds_take(&mh, fds);
	if (n == 0) {
		fds_close(fds);
		return -EPIPE;
	}
	if (n != sizeof(*m) || (mh.msg_flags & MSG_TRUNC) != 0 ||
	    m->version != KEEPER_MSG_VERSION) {
		fds_close(fds);
		return -EPROTO;
	}
	m->text[sizeof(m->text) - 1] = '\0';
	m->spec.name[sizeof(m->spec.name) - 1] = '\0';
	m->spec.netns[sizeof(m->spec.netns) - 1] = '\0';
	return 0;
}

int
keeper_call(int chan, struct keeper_msg *m, int fd, int *got, struct err *err)
{
	uint32_t ask = m->ask;
	int fds[KEEPER_MSG_FDS];
	int r;

	if (got != NULL)
		*got = -1;
	if ((r = keeper_msg_send(chan, m, &fd, fd == -1 ? 0 : 1)) != 0 ||
	    (r = keeper_msg_recv(chan, m, fds)) != 0)
		return err_set(err, r, "keeper: %s", strerror(-r));
	if (got != NULL) {
		*got = fds[0];
		fds[0] = -1;
	}
	fds_close(fds);
	if (m->ask != ask)
		return err_set(err, -EPROTO,
		    "keeper: answer to something else");
	if (m->result != 0)
		return err_set(err, m->result, "%s", m->text[0] != '\0' ?
		    m->text : strerror(-m->result));
	return 0;
}
