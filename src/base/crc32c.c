/*
 * crc32c.c - what a change at the front of a message does to its CRC32c.
 *
 * A CRC is linear: that of two messages of one length differs by the CRC,
 * begun with zero, of what differs in them.  So neither the message nor a
 * table is wanted, only its length; and a checksum that was wrong stays wrong.
 *
 * RFC 9260 appendix A.  Polynomials stand with x^0 in the highest bit.
 */
#include "base/crc32c.h"

#define POLYNOMIAL	UINT32_C(0x82f63b78)
#define X_TO_0		UINT32_C(0x80000000)
#define X_TO_8		UINT32_C(0x00800000)

/* a times b, modulo the polynomial. */
static uint32_t
multiply(uint32_t a, uint32_t b)
{
	uint32_t product = 0;

	for (; a != 0; a <<= 1) {
		if ((a & X_TO_0) != 0)
			product ^= b;
		b = b >> 1 ^ ((b & 1) != 0 ? POLYNOMIAL : 0);
	}
	return product;
}

uint32_t
crc32c_delta(uint32_t diff, uint32_t len)
{
	uint32_t power = X_TO_0;

	/* A message of len bytes moves its first ones up by x^(8 len). */
	for (uint32_t square = X_TO_8; len != 0; len >>= 1) {
		if ((len & 1) != 0)
			power = multiply(power, square);
		square = multiply(square, square);
	}
	return multiply(__builtin_bswap32(diff), power);
}
