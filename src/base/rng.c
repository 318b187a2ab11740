/*
 * rng.c - ChaCha20 (RFC 8439 2.3) as a generator of random numbers.
 *
 * The key is the seed, the nonce is zero and the block number takes 64 bits,
 * so the stream does not repeat.  Numbers are taken from it little-endian:
 * the same seed gives the same numbers on every machine.
 */
#include "base/rng.h"

#include <assert.h>
#include <string.h>

static inline uint32_t
rotl32(uint32_t x, int n)
{
	return x << n | x >> (32 - n);
}

static inline uint32_t
le32_get(const uint8_t *p)
{
	return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 |
	    (uint32_t)p[3] << 24;
}

static inline void
le32_put(uint8_t *p, uint32_t v)
{
	p[0] = (uint8_t)v;
	p[1] = (uint8_t)(v >> 8);
	p[2] = (uint8_t)(v >> 16);
	p[3] = (uint8_t)(v >> 24);
}

/* RFC 8439 2.1 */
static inline void
quarter_round(uint32_t *x, int a, int b, int c, int d)
{
	x[a] += x[b];
	x[d] = rotl32(x[d] ^ x[a], 16);
	x[c] += x[d];
	x[b] = rotl32(x[b] ^ x[c], 12);
	x[a] += x[b];
	x[d] = rotl32(x[d] ^ x[a], 8);
	x[c] += x[d];
	x[b] = rotl32(x[b] ^ x[c], 7);
}

/* RFC 8439 2.3: the next 64 bytes of the stream, into r->buf. */
static void
next_block(struct rng *r)
{
	uint32_t in[16] = { 0x61707865, 0x3320646e, 0x79622d32, 0x6b206574 };
	uint32_t x[16];

	memcpy(in + 4, r->key, sizeof(r->key));
	in[12] = (uint32_t)r->block;
	in[13] = (uint32_t)(r->block >> 32);
	memcpy(x, in, sizeof(x));
	for (int i = 0; i < 10; i++) {
		quarter_round(x, 0, 4, 8, 12);
		quarter_round(x, 1, 5, 9, 13);
		quarter_round(x, 2, 6, 10, 14);
		quarter_round(x, 3, 7, 11, 15);
		quarter_round(x, 0, 5, 10, 15);
		quarter_round(x, 1, 6, 11, 12);
		quarter_round(x, 2, 7, 8, 13);
		quarter_round(x, 3, 4, 9, 14);
	}
	for (int i = 0; i < 16; i++)
		le32_put(r->buf + 4 * i, x[i] + in[i]);
	r->block++;
	r->used = 0;
}

void
rng_init(struct rng *r, const uint8_t seed[RNG_SEED_LEN])
{
	for (int i = 0; i < 8; i++)
		r->key[i] = le32_get(seed + 4 * i);
	r->block = 0;
	r->used = sizeof(r->buf);
}

void
rng_bytes(struct rng *r, void *dst, size_t len)
{
	uint8_t *p = dst;

	while (len > 0) {
		size_t n;

		if (r->used == sizeof(r->buf))
			next_block(r);
		n = sizeof(r->buf) - r->used;
		if (n > len)
			n = len;
		memcpy(p, r->buf + r->used, n);
		r->used += (unsigned)n;
		p += n;
		len -= n;
	}
}

uint32_t
rng_u32(struct rng *r)
{
	uint8_t b[4];

	rng_bytes(r, b, sizeof(b));
	return le32_get(b);
}

uint64_t
rng_u64(struct rng *r)
{
	uint64_t low = rng_u32(r);

	return (uint64_t)rng_u32(r) << 32 | low;
}

uint32_t
rng_below(struct rng *r, uint32_t n)
{
	uint64_t m;

	assert(n > 0);
	/* The high word of draw * n is uniform once the draws that fall into
	 * the short remainder, 2^32 mod n of them, are drawn again. */
	do {
		m = (uint64_t)rng_u32(r) * n;
	} while ((uint32_t)m < -n % n);
	return (uint32_t)(m >> 32);
}

struct hash_key
rng_hash_key(struct rng *r)
{
	struct hash_key key;

	key.k0 = rng_u64(r);
	key.k1 = rng_u64(r);
	return key;
}
