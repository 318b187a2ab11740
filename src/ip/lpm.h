/*
 * lpm.h - longest prefix match over IPv4 prefixes.
 *
 * Maps a prefix to a 32-bit value that is not 0 (an index of the caller's).
 * Insert and remove touch only what they change.  The structure is private to
 * lpm.c; tests/unit compares it with a slow oracle.
 */
#ifndef HOPD_IP_LPM_H
#define HOPD_IP_LPM_H

#include <stdint.h>

#include "base/addr.h"
#include "base/mem.h"

struct lpm;

struct lpm *lpm_new(struct mem *mem);		/* NULL: no memory */
void lpm_free(struct lpm *l);

/* Adds or replaces.  0 or -ENOMEM (table unchanged). */
int lpm_set(struct lpm *l, struct ip4_prefix p, uint32_t value);
/* 0 or -ENOENT. */
int lpm_del(struct lpm *l, struct ip4_prefix p);
/* The value of exactly this prefix, or 0. */
uint32_t lpm_get(const struct lpm *l, struct ip4_prefix p);
/* The value of the longest prefix that holds ip, or 0. */
uint32_t lpm_lookup(const struct lpm *l, struct ip4 ip);
/* The same for n addresses, which costs less than one after the other where
 * the table is large: n at most LPM_MANY. */
#define LPM_MANY 32u
void lpm_lookup_many(const struct lpm *l, const struct ip4 ip[],
    uint32_t value[], uint32_t n);
/* In order of address, shorter prefixes first; fn returning false stops. */
void lpm_walk(const struct lpm *l,
    bool (*fn)(void *arg, struct ip4_prefix p, uint32_t value), void *arg);
uint64_t lpm_bytes(const struct lpm *l);

#endif
