/*
 * slow.h - what a packet on its usual way does not do, and what it does.
 *
 * A function that is marked SLOW stays out of the code that calls it, so that
 * the usual way needs no registers, no stack and no cache lines for it.  One
 * that is marked FAST becomes part of its callers even where a compiler would
 * rather have only one of it.
 */
#ifndef HOPD_BASE_SLOW_H
#define HOPD_BASE_SLOW_H

#define SLOW __attribute__((noinline, cold))
#define FAST static inline __attribute__((always_inline))

#endif
