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

struct hash_key {
	uint64_t k0, k1;
};

uint64_t siphash24(const struct hash_key *key, const void *p, size_t len);
uint64_t siphash13(const struct hash_key *key, const void *p, size_t len);
/* siphash13() of the 16 bytes that a and b are in little-endian order: what the
 * words of an IPv4 flow fit into, without going through memory. */
uint64_t siphash13_pair(const struct hash_key *key, uint64_t a, uint64_t b);

#endif
