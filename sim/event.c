/*
 * event.c - a binary heap whose members know their place, so that an event can
 * be moved and cancelled.
 */
#include "event.h"

#include <stdlib.h>

#include "util.h"

static bool
earlier(const struct event *a, const struct event *b)
{
	return a->at.us != b->at.us ? a->at.us < b->at.us : a->seq < b->seq;
}

static void
place(struct events *h, struct event *e, uint32_t pos)
{
	h->heap[pos] = e;
	e->pos = pos;
}

static void
rise(struct events *h, struct event *e, uint32_t pos)
{
	while (pos > 1 && earlier(e, h->heap[pos / 2])) {
		place(h, h->heap[pos / 2], pos);
		pos /= 2;
	}
	place(h, e, pos);
}

static void
sink(struct events *h, struct event *e, uint32_t pos)
{
	for (;;) {
		uint32_t child = pos * 2;

		if (child > h->count)
			break;
		if (child < h->count &&
		    earlier(h->heap[child + 1], h->heap[child]))
			child++;
		if (!earlier(h->heap[child], e))
			break;
		place(h, h->heap[child], pos);
		pos = child;
	}
	place(h, e, pos);
}

void
events_fini(struct events *h)
{
	free(h->heap);
	*h = (struct events){ 0 };
}

void
event_init(struct event *e, event_fn *fire)
{
	*e = (struct event){ .fire = fire };
}

void
event_cancel(struct events *h, struct event *e)
{
	uint32_t pos = e->pos;
	struct event *last;

	if (pos == 0)
		return;
	e->pos = 0;
	last = h->heap[h->count--];
	if (last == e)
		return;
	if (pos > 1 && earlier(last, h->heap[pos / 2]))
		rise(h, last, pos);
	else
		sink(h, last, pos);
}

void
event_set(struct events *h, struct event *e, struct instant at)
{
	event_cancel(h, e);
	if (instant_is_never(at))
		return;
	e->at = at;
	e->seq = h->next_seq++;
	h->heap = sim_grow(h->heap, &h->size, h->count + 2,
	    sizeof(*h->heap));
	rise(h, e, ++h->count);
}

struct event *
events_first(const struct events *h)
{
	return h->count > 0 ? h->heap[1] : NULL;
}
