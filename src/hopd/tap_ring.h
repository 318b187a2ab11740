/*
 * tap_ring.h - ports on TAP and TUN devices whose small frames are read and
 * written in batches, by io_uring.
 *
 * Under load a batch costs one system call in place of one a frame, and the
 * kernel copies from and to pinned memory, which it does faster.  Large frames,
 * and those of a device that has only a few at a time, go by read() and
 * write() as on any other TAP port; so does everything where there is no ring.
 */
#ifndef HOPD_HOPD_TAP_RING_H
#define HOPD_HOPD_TAP_RING_H

#include "port/tap.h"

struct stack;
struct tap_ring;

/* One for all ports of a process; before jail_seal().  NULL and *r = -Exxx:
 * the kernel has no io_uring, or not for us. */
struct tap_ring *tap_ring_new(int *r);
/* After its ports. */
void tap_ring_free(struct tap_ring *ring);

/* As tap_port_new(); a port without a ring if ring is NULL or its table is
 * full.  The stack is that which the port will be added to. */
struct port *tap_ring_port_new(struct tap_ring *ring, struct stack *stk,
    const char *name, int fd, bool l2, struct mac mac, uint32_t mtu,
    uint32_t offload);

/* Writes what ports of the ring have taken: at the end of a turn, before
 * anybody sleeps. */
void tap_ring_flush(struct tap_ring *ring);

#endif
