/*
 * http_cache.c - small files that were asked for a moment ago.
 *
 * A file that fits into one answer is kept whole for HTTP_CACHE_US, so that
 * many requests for it cost one look at the tree.  A change is seen that much
 * later at most.  One slot a path, by its hash; whoever comes last has it.
 *
 * Owns the bytes; what http_cache_find() shows is good until the next call
 * that may fill or clear.
 */
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "service/calendar.h"
#include "service/http_conn.h"
#include "stack/stack.h"

static struct http_cached *
slot_of(struct stack *stk, const char *path)
{
	uint32_t h = 2166136261u;

	for (; *path != '\0'; path++)
		h = (h ^ (uint8_t)*path) * 16777619u;
	return &stk->service.http.cache[(h ^ h >> 16) % HTTP_CACHE_SLOTS];
}

static void
slot_clear(struct stack *stk, struct http_cached *c)
{
	if (c->path != NULL)
		mem_strfree(&stk->mem, c->path);
	mem_free(&stk->mem, c->data, HTTP_CACHE_FILE);
	*c = (struct http_cached){ 0 };
}

void
http_file_about(const struct file_info *info, struct http_about *out)
{
	char date[HTTP_DATE_LEN + 1];

	http_date_format(info->mtime, date);
	snprintf(out->tag, sizeof(out->tag), "\"%llx-%llx\"",
	    (unsigned long long)info->mtime, (unsigned long long)info->size);
	out->fields_len = (uint32_t)snprintf(out->fields, sizeof(out->fields),
	    "Last-Modified: %s\r\nETag: %s\r\nAccept-Ranges: bytes\r\n", date,
	    out->tag);
}

const struct http_cached *
http_cache_find(struct stack *stk, const char *path)
{
	struct http_cached *c = slot_of(stk, path);

	if (c->path == NULL || strcmp(c->path, path) != 0 ||
	    !instant_before(stk->now, c->until))
		return NULL;
	return c;
}

const struct http_cached *
http_cache_fill(struct stack *stk, const char *path, int file,
    const struct file_info *info)
{
	const struct files *f = &stk->service.http.files;
	struct http_cached *c = slot_of(stk, path);

	if (info->size > HTTP_CACHE_FILE)
		return NULL;
	slot_clear(stk, c);
	c->path = mem_strdup(&stk->mem, path);
	c->data = mem_alloc(&stk->mem, HTTP_CACHE_FILE);
	if (c->path == NULL || c->data == NULL ||
	    f->read(f->arg, file, 0, c->data, (uint32_t)info->size) !=
	    (int32_t)info->size) {
		slot_clear(stk, c);
		return NULL;
	}
	c->info = *info;
	c->until = instant_add(stk->now, HTTP_CACHE_US);
	http_file_about(info, &c->about);
	return c;
}

void
http_cache_clear(struct stack *stk)
{
	for (int i = 0; i < HTTP_CACHE_SLOTS; i++)
		slot_clear(stk, &stk->service.http.cache[i]);
}
