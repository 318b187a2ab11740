/*
 * tcp_bytes.c - a queue of bytes in chunks.
 *
 * Four chunk sizes keep both ends cheap: a byte in a chat takes half a
 * kilobyte, a bulk stream 64 KiB at a time, which is a super-frame's worth.
 * The big ones are kept warm, a few of them, because memory comes zeroed and
 * zeroing them again and again is a pass over the data for nothing.
 *
 * Does not know sequence numbers.  Owns its chunks; bytes shown by
 * tcp_bytes_iov() are lent until the queue changes.
 */
#include "tcp/tcp_bytes.h"

#include <assert.h>
#include <string.h>

#include "stack/stack.h"

static const uint32_t chunk_sizes[] = { 512, 2048, 16384, 65536 };

#define CHUNK_BIG (65536 - (uint32_t)sizeof(struct tcp_chunk))

/* A chunk with room for n bytes, or for as many as the biggest has; bigger
 * than the one before it, so that few chunks make a super-frame. */
static struct tcp_chunk *
chunk_new(struct stack *stk, uint32_t n, const struct tcp_chunk *before)
{
	const uint32_t kinds = sizeof(chunk_sizes) / sizeof(chunk_sizes[0]);
	struct tcp_chunk *k = stk->tcp.spare_chunk;
	uint32_t i = 0, size;

	if (before != NULL && n <= before->cap)
		n = before->cap + 1;
	while (i < kinds - 1 && chunk_sizes[i] < n + sizeof(*k))
		i++;
	size = chunk_sizes[i];
	if (stk->tcp.mem_used + size > stk->limits.tcp_mem)
		return NULL;
	if (i == kinds - 1 && k != NULL) {
		stk->tcp.spare_chunk = k->next;
		stk->tcp.spare_chunks--;
		k->next = NULL;
		k->off = k->len = 0;
	} else {
		k = mem_alloc(&stk->mem, size);
		if (k == NULL)
			return NULL;
		k->cap = size - (uint32_t)sizeof(*k);
	}
	stk->tcp.mem_used += size;
	return k;
}

static void
chunk_free(struct stack *stk, struct tcp_chunk *k)
{
	uint32_t size = k->cap + (uint32_t)sizeof(*k);

	stk->tcp.mem_used -= size;
	if (k->cap == CHUNK_BIG && stk->tcp.spare_chunks < TCP_SPARE_MAX) {
		k->next = stk->tcp.spare_chunk;
		stk->tcp.spare_chunk = k;
		stk->tcp.spare_chunks++;
		return;
	}
	mem_free(&stk->mem, k, size);
}

void
tcp_bytes_fini(struct stack *stk)
{
	struct tcp_chunk *k;

	while ((k = stk->tcp.spare_chunk) != NULL) {
		stk->tcp.spare_chunk = k->next;
		mem_free(&stk->mem, k, k->cap + sizeof(*k));
	}
	stk->tcp.spare_chunks = 0;
}

static void
link_tail(struct tcp_bytes *q, struct tcp_chunk *k)
{
	if (q->tail == NULL)
		q->head = k;
	else
		q->tail->next = k;
	q->tail = k;
}

uint32_t
tcp_bytes_append(struct stack *stk, struct tcp_bytes *q, const void *p,
    uint32_t n)
{
	const uint8_t *src = p;
	uint32_t left = n;

	while (left > 0) {
		struct tcp_chunk *k = q->tail;
		uint32_t room = k == NULL ? 0 : k->cap - k->off - k->len;

		if (room == 0) {
			k = chunk_new(stk, left, k);
			if (k == NULL)
				break;
			link_tail(q, k);
			room = k->cap;
		}
		if (room > left)
			room = left;
		memcpy(k->data + k->off + k->len, src, room);
		k->len += room;
		q->len += room;
		src += room;
		left -= room;
	}
	return n - left;
}

void
tcp_bytes_cat(struct tcp_bytes *q, struct tcp_bytes *src)
{
	if (src->head == NULL)
		return;
	if (q->tail == NULL)
		q->head = src->head;
	else
		q->tail->next = src->head;
	q->tail = src->tail;
	q->len += src->len;
	*src = (struct tcp_bytes){ 0 };
}

void
tcp_bytes_skip(struct stack *stk, struct tcp_bytes *q, uint32_t n)
{
	assert(n <= q->len);
	q->len -= n;
	q->at_off = q->at_off >= n ? q->at_off - n : 0;
	while (n > 0) {
		struct tcp_chunk *k = q->head;

		if (n < k->len) {
			k->off += n;
			k->len -= n;
			if (q->at == k)
				q->at_off = 0;
			return;
		}
		n -= k->len;
		if (q->at == k) {
			q->at = k->next;
			q->at_off = 0;
		}
		q->head = k->next;
		if (q->head == NULL)
			q->tail = NULL;
		chunk_free(stk, k);
	}
}

void
tcp_bytes_clear(struct stack *stk, struct tcp_bytes *q)
{
	tcp_bytes_skip(stk, q, q->len);
}

uint32_t
tcp_bytes_copy(const struct tcp_bytes *q, void *dst, uint32_t n)
{
	uint8_t *out = dst;
	uint32_t done = 0;

	for (const struct tcp_chunk *k = q->head; k != NULL && done < n;
	    k = k->next) {
		uint32_t m = k->len < n - done ? k->len : n - done;

		memcpy(out + done, k->data + k->off, m);
		done += m;
	}
	return done;
}

/* Moves the mark to the chunk that holds the byte at off. */
static void
seek(struct tcp_bytes *q, uint32_t off)
{
	assert(off < q->len);
	if (q->at == NULL || off < q->at_off) {
		q->at = q->head;
		q->at_off = 0;
	}
	while (off - q->at_off >= q->at->len) {
		q->at_off += q->at->len;
		q->at = q->at->next;
	}
}

uint32_t
tcp_bytes_iov(struct tcp_bytes *q, uint32_t off, uint32_t n,
    struct iovec *iov, uint32_t max, uint32_t *got)
{
	struct tcp_chunk *k;
	uint32_t skip, count = 0, done = 0;

	*got = 0;
	if (n == 0 || off >= q->len)
		return 0;
	seek(q, off);
	skip = off - q->at_off;
	for (k = q->at; k != NULL && done < n && count < max; k = k->next) {
		uint32_t m = k->len - skip;

		if (m > n - done)
			m = n - done;
		iov[count].iov_base = k->data + k->off + skip;
		iov[count].iov_len = m;
		count++;
		done += m;
		skip = 0;
	}
	*got = done;
	return count;
}

uint32_t
tcp_bytes_memory(const struct tcp_bytes *q)
{
	uint32_t n = 0;

	for (const struct tcp_chunk *k = q->head; k != NULL; k = k->next)
		n += k->cap + (uint32_t)sizeof(*k);
	return n;
}
