/*
 * record.c - one pcap file of many captures.
 *
 * The captures run in the same virtual time and write at once, so records are
 * in order; of the file headers, all the same, the first one counts.
 */
#include "record.h"

#include <stdio.h>
#include <stdlib.h>

#include "port/capture.h"
#include "util.h"
#include "world.h"

struct capture_link {
	struct capture_link *next;
	struct capture capture;
};

struct recorder {
	FILE *file;
	bool begun;		/* the file header is written */
	struct capture_link *captures;
};

static void
record_write(void *arg, const struct iovec *iov, int n)
{
	struct recorder *r = arg;
	bool header = n == 1;

	if (header && r->begun)
		return;
	r->begun = true;
	for (int i = 0; i < n; i++)
		fwrite(iov[i].iov_base, 1, iov[i].iov_len, r->file);
}

void
record_end(struct recorder *r, struct wire_end *end)
{
	struct capture_conf conf = { .write = record_write, .arg = r };
	struct capture_link *c;

	if (r == NULL || end->port == NULL)
		return;
	c = sim_alloc(sizeof(*c));
	if (capture_port(&c->capture, end->node->stk, end->port, &conf) != 0) {
		free(c);
		return;
	}
	c->next = r->captures;
	r->captures = c;
}

struct recorder *
record_start(struct world *w, const char *path)
{
	FILE *file = fopen(path, "wb");
	struct recorder *r;

	if (file == NULL)
		return NULL;
	r = sim_alloc(sizeof(*r));
	r->file = file;
	w->recorder = r;
	for (uint32_t i = 0; i < w->end_count; i++)
		record_end(r, w->ends[i]);
	return r;
}

void
record_free(struct recorder *r)
{
	struct capture_link *c;

	if (r == NULL)
		return;
	while ((c = r->captures) != NULL) {
		r->captures = c->next;
		free(c);
	}
	fclose(r->file);
	free(r);
}
