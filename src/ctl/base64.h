/*
 * base64.h - bytes inside of JSON (RFC 4648 4).
 */
#ifndef HOPD_CTL_BASE64_H
#define HOPD_CTL_BASE64_H

#include <stddef.h>
#include <sys/uio.h>

/* malloc'd text, or NULL. */
char *base64_encode(const struct iovec *iov, int n);
/* Into at most size bytes: how many; what is no digit ends it. */
size_t base64_decode(const char *text, void *out, size_t size);

#endif
