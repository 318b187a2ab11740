/*
 * csum.c - the Internet checksum.
 *
 * Read: RFC 1071 (the sum does not care about byte order or word size),
 * RFC 1624 (how to change one field of it).
 *
 * The bulk is summed in the machine's byte order, eight bytes a load, and
 * turned to network order once at the end (RFC 1071 2 B).
 */
#include "base/csum.h"

#include <string.h>

#include "base/cursor.h"

static inline uint64_t
load64(const uint8_t *p)
{
	uint64_t v;

	memcpy(&v, p, sizeof(v));
	return v;
}

static inline uint32_t
load32(const uint8_t *p)
{
	uint32_t v;

	memcpy(&v, p, sizeof(v));
	return v;
}

static inline uint16_t
load16(const uint8_t *p)
{
	uint16_t v;

	memcpy(&v, p, sizeof(v));
	return v;
}

/* One's complement: what is carried out comes in again below (RFC 1071 2 A). */
static inline uint64_t
add64(uint64_t sum, uint64_t v)
{
	sum += v;
	return sum + (sum < v);
}

static inline uint16_t
fold64(uint64_t sum)
{
	sum = (sum & UINT32_MAX) + (sum >> 32);
	sum = (sum & 0xffff) + (sum >> 16 & 0xffff) + (sum >> 32);
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)sum;
}

uint32_t
csum_add(uint32_t sum, const void *data, size_t len)
{
	const uint8_t *p = data;
	uint64_t a = 0, b = 0;
	uint8_t two[2] = { 0, 0 };
	uint16_t native;

	for (; len >= 32; p += 32, len -= 32) {
		a = add64(a, load64(p));
		b = add64(b, load64(p + 8));
		a = add64(a, load64(p + 16));
		b = add64(b, load64(p + 24));
	}
	for (; len >= 8; p += 8, len -= 8)
		a = add64(a, load64(p));
	if (len & 4) {
		b = add64(b, load32(p));
		p += 4;
	}
	if (len & 2) {
		b = add64(b, load16(p));
		p += 2;
	}
	if (len & 1) {
		two[0] = *p;
		b = add64(b, load16(two));
	}
	native = fold64(add64(a, b));
	memcpy(two, &native, sizeof(native));
	return csum_fold(sum) + (uint32_t)be16_get(two);
}

uint32_t
csum_pseudo(const struct addr *src, const struct addr *dst, uint8_t proto,
    uint32_t l4_len)
{
	uint32_t sum;

	if (addr_is_ip4(src) && addr_is_ip4(dst))
		return csum_pseudo4(addr_to_ip4(src), addr_to_ip4(dst), proto,
		    l4_len);
	/* RFC 8200 8.1 */
	sum = csum_add(0, src->b, sizeof(src->b));
	sum = csum_add(sum, dst->b, sizeof(dst->b));
	return sum + proto + (l4_len >> 16) + (l4_len & 0xffff);
}

void
csum_fix_addr(uint8_t *field, const struct addr *old, const struct addr *new_,
    bool needed, bool udp)
{
	uint32_t delta = 0;

	for (int i = 0; i < 16; i += 4)
		delta += csum_delta32(be32_get(old->b + i),
		    be32_get(new_->b + i));
	csum_fix(field, delta, 0, needed, udp);
}

void
csum_fix_u16(uint8_t *field, uint16_t old, uint16_t new_, bool needed,
    bool udp)
{
	csum_fix(field, 0, csum_delta16(old, new_), needed, udp);
}

void
csum_fix_len(uint8_t *field, uint16_t old, uint16_t new_, bool needed, bool udp)
{
	csum_fix(field, csum_delta16(old, new_), 0, needed, udp);
}

void
csum_fix_u32(uint8_t *field, uint32_t old, uint32_t new_, bool needed,
    bool udp)
{
	csum_fix(field, 0, csum_delta32(old, new_), needed, udp);
}
