/*
 * raw_bytes.h - bytes of frames for programs that make them without the stack,
 * so that what judges it is not made of it.
 */
#ifndef HOPD_BENCH_RAW_BYTES_H
#define HOPD_BENCH_RAW_BYTES_H

#include <stdint.h>

static inline void
put16(uint8_t *p, uint32_t v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

static inline void
put32(uint8_t *p, uint32_t v)
{
	put16(p, v >> 16);
	put16(p + 2, v);
}

/* Adds len bytes to the sum s of RFC 1071, not yet inverted. */
static inline uint32_t
sum(uint32_t s, const uint8_t *p, uint32_t len)
{
	for (uint32_t i = 0; i < len; i++)
		s += (uint32_t)p[i] << (i % 2 == 0 ? 8 : 0);
	while (s >> 16 != 0)
		s = (s & 0xffff) + (s >> 16);
	return s;
}

#endif
