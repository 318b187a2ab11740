/*
 * prefetch.h - asks for a line of memory that will be wanted.
 *
 * A function that does nothing else has no effect that a compiler knows of:
 * gcc leaves such calls out unless they are inlined.  The empty instruction
 * keeps them.
 */
#ifndef HOPD_BASE_PREFETCH_H
#define HOPD_BASE_PREFETCH_H

/* The line at p, which need not exist. */
static inline void
prefetch(const void *p)
{
	__builtin_prefetch(p);
	__asm__ volatile ("" : : "r" (p));
}

/* ... and it will be written. */
static inline void
prefetch_write(const void *p)
{
	__builtin_prefetch(p, 1);
	__asm__ volatile ("" : : "r" (p));
}

#endif
