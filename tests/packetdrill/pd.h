/*
 * pd.h - what the files of libhop-packetdrill.so share: one stack behind
 * packetdrill's in-process interface, in virtual time.
 *
 * The clock stands still except when it is read (1 us a reading, since
 * packetdrill waits by reading it), when packetdrill sleeps, and when it waits
 * for a packet: then it jumps from deadline to deadline.  A call that blocks
 * does so in a second thread of packetdrill's.  It sleeps on a condition;
 * whoever moves the clock stops at every event until each sleeper has looked
 * at it, so that what wakes up at a virtual time returns at that time.  A
 * blocking call of the first thread, the owner, moves the clock itself.  So
 * does the second thread while the owner waits for nothing but the end of its
 * call, as it does before it begins another one that blocks.
 *
 * Descriptors are real ones (eventfd), since packetdrill closes them by itself
 * at its end.
 *
 * One lock guards it all; functions named below expect it held unless they
 * are members of the interface.
 */
#ifndef HOPD_TESTS_PACKETDRILL_PD_H
#define HOPD_TESTS_PACKETDRILL_PD_H

#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "packetdrill/ifc.h"
#include "port/mem_port.h"
#include "stack/stack.h"

#define PD_FDS		1024	/* descriptors above are not ours */
#define PD_OPTIONS	24	/* options only remembered, a socket */
#define PD_INTERESTS	32	/* descriptors in one epoll set */
#define PD_ERRQ		32	/* marks, and notices, a socket */

enum pd_kind { PD_TCP, PD_UDP, PD_EPOLL };

/* Whose habits show where the standards leave a choice: the order of the
 * options of a SYN, what socket options report. */
enum pd_layout { PD_LINUX, PD_FREEBSD };

struct pd_option {
	int level, name, value;
};

struct pd_interest {
	int fd;
	struct epoll_event ev;
	uint32_t in_seen, out_seen;	/* edges already reported */
	bool fresh;			/* just added or modified */
};

/* A write of which more is to be told: pd_errq.c. */
struct pd_mark {
	uint64_t end;			/* bytes written before */
	uint32_t id, want;
};

struct pd_note {
	uint32_t error, info, data;	/* of struct sock_extended_err */
	uint8_t origin, code;
	struct instant when;
};

struct pd_sock {
	int fd;
	enum pd_kind kind;
	bool nonblock, bound, was_connected;
	bool rd_shut, wr_shut;
	bool connecting;		/* connect() began, outcome not told */
	bool cork_opt, more;		/* TCP_CORK; last send: MSG_MORE */
	bool inq, nospace;
	bool modelled;			/* pd_sndbuf_fixed() at last write */
	bool fastopen_connect;
	bool deferred;			/* connect() waits for the first data */
	bool fastopen_bare, fastopen_keyed;	/* asked for by options */
	int domain;
	int error;			/* SO_ERROR; taken when told */
	uint8_t *held;			/* PD_UDP: what MSG_MORE holds back, */
	size_t held_len;		/* of how many bytes */
	struct addr held_to;		/* for whom; port 0: the peer */
	uint16_t held_port;
	bool corked;			/* UDP_CORK */
	uint16_t segment;		/* UDP_SEGMENT; 0: none */
	bool linger2_none;		/* TCP_LINGER2 is negative */
	bool error_told;		/* the connection's own error, too */
	int fastopen_queue;
	uint32_t rcvbuf, sndbuf;	/* as set; 0: not set */
	bool oobinline;			/* SO_OOBINLINE */
	bool oob_taken;			/* the urgent byte at oob_mark was */
	uint32_t oob_mark;		/* stream bytes before it, mod 2^32 */
	int64_t rcv_timeo_us, snd_timeo_us;	/* 0: for ever */
	uint32_t rcvlowat;
	uint32_t writes_seen;		/* tcp_unacked() after the last send */
	struct addr local, remote;	/* before and without a connection */
	uint16_t lport, rport;
	struct tcp_conf conf;		/* for what it will open */
	struct tcp_conn *conn;
	struct tcp_listener *listener;
	struct udp_sock *udp;		/* PD_UDP */
	uint32_t in_edges, out_edges;	/* for EPOLLET */
	uint32_t in_bytes;		/* readable at the last look */
	struct pd_option option[PD_OPTIONS];
	uint32_t options;
	struct pd_interest interest[PD_INTERESTS];	/* PD_EPOLL */
	uint32_t interests;
	bool *event;			/* pd->event: set by callbacks */
	uint64_t written;		/* bytes taken, ever */
	bool zerocopy;
	uint32_t zc_next, tstamp;	/* SO_TIMESTAMPING's flags */
	uint64_t tstamp_base;
	struct pd_mark mark[PD_ERRQ];
	struct pd_note note[PD_ERRQ];
	uint32_t marks, notes;
	uint32_t notsent_lowat;		/* 0: by sysctl */
	uint32_t run_len, max_wnd;	/* pd_sndbuf.c */
	uint64_t busy_us, rwnd_us, sndbuf_us;
};

struct pd_frame {
	struct pd_frame *next;
	struct instant sent;
	struct mem_frame *f;
};

struct pd {
	pthread_mutex_t lock;
	pthread_cond_t wake;		/* sleepers: look again */
	pthread_cond_t looked;		/* all have, or one returned */
	pthread_t owner;		/* the first thread */
	pid_t owner_tid;
	bool driving;			/* a sleeper moves the clock */
	struct stack *stk;
	struct port *port;
	struct instant now;
	struct pd_frame *out, **out_tail;
	bool event;			/* an owner of a connection was told */
	uint32_t sleepers, to_look;
	uint32_t round;			/* of looking */
	struct instant sleep_due;	/* earliest time-out of a sleeper */
	bool returning;			/* a sleeper returns, at: */
	struct instant returned;
	pthread_t returner;
	pid_t returner_tid;		/* 0: nobody returned lately */
	struct pd_sock *sock[PD_FDS];	/* by descriptor */

	/* knobs */
	enum pd_layout layout;
	struct ip4_prefix local;
	uint32_t mtu;
	uint32_t rcvbuf_said;		/* SO_RCVBUF before it is set */
	uint32_t rmem_max, wmem_max;	/* the most that may be asked for */
	struct tcp_conf conf;		/* of new sockets */
	bool fastopen_all;		/* listeners need not ask for it */
	uint32_t notsent_lowat;		/* UINT32_MAX: no bound */
	char *sysctl_path;		/* lines name=value, appended to */
	long sysctl_at;			/* read up to here */
	char *status_path;
	char status_text[2048];		/* what stands there */
};

/* ---- pd.c: life, clock, wire ---- */
/* Lets everything happen that is due now. */
void pd_settle(struct pd *pd);
/* Until due; false: nothing left that could happen before. */
void pd_run_until(struct pd *pd, struct instant due);
/* One step of a blocking call: sleeps, or moves the clock, until something
 * happened.  False: due has come, or nothing can ever happen. */
bool pd_block(struct pd *pd, struct instant due);
struct instant pd_after_ms(const struct pd *pd, int timeout_ms);
/* SO_RCVTIMEO's or SO_SNDTIMEO's. */
struct instant pd_patience(const struct pd *pd, int64_t timeo_us);
/* As gettimeofday() tells it. */
int64_t pd_epoch_us(struct instant t);
/* Enters a call on fd; NULL: errno is set, and the lock not held. */
struct pd_sock *pd_enter(struct pd *pd, int fd);
/* Leaves: settles, unlocks, turns -Exxx into -1 and errno. */
ssize_t pd_leave(struct pd *pd, ssize_t r);

/* ---- pd_flags.c ---- */
void pd_flags_parse(struct pd *pd, const char *flags);
/* Settings that scripts made since the last look. */
void pd_sysctl_poll(struct pd *pd);
/* Settings that count when a connection is opened, and not when its socket
 * was made, into s->conf. */
void pd_conf_refresh(const struct pd *pd, struct pd_sock *s);
/* Tells the connections' states, if asked to and if they changed. */
void pd_status_write(struct pd *pd);

/* ---- pd_sock.c ---- */
struct pd_sock *pd_sock_new(struct pd *pd, enum pd_kind kind);
void pd_sock_free(struct pd *pd, struct pd_sock *s);
void pd_sock_members(struct packetdrill_interface *ifc);
/* positive errno or 0 */
int pd_error_take(const struct pd *pd, struct pd_sock *s);
/* Begins a connection; data go with the SYN (NULL: no Fast Open). */
int pd_connect_begin(struct pd *pd, struct pd_sock *s,
    const struct sockaddr *sa, socklen_t n, const void *data, uint32_t len);
/* Waits for its outcome: 0 or -Exxx. */
int pd_connect_wait(struct pd *pd, struct pd_sock *s);
void pd_addr_put(const struct pd_sock *s, const struct addr *a,
    uint16_t port, struct sockaddr *sa, socklen_t *n);
int pd_addr_get(const struct sockaddr *sa, socklen_t n, struct addr *a,
    uint16_t *port);

/* ---- pd_io.c ---- */
void pd_io_members(struct packetdrill_interface *ifc);
/* tcp(7): has the urgent byte come, and not been read? */
bool pd_oob_waits(const struct pd *pd, const struct pd_sock *s);
/* Bytes that read() would take without the urgent one, as poll() counts. */
uint32_t pd_readable(const struct pd_sock *s);
/* As sendfile(2), out is a socket of ours. */
ssize_t pd_send_file(struct pd *pd, int out, int in, off_t *at, size_t len);

/* ---- pd_ctl.c ---- */
void pd_ctl_members(struct packetdrill_interface *ifc);

/* ---- pd_opt.c, pd_info.c ---- */
void pd_opt_members(struct packetdrill_interface *ifc);
/* Is this option of SOL_SOCKET, one that is only remembered, on? */
bool pd_option_on(const struct pd_sock *s, int name);
int pd_getsockopt(struct pd *pd, struct pd_sock *s, int level, int name,
    void *val, socklen_t *len);
int pd_info_get(struct pd *pd, struct pd_sock *s, void *val, socklen_t *len);
int pd_meminfo_get(struct pd *pd, struct pd_sock *s, void *val,
    socklen_t *len);

/* ---- pd_errq.c ---- */
/* A write has ended at s->written. */
void pd_errq_wrote(struct pd_sock *s, bool zerocopy);
void pd_errq_timestamping(struct pd_sock *s, uint32_t flags);
/* After a turn: tells what happened to the marks. */
void pd_errq_scan(struct pd *pd, struct pd_sock *s);
/* recvmsg(MSG_ERRQUEUE): 0 or -EAGAIN. */
int pd_errq_read(struct pd_sock *s, struct msghdr *msg);

/* ---- pd_sndbuf.c ---- */
/* Is it this file that says how much s takes? */
bool pd_sndbuf_fixed(const struct pd *pd, const struct pd_sock *s);
/* Bytes that may be written now; the stack shall have sent before. */
uint32_t pd_sndbuf_room(struct pd *pd, struct pd_sock *s);
void pd_sndbuf_wrote(struct pd_sock *s, uint32_t n);
bool pd_sndbuf_writable(struct pd *pd, struct pd_sock *s);
/* So much time has passed. */
void pd_sndbuf_account(struct pd *pd, struct pd_sock *s, int64_t us);

/* ---- pd_udp.c: what the calls do for a PD_UDP; all return -Exxx ---- */
int pd_udp_open(struct pd *pd, struct pd_sock *s);
void pd_udp_close(struct pd *pd, struct pd_sock *s);
int pd_udp_bind(struct pd *pd, struct pd_sock *s);
int pd_udp_connect(struct pd *pd, struct pd_sock *s,
    const struct sockaddr *sa, socklen_t n);
int pd_udp_shutdown(struct pd_sock *s, int how);
uint32_t pd_udp_events(const struct pd_sock *s);
uint32_t pd_udp_waiting(const struct pd_sock *s);
ssize_t pd_udp_take(struct pd *pd, struct pd_sock *s, const struct iovec *iov,
    size_t n, int flags, struct sockaddr *sa, socklen_t *salen);
ssize_t pd_udp_report(struct pd_sock *s, struct msghdr *msg);
ssize_t pd_udp_give(struct pd *pd, struct pd_sock *s, const struct iovec *iov,
    size_t n, int flags, const struct sockaddr *sa, socklen_t salen);
int pd_udp_set(struct pd *pd, struct pd_sock *s, int level, int name,
    int value);

/* ---- pd_poll.c ---- */
void pd_poll_members(struct packetdrill_interface *ifc);
/* EPOLL* bits that hold now. */
uint32_t pd_events(struct pd *pd, struct pd_sock *s);
void pd_forget_interest(struct pd *pd, int fd);

/* ---- pd_layout.c ---- */
/* Rewrites the options of a SYN in a frame that leaves to FreeBSD's order. */
void pd_layout_freebsd(uint8_t *p, uint32_t len);

#endif
