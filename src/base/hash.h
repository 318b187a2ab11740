/*
 * hash.h - keyed SipHash, for every table that a stranger's packet can fill,
 * and for the secrets of RFC 6528 and RFC 6056.
 *
 * SipHash (Aumasson, Bernstein 2012): 2-4 where a secret leaves the machine,
 * 1-3 for tables.
 */
#ifndef HOPD_BASE_HASH_H
#define HOPD_BASE_HASH_H

#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"

struct hash_key {
	uint64_t k0, k1;
};

/* Of len bytes.  The number is the same on machines of either byte order. */
uint64_t siphash24(const struct hash_key *key, const void *p, size_t len);
uint64_t siphash13(const struct hash_key *key, const void *p, size_t len);
/* The same of the 15 bytes that a, and b, which is less than 2^56, are in
 * little-endian order.  The words of an IPv4 flow fit into them, they need not
 * go through memory, and the last byte of SipHash's second word, the length,
 * is free: so two words are all that is hashed. */
uint64_t siphash24_pair(const struct hash_key *key, uint64_t a, uint64_t b);
uint64_t siphash13_pair(const struct hash_key *key, uint64_t a, uint64_t b);
/* Of two addresses and what else names a connection, less than 2^56: the short
 * form where both are IPv4. */
uint64_t siphash13_addrs(const struct hash_key *key, const struct addr *a,
    const struct addr *b, uint64_t rest);

#endif
