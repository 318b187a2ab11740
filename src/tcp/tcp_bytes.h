/*
 * tcp_bytes.h - a queue of bytes in chunks: send buffers, receive buffers,
 * islands of out-of-order data.
 *
 * Chunks exist only while they hold bytes, are counted against tcp_mem, and
 * are handed to the port by reference.
 */
#ifndef HOPD_TCP_TCP_BYTES_H
#define HOPD_TCP_TCP_BYTES_H

#include <stdint.h>
#include <sys/uio.h>

struct stack;

struct tcp_chunk {
	struct tcp_chunk *next;
	uint32_t off, len, cap;	/* live bytes are data[off .. off + len) */
	uint8_t data[];
};

/* Invariants: len is the sum of the chunks' len, no chunk is empty; at is a
 * chunk whose first live byte is at_off bytes behind the front, or NULL. */
struct tcp_bytes {
	struct tcp_chunk *head, *tail, *at;
	uint32_t len, at_off;
};

/* Copies n bytes to the end.  Returns how many: fewer if memory or tcp_mem
 * ran out. */
uint32_t tcp_bytes_append(struct stack *stk, struct tcp_bytes *q,
    const void *p, uint32_t n);
/* Moves all of src to the end of q. */
void tcp_bytes_cat(struct tcp_bytes *q, struct tcp_bytes *src);
/* Takes n <= len bytes off the front. */
void tcp_bytes_skip(struct stack *stk, struct tcp_bytes *q, uint32_t n);
void tcp_bytes_clear(struct stack *stk, struct tcp_bytes *q);
/* Up to n bytes from the front to dst; returns how many. */
uint32_t tcp_bytes_copy(const struct tcp_bytes *q, void *dst, uint32_t n);
/* The n bytes from off on, as up to max vectors; *got of them fitted. */
uint32_t tcp_bytes_iov(struct tcp_bytes *q, uint32_t off, uint32_t n,
    struct iovec *iov, uint32_t max, uint32_t *got);
/* Memory it takes. */
uint32_t tcp_bytes_memory(const struct tcp_bytes *q);

/* Frees the warm chunks; tcp_fini(). */
void tcp_bytes_fini(struct stack *stk);

#endif
