/*
 * pd_errq.c - the error queue of a socket, as Linux has it: what became of
 * writes with MSG_ZEROCOPY, and when the last byte of a write left and was
 * acknowledged (SO_TIMESTAMPING).
 *
 * A write of interest leaves a mark at its end; after every turn of the stack
 * the marks are compared with what is sent and acknowledged.  Buffers are
 * copied here whatever was asked for, and the notice says so.
 */
#include "packetdrill/pd.h"

#include <linux/errqueue.h>
#include <linux/net_tstamp.h>
#include <netinet/in.h>
#include <string.h>

enum { WANT_ZEROCOPY = 1, WANT_SCHED = 2, WANT_SENT = 4, WANT_ACKED = 8 };

/* ---- marks --------------------------------------------------------------- */

static void
mark(struct pd_sock *s, uint32_t id, uint32_t want)
{
	if (want == 0 || s->marks == PD_ERRQ)
		return;
	s->mark[s->marks++] = (struct pd_mark){ s->written, id, want };
}

void
pd_errq_wrote(struct pd_sock *s, bool zerocopy)
{
	uint32_t t = s->tstamp;

	if (zerocopy && s->zerocopy)
		mark(s, s->zc_next++, WANT_ZEROCOPY);
	mark(s, (uint32_t)(s->written - s->tstamp_base - 1),
	    ((t & SOF_TIMESTAMPING_TX_SCHED) != 0 ? WANT_SCHED : 0) |
	    ((t & SOF_TIMESTAMPING_TX_SOFTWARE) != 0 ? WANT_SENT : 0) |
	    ((t & SOF_TIMESTAMPING_TX_ACK) != 0 ? WANT_ACKED : 0));
}

void
pd_errq_timestamping(struct pd_sock *s, uint32_t flags)
{
	/* Numbers count from what is acknowledged when they are asked for. */
	if ((flags & SOF_TIMESTAMPING_OPT_ID) != 0 &&
	    (s->tstamp & SOF_TIMESTAMPING_OPT_ID) == 0)
		s->tstamp_base = s->written -
		    (s->conn != NULL ? tcp_unacked(s->conn) : 0);
	s->tstamp = flags;
}

/* ---- notices ------------------------------------------------------------- */

static void
notify(struct pd *pd, struct pd_sock *s, struct pd_note n)
{
	struct pd_note *last = s->notes > 0 ? &s->note[s->notes - 1] : NULL;

	s->in_edges++;
	s->out_edges++;
	pd->event = true;
	/* Completions in a row are one. */
	if (last != NULL && n.origin == SO_EE_ORIGIN_ZEROCOPY &&
	    last->origin == n.origin && last->data + 1 == n.data) {
		last->data = n.data;
		return;
	}
	if (s->notes < PD_ERRQ)
		s->note[s->notes++] = n;
}

static void
tell_time(struct pd *pd, struct pd_sock *s, struct pd_mark *m, uint32_t want,
    uint32_t what)
{
	if ((m->want & want) == 0)
		return;
	m->want &= ~want;
	notify(pd, s, (struct pd_note){ .error = ENOMSG,
	    .origin = SO_EE_ORIGIN_TIMESTAMPING, .info = what, .data = m->id,
	    .when = pd->now });
}

void
pd_errq_scan(struct pd *pd, struct pd_sock *s)
{
	uint64_t sent, acked;
	uint32_t left = 0;

	if (s->marks == 0 || s->conn == NULL)
		return;
	sent = s->written - tcp_unsent(s->conn);
	acked = s->written - tcp_unacked(s->conn);
	for (uint32_t i = 0; i < s->marks; i++) {
		struct pd_mark *m = &s->mark[i];

		if (sent >= m->end) {
			tell_time(pd, s, m, WANT_SCHED, SCM_TSTAMP_SCHED);
			tell_time(pd, s, m, WANT_SENT, SCM_TSTAMP_SND);
		}
		if (acked >= m->end) {
			tell_time(pd, s, m, WANT_ACKED, SCM_TSTAMP_ACK);
			if ((m->want & WANT_ZEROCOPY) != 0)
				notify(pd, s, (struct pd_note){
				    .origin = SO_EE_ORIGIN_ZEROCOPY,
				    .code = SO_EE_CODE_ZEROCOPY_COPIED,
				    .info = m->id, .data = m->id });
			m->want = 0;
		}
		if (m->want != 0)
			s->mark[left++] = *m;
	}
	s->marks = left;
}

/* ---- reading them -------------------------------------------------------- */

/* Appends one control message, if there is room. */
static void
put(struct msghdr *msg, size_t *used, int level, int type, const void *p,
    size_t n)
{
	struct cmsghdr h = { .cmsg_len = CMSG_LEN(n), .cmsg_level = level,
	    .cmsg_type = type };
	char *at = (char *)msg->msg_control + *used;

	if (msg->msg_controllen < *used + CMSG_SPACE(n)) {
		msg->msg_flags |= MSG_CTRUNC;
		return;
	}
	memset(at, 0, CMSG_SPACE(n));
	memcpy(at, &h, sizeof(h));
	memcpy(at + CMSG_LEN(0), p, n);
	*used += CMSG_SPACE(n);
}

int
pd_errq_read(struct pd_sock *s, struct msghdr *msg)
{
	struct pd_note n = s->note[0];
	struct scm_timestamping t = { 0 };
	struct {
		struct sock_extended_err ee;
		struct sockaddr_in6 offender;
	} e = { 0 };
	bool v6 = s->domain == AF_INET6;
	size_t used = 0;

	if (s->notes == 0) {
		msg->msg_controllen = 0;
		return -EAGAIN;
	}
	s->notes--;
	memmove(s->note, s->note + 1, s->notes * sizeof(n));
	msg->msg_flags = MSG_ERRQUEUE;
	msg->msg_namelen = 0;
	if (n.origin == SO_EE_ORIGIN_TIMESTAMPING) {
		t.ts[0].tv_sec = (time_t)(pd_epoch_us(n.when) / USEC_PER_SEC);
		t.ts[0].tv_nsec = (long)(pd_epoch_us(n.when) % USEC_PER_SEC *
		    1000);
		put(msg, &used, SOL_SOCKET, SCM_TIMESTAMPING, &t, sizeof(t));
		/* The payload, which nobody has room for. */
		if ((s->tstamp & SOF_TIMESTAMPING_OPT_TSONLY) == 0)
			msg->msg_flags |= MSG_TRUNC;
	}
	e.ee = (struct sock_extended_err){ .ee_errno = n.error,
	    .ee_origin = n.origin, .ee_code = n.code, .ee_info = n.info,
	    .ee_data = n.data };
	put(msg, &used, v6 ? IPPROTO_IPV6 : IPPROTO_IP,
	    v6 ? IPV6_RECVERR : IP_RECVERR, &e, sizeof(e.ee) +
	    (v6 ? sizeof(struct sockaddr_in6) : sizeof(struct sockaddr_in)));
	msg->msg_controllen = used;
	return 0;
}
