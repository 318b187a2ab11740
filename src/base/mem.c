/*
 * mem.c - counted memory that can fail on order.
 *
 * calloc() and free() with two additions and a branch around them.  The size
 * comes back with mem_free(), so a block carries no header of ours.  A wrong
 * size shows at teardown, as live_bytes that do not return to zero.
 */
#include "base/mem.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* Is this the call that was ordered to fail? */
static int
must_fail(struct mem *m)
{
	m->calls++;
	if (m->fail_at == 0 || --m->fail_at != 0)
		return 0;
	return 1;
}

void *
mem_alloc(struct mem *m, size_t size)
{
	void *p = must_fail(m) ? NULL : calloc(1, size != 0 ? size : 1);

	if (p == NULL) {
		m->failed++;
		return NULL;
	}
	m->live++;
	m->live_bytes += size;
	return p;
}

void *
mem_array(struct mem *m, size_t n, size_t size)
{
	size_t total;

	if (__builtin_mul_overflow(n, size, &total)) {
		m->calls++;
		m->failed++;
		return NULL;
	}
	return mem_alloc(m, total);
}

void *
mem_resize(struct mem *m, void *p, size_t old_size, size_t new_size)
{
	uint8_t *q;

	if (p == NULL) {
		assert(old_size == 0);
		return mem_alloc(m, new_size);
	}
	q = must_fail(m) ? NULL : realloc(p, new_size != 0 ? new_size : 1);
	if (q == NULL) {
		m->failed++;
		return NULL;
	}
	if (new_size > old_size)
		memset(q + old_size, 0, new_size - old_size);
	m->live_bytes += new_size;
	m->live_bytes -= old_size;
	return q;
}

void
mem_free(struct mem *m, void *p, size_t size)
{
	if (p == NULL)
		return;
	assert(m->live > 0 && m->live_bytes >= size);
	m->live--;
	m->live_bytes -= size;
	free(p);
}

char *
mem_strdup(struct mem *m, const char *s)
{
	size_t size = strlen(s) + 1;
	char *p = mem_alloc(m, size);

	if (p != NULL)
		memcpy(p, s, size);
	return p;
}

void
mem_strfree(struct mem *m, char *s)
{
	if (s != NULL)
		mem_free(m, s, strlen(s) + 1);
}
