/*
 * capture.h - the frames of a port, or dead packets, as a pcap stream.
 *
 * The stream goes to its receiver a record at a time; files and sockets are
 * the receiver's business.  Needs no privilege and no kernel: what is shown is
 * what the stack saw, super-frames and partial checksums as they are.
 *
 * Times are those of the day, as far as struct env told it.
 *
 * Limits: one capture a port and one of drops at a time.
 */
#ifndef HOPD_PORT_CAPTURE_H
#define HOPD_PORT_CAPTURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

#include "base/drop.h"
#include "base/pkt.h"

struct port;
struct stack;

#define CAPTURE_SNAPLEN	262144	/* more than any frame; as tcpdump */
#define CAPTURE_ANY	DROP_COUNT	/* drops of every reason */

/* Takes the file header or one whole record, in pieces; must not keep them.
 * A receiver that is full leaves the whole record out. */
typedef void capture_write_fn(void *arg, const struct iovec *iov, int n);

struct capture_conf {
	capture_write_fn *write;
	void *arg;
	uint32_t snaplen;	/* bytes of a frame to show; 0: all */
	bool nanoseconds;	/* the format with finer time */
};

struct capture {
	struct stack *stk;
	struct port *port;	/* NULL: drops */
	enum drop only;		/* of drops: this reason, or CAPTURE_ANY */
	struct capture_conf conf;
	uint64_t frames;	/* records written */
	uint64_t cut;		/* of them, longer than snaplen */
};

/* Begin: write the file header, then a record for every frame in either
 * direction, or for every packet dropped.  c stays until capture_stop().
 * 0, or -EBUSY: somebody is capturing already. */
int capture_port(struct capture *c, struct stack *stk, struct port *port,
    const struct capture_conf *conf);
int capture_drops(struct capture *c, struct stack *stk, enum drop only,
    const struct capture_conf *conf);
/* Ends it; right also after the port was deleted. */
void capture_stop(struct capture *c);

#endif
