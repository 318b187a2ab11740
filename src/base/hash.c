/*
 * hash.c - SipHash-2-4 and SipHash-1-3.
 *
 * Read: Aumasson and Bernstein, "SipHash: a fast short-input PRF" (2012).
 * Bytes are taken little-endian on every machine, so a hash depends on key
 * and input only.
 */
#include "base/hash.h"

#include <string.h>

#include "base/slow.h"

struct sip {
	uint64_t v0, v1, v2, v3;
};

static inline uint64_t
rotl64(uint64_t x, int n)
{
	return x << n | x >> (64 - n);
}

/* Compilers make one load of it where the machine allows. */
static inline uint64_t
le64_get(const uint8_t *p)
{
	return (uint64_t)p[0] | (uint64_t)p[1] << 8 | (uint64_t)p[2] << 16 |
	    (uint64_t)p[3] << 24 | (uint64_t)p[4] << 32 |
	    (uint64_t)p[5] << 40 | (uint64_t)p[6] << 48 |
	    (uint64_t)p[7] << 56;
}

static inline void
sip_rounds(struct sip *s, int n)
{
	while (n-- > 0) {
		s->v0 += s->v1;
		s->v1 = rotl64(s->v1, 13) ^ s->v0;
		s->v0 = rotl64(s->v0, 32);
		s->v2 += s->v3;
		s->v3 = rotl64(s->v3, 16) ^ s->v2;
		s->v0 += s->v3;
		s->v3 = rotl64(s->v3, 21) ^ s->v0;
		s->v2 += s->v1;
		s->v1 = rotl64(s->v1, 17) ^ s->v2;
		s->v2 = rotl64(s->v2, 32);
	}
}

static inline struct sip
sip_begin(const struct hash_key *key)
{
	return (struct sip){
		key->k0 ^ UINT64_C(0x736f6d6570736575),
		key->k1 ^ UINT64_C(0x646f72616e646f6d),
		key->k0 ^ UINT64_C(0x6c7967656e657261),
		key->k1 ^ UINT64_C(0x7465646279746573),
	};
}

static inline void
sip_word(struct sip *s, uint64_t w, int c)
{
	s->v3 ^= w;
	sip_rounds(s, c);
	s->v0 ^= w;
}

static inline uint64_t
sip_end(struct sip *s, int d)
{
	s->v2 ^= 0xff;
	sip_rounds(s, d);
	return s->v0 ^ s->v1 ^ s->v2 ^ s->v3;
}

/* c rounds a word, d at the end; both constant where it is called, so that
 * the loops unroll. */
static inline uint64_t
siphash(const struct hash_key *key, const uint8_t *p, size_t len, int c, int d)
{
	struct sip s = sip_begin(key);
	uint64_t m = (uint64_t)len << 56;

	for (; len >= 8; p += 8, len -= 8)
		sip_word(&s, le64_get(p), c);
	for (size_t i = 0; i < len; i++)
		m |= (uint64_t)p[i] << (8 * i);
	sip_word(&s, m, c);
	return sip_end(&s, d);
}

uint64_t
siphash24_pair(const struct hash_key *key, uint64_t a, uint64_t b)
{
	struct sip s = sip_begin(key);

	sip_word(&s, a, 2);
	sip_word(&s, b | UINT64_C(15) << 56, 2);
	return sip_end(&s, 4);
}

static inline uint64_t
pair13(const struct hash_key *key, uint64_t a, uint64_t b)
{
	struct sip s = sip_begin(key);

	sip_word(&s, a, 1);
	sip_word(&s, b | UINT64_C(15) << 56, 1);
	return sip_end(&s, 3);
}

uint64_t
siphash13_pair(const struct hash_key *key, uint64_t a, uint64_t b)
{
	return pair13(key, a, b);
}

/* At least one is not IPv4. */
static SLOW uint64_t
long13(const struct hash_key *key, const struct addr *a, const struct addr *b,
    uint64_t rest)
{
	uint8_t in[40];

	memcpy(in, a->b, 16);
	memcpy(in + 16, b->b, 16);
	for (int i = 0; i < 8; i++)
		in[32 + i] = (uint8_t)(rest >> (8 * i));
	return siphash(key, in, sizeof(in), 1, 3);
}

uint64_t
siphash13_addrs(const struct hash_key *key, const struct addr *a,
    const struct addr *b, uint64_t rest)
{
	if (!addr_is_ip4(a) || !addr_is_ip4(b))
		return long13(key, a, b, rest);
	return pair13(key, (uint64_t)addr_to_ip4(a).v << 32 |
	    addr_to_ip4(b).v, rest);
}

uint64_t
siphash24(const struct hash_key *key, const void *p, size_t len)
{
	return siphash(key, p, len, 2, 4);
}

uint64_t
siphash13(const struct hash_key *key, const void *p, size_t len)
{
	return siphash(key, p, len, 1, 3);
}
