/*
 * csum.h - the Internet checksum (RFC 1071) and its incremental update
 * (RFC 1624, equation 3), for complete checksums and for needs-checksum
 * fields.
 *
 * A needs-checksum field (struct pkt, csum_needed) holds the folded sum of the
 * pseudo-header, NOT complemented; the port's far side adds the data and
 * complements.  So the rewrite of an address changes it with the opposite sign
 * to a complete checksum, and the rewrite of a port changes it not at all.
 * csum_fix_*() know both; NAT, FULLNAT and TOA use only those.
 *
 * Sums are uint32_t accumulators in host order; fields on the wire are 16 bits
 * big-endian.
 */
#ifndef HOPD_BASE_CSUM_H
#define HOPD_BASE_CSUM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/addr.h"

/* Adds len bytes to sum.  An odd len is padded with a zero byte, so only the
 * last piece of a message may be odd. */
uint32_t csum_add(uint32_t sum, const void *p, size_t len);

/* Folds to 16 bits, not complemented. */
static inline uint16_t
csum_fold(uint32_t sum)
{
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)sum;
}

/* ~csum_fold(): what a checksum field holds.  Over a message that includes a
 * right checksum field it is 0. */
static inline uint16_t
csum_finish(uint32_t sum)
{
	return (uint16_t)~csum_fold(sum);
}

/* Is the checksum right that stands among these bytes?  For headers: len is a
 * multiple of 4, and at least 20.  Whether a sum is 0xffff does not depend on
 * byte order or word size (RFC 1071 2 B). */
static inline bool
csum_header_ok(const uint8_t *p, size_t len)
{
	uint64_t sum, second;
	uint32_t word;

	memcpy(&sum, p, sizeof(sum));
	memcpy(&second, p + 8, sizeof(second));
	memcpy(&word, p + 16, sizeof(word));
	sum += second;
	sum += sum < second;
	sum += word;
	sum += sum < word;
	for (size_t i = 20; i < len; i += sizeof(word)) {
		memcpy(&word, p + i, sizeof(word));
		sum += word;
		sum += sum < word;
	}
	/* Added to itself with the halves changed places, a number has the sum
	 * of its halves, carry included, in the upper one. */
	sum += sum << 32 | sum >> 32;
	word = (uint32_t)(sum >> 32);
	word += word << 16 | word >> 16;
	return word >> 16 == 0xffff;
}

/* Pseudo-header sums for TCP and UDP (RFC 9293 3.1, RFC 768). */
uint32_t csum_pseudo(const struct addr *src, const struct addr *dst,
    uint8_t proto, uint32_t l4_len);

static inline uint32_t
csum_pseudo4(struct ip4 src, struct ip4 dst, uint8_t proto, uint32_t l4_len)
{
	return (src.v >> 16) + (src.v & 0xffff) + (dst.v >> 16) +
	    (dst.v & 0xffff) + proto + (l4_len >> 16) + (l4_len & 0xffff);
}

/* What changing a field adds to a sum that is not complemented. */
static inline uint32_t
csum_delta16(uint16_t old, uint16_t new_)
{
	return (uint32_t)(uint16_t)~old + new_;
}

static inline uint32_t
csum_delta32(uint32_t old, uint32_t new_)
{
	return (~old >> 16) + (~old & 0xffff) + (new_ >> 16) +
	    (new_ & 0xffff);
}

/* RFC 1624 eqn 3: HC' = ~(~HC + ~m + m'), for a changed 16-bit or 32-bit
 * field.  csum is the field's old value in host order; returns the new. */
static inline uint16_t
csum_update16(uint16_t csum, uint16_t old, uint16_t new_)
{
	return csum_finish((uint16_t)~csum + csum_delta16(old, new_));
}

static inline uint16_t
csum_update32(uint16_t csum, uint32_t old, uint32_t new_)
{
	return csum_finish((uint16_t)~csum + csum_delta32(old, new_));
}

/* Keeps a transport checksum right, as below, after any number of changes:
 * pseudo and text are the sums of csum_delta*() of what changed in the
 * pseudo-header, and in the transport's own bytes; 0: nothing did. */
static inline void
csum_fix(uint8_t *field, uint32_t pseudo, uint32_t text, bool needed, bool udp)
{
	uint16_t csum = be16_get(field);

	if (needed) {
		be16_put(field, csum_fold(csum + pseudo));
		return;
	}
	if (udp && csum == 0)
		return;
	csum = csum_finish((uint16_t)~csum + pseudo + text);
	/* RFC 768: a computed zero is sent as all ones */
	if (udp && csum == 0)
		csum = 0xffff;
	be16_put(field, csum);
}

/*
 * Keeps a transport checksum right after a rewrite.  `field` points at the two
 * bytes on the wire.  `needed` is pkt->csum_needed.  `udp`: a complete
 * checksum of 0 means "none" and stays; a result of 0 is written as 0xffff
 * (RFC 768).  _addr: a pseudo-header address changed; _u16 and _u32: bytes of
 * the transport header or payload changed.
 */
void csum_fix_addr(uint8_t *field, const struct addr *old,
    const struct addr *new_, bool needed, bool udp);
void csum_fix_u16(uint8_t *field, uint16_t old, uint16_t new_, bool needed,
    bool udp);
/* The transport's length, a word of the pseudo-header, changed. */
void csum_fix_len(uint8_t *field, uint16_t old, uint16_t new_, bool needed,
    bool udp);
void csum_fix_u32(uint8_t *field, uint32_t old, uint32_t new_, bool needed,
    bool udp);

#endif
