/*
 * keeper_msg.h - what the worker asks of the keeper, and the answers.
 *
 * One SOCK_SEQPACKET message each way, descriptors beside it (SCM_RIGHTS).
 * The worker asks and waits; the keeper never asks.  Both ends may be of
 * different builds (an upgrade starts a new worker under an old keeper), so
 * a message of another size or version is refused and not guessed at.
 *
 * The keeper does not trust what it receives: strings end inside their
 * arrays, everything else it checks where it uses it.
 */
#ifndef HOPD_HOPD_KEEPER_MSG_H
#define HOPD_HOPD_KEEPER_MSG_H

#include <stdint.h>

#include "ctl/ctl.h"

#define KEEPER_MSG_VERSION	1
#define KEEPER_MSG_FDS		3	/* most descriptors of one message */
#define KEEPER_MSG_TEXT		1024	/* a path, or an error's line */
#define KEEPER_CHAN_FD		3	/* the worker's end, across exec */
#define KEEPER_ID_NONE		UINT32_MAX	/* uid, gid: stay as you are */

enum keeper_ask {
	/* -> uid, gid, pid, fresh, index: not 0 with -n; text: the
	 * configuration file's name as it was typed, "" without one; fds:
	 * control socket, flow table, journal. */
	KEEPER_HELLO = 1,
	/* index -> spec, offload; fd.  -ENOENT past the last one. */
	KEEPER_PORT_TAKE,
	/* spec -> spec (MAC and MTU filled in), offload; fd. */
	KEEPER_PORT_OPEN,
	/* spec.name ->.  The device goes when both have closed it. */
	KEEPER_PORT_CLOSE,
	/* -> fd of the configuration file. */
	KEEPER_FILE_READ,
	/* fd: memory file with the new contents -> */
	KEEPER_FILE_WRITE,
	/* fd: memory file that takes the journal's place -> */
	KEEPER_JOURNAL,
	/* The configuration stands -> fd, if detached: the new stderr. */
	KEEPER_READY,
	/* -> fd of the directory of -r, if there is one. */
	KEEPER_ROOT,
	/* spec.name, spec.mtu ->.  The device has that MTU. */
	KEEPER_PORT_MTU,
};

struct keeper_msg {
	uint32_t version;
	uint32_t ask;		/* enum keeper_ask; an answer repeats it */
	int32_t result;		/* of an answer: 0, or -Exxx and text */
	uint32_t index;
	uint32_t offload;	/* PORT_* */
	uint32_t uid, gid;	/* to run as, or KEEPER_ID_NONE */
	uint32_t pid;		/* the keeper's */
	uint32_t fresh;		/* nothing to go on from: read the file */
	struct port_spec spec;
	char text[KEEPER_MSG_TEXT];
};

/* Never blocks and keeps the descriptors open here.  0 or -Exxx. */
int keeper_msg_send(int chan, struct keeper_msg *m, const int *fds,
    unsigned nfds);
/* Waits for one message.  fds not received are -1.  0, -EPIPE when the other
 * end is gone, -EPROTO for a message that is none; then no descriptor is
 * left open. */
int keeper_msg_recv(int chan, struct keeper_msg *m, int fds[KEEPER_MSG_FDS]);

/* The worker's side: sends m with fd (or -1) and waits for the answer in m.
 * *got (may be NULL) is the descriptor of the answer or -1.  Returns the
 * result and, if it is not 0, says it in err. */
int keeper_call(int chan, struct keeper_msg *m, int fd, int *got,
    struct err *err);

#endif
