/*
 * util.h - what every part of the simulator leans on: memory that is there or
 * the program ends, and random numbers with a purpose.
 *
 * Each purpose (a wire's faults, a host's script, the swarm's choices) draws
 * from a generator of its own, so that a change in one does not shift the
 * others.
 */
#ifndef HOPD_SIM_UTIL_H
#define HOPD_SIM_UTIL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/rng.h"

#define PPM 1000000u	/* rates are in millionths */

/* Zeroed; never NULL: without memory the program says so and exits. */
void *sim_alloc(size_t size);
/* The array grows to hold at least n; returns it, *size is what it holds. */
void *sim_grow(void *p, uint32_t *size, uint32_t n, size_t each);
char *sim_strdup(const char *s);

/* The generator for (seed, purpose, number). */
void sim_rng(struct rng *r, uint64_t seed, const char *purpose, uint64_t n);
/* True ppm times in a million; draws nothing for 0. */
bool sim_chance(struct rng *r, uint32_t ppm);
/* Uniform in [low, high]. */
int64_t sim_between(struct rng *r, int64_t low, int64_t high);

#endif
