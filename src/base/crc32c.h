/*
 * crc32c.h - the checksum of SCTP (RFC 9260 6.8) under translation.
 */
#ifndef HOPD_BASE_CRC32C_H
#define HOPD_BASE_CRC32C_H

#include <stdint.h>

/* The bits in which the CRC32c of a message of len bytes, at least 4, differs
 * after its first four did in diff (both in host order, as big-endian words are
 * read).  The result belongs into the field as RFC 9260 has it there, the
 * lowest byte first. */
uint32_t crc32c_delta(uint32_t diff, uint32_t len);

#endif
