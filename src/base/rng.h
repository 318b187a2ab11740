/*
 * rng.h - the stack's own random numbers: a seeded generator, so that a run
 * in virtual time is replayed from its seed.
 *
 * ChaCha20 (RFC 8439 2.3) in counter mode over the seed of struct env: in the
 * daemon the seed comes from the kernel, so what is drawn is unpredictable.
 */
#ifndef HOPD_BASE_RNG_H
#define HOPD_BASE_RNG_H

#include <stddef.h>
#include <stdint.h>

#include "base/hash.h"

#define RNG_SEED_LEN 32

struct rng {
	uint32_t key[8];
	uint64_t block;		/* number of the next block */
	uint8_t buf[64];	/* the block being handed out */
	unsigned used;		/* bytes of buf already handed out */
};

/* The same seed, the same numbers. */
void rng_init(struct rng *r, const uint8_t seed[RNG_SEED_LEN]);
uint32_t rng_u32(struct rng *r);
uint64_t rng_u64(struct rng *r);
/* Uniform in [0, n), n > 0. */
uint32_t rng_below(struct rng *r, uint32_t n);
void rng_bytes(struct rng *r, void *dst, size_t len);
struct hash_key rng_hash_key(struct rng *r);

#endif
