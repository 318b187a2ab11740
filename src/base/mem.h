/*
 * mem.h - the stack's only way to the heap.
 *
 * It counts what is alive, so that a teardown can assert that nothing leaked,
 * and fails on order, so that a test walks every error path: with fail_at = n
 * the n-th call from then on returns NULL.  Memory comes zeroed.
 */
#ifndef HOPD_BASE_MEM_H
#define HOPD_BASE_MEM_H

#include <stddef.h>
#include <stdint.h>

struct mem {
	uint64_t live;		/* objects not yet freed */
	uint64_t live_bytes;
	uint64_t calls;		/* allocations asked for, failed ones too */
	uint64_t fail_at;	/* calls to go until one fails; 0: never */
	uint64_t failed;
};

/* Zeroed, the caller's until mem_free() with the same size; NULL: none is left,
 * or it is to fail. */
void *mem_alloc(struct mem *m, size_t size);
void *mem_array(struct mem *m, size_t n, size_t size);	/* overflow: NULL */
/* Grows or shrinks; the old block stays on failure; new bytes are zero. */
void *mem_resize(struct mem *m, void *p, size_t old_size, size_t new_size);
void mem_free(struct mem *m, void *p, size_t size);	/* p may be NULL */
char *mem_strdup(struct mem *m, const char *s);		/* free: mem_strfree */
void mem_strfree(struct mem *m, char *s);

#endif
