/*
 * util.c - memory and random numbers of the simulator.
 */
#include "util.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "port/fault.h"

static void *
or_die(void *p)
{
	if (p == NULL) {
		fputs("hopsim: out of memory\n", stderr);
		exit(1);
	}
	return p;
}

void *
sim_alloc(size_t size)
{
	return or_die(calloc(1, size));
}

void *
sim_grow(void *p, uint32_t *size, uint32_t n, size_t each)
{
	uint32_t now = *size == 0 ? 16 : *size;

	if (n <= *size)
		return p;
	while (now < n)
		now *= 2;
	p = or_die(realloc(p, now * each));
	memset((char *)p + *size * each, 0, (now - *size) * each);
	*size = now;
	return p;
}

char *
sim_strdup(const char *s)
{
	return or_die(strdup(s));
}

void
sim_rng(struct rng *r, uint64_t seed, const char *purpose, uint64_t n)
{
	struct hash_key key = { seed, n };
	uint8_t bytes[RNG_SEED_LEN];

	for (unsigned i = 0; i < RNG_SEED_LEN; i += 8) {
		uint64_t h = siphash24(&key, purpose, strlen(purpose));

		memcpy(bytes + i, &h, 8);
		key.k1 += UINT64_C(0x9e3779b97f4a7c15);
	}
	rng_init(r, bytes);
}

bool
sim_chance(struct rng *r, uint32_t ppm)
{
	return fault_chance(r, ppm);
}

int64_t
sim_between(struct rng *r, int64_t low, int64_t high)
{
	return fault_between(r, low, high);
}
