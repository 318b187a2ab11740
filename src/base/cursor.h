/*
 * cursor.h - a checked reader and a checked writer over bytes.
 *
 * Every wire format goes through these two: a step past the end sets a sticky
 * `bad`, reads as zero from then on, and is tested once at the end.  Values
 * are big-endian on the wire (network order) and host order in the caller.
 * Neither owns the bytes.
 */
#ifndef HOPD_BASE_CURSOR_H
#define HOPD_BASE_CURSOR_H

#include <endian.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct rd {
	const uint8_t *p;	/* next byte */
	size_t left;		/* bytes from p */
	bool bad;		/* something was read past the end */
};

struct wr {
	uint8_t *p;
	size_t left;
	bool bad;
};

static inline struct rd
rd_init(const void *p, size_t len)
{
	return (struct rd){ p, len, false };
}

static inline struct wr
wr_init(void *p, size_t len)
{
	return (struct wr){ p, len, false };
}

/* Unchecked big-endian access to bytes that the caller has checked.  One load
 * or store each, which shifts of bytes are not sure to become. */
static inline uint16_t
be16_get(const uint8_t *p)
{
	uint16_t v;

	memcpy(&v, p, sizeof(v));
	return be16toh(v);
}

static inline uint32_t
be32_get(const uint8_t *p)
{
	uint32_t v;

	memcpy(&v, p, sizeof(v));
	return be32toh(v);
}

static inline void
be16_put(uint8_t *p, uint16_t v)
{
	v = htobe16(v);
	memcpy(p, &v, sizeof(v));
}

static inline void
be32_put(uint8_t *p, uint32_t v)
{
	v = htobe32(v);
	memcpy(p, &v, sizeof(v));
}

/* The next n bytes, or NULL (and bad) if there are fewer.  Once bad, a cursor
 * has nothing left, so every later step fails too. */
static inline const uint8_t *
rd_bytes(struct rd *r, size_t n)
{
	const uint8_t *p = r->p;

	if (r->bad || n > r->left) {
		r->bad = true;
		r->left = 0;
		return NULL;
	}
	r->p += n;
	r->left -= n;
	return p;
}

static inline uint8_t
rd_u8(struct rd *r)
{
	const uint8_t *p = rd_bytes(r, 1);

	return p != NULL ? p[0] : 0;
}

static inline uint16_t
rd_u16(struct rd *r)
{
	const uint8_t *p = rd_bytes(r, 2);

	return p != NULL ? be16_get(p) : 0;
}

static inline uint32_t
rd_u32(struct rd *r)
{
	const uint8_t *p = rd_bytes(r, 4);

	return p != NULL ? be32_get(p) : 0;
}

void rd_copy(struct rd *r, void *dst, size_t n);	/* zeroes dst if bad */
void rd_skip(struct rd *r, size_t n);

/* Each appends, in network byte order; without room it writes nothing, and the
 * cursor is bad from then on. */
void wr_u8(struct wr *w, uint8_t v);
void wr_u16(struct wr *w, uint16_t v);
void wr_u32(struct wr *w, uint32_t v);
void wr_copy(struct wr *w, const void *src, size_t n);

#endif
