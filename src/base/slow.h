/*
 * slow.h - what a packet on its usual way does not do.
 *
 * A function that is marked SLOW stays out of the code that calls it, so that
 * the usual way needs no registers, no stack and no cache lines for it.
 */
#ifndef HOPD_BASE_SLOW_H
#define HOPD_BASE_SLOW_H

#define SLOW __attribute__((noinline, cold))

#endif
