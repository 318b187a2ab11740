/*
 * sched_wrr.c - weighted round robin, as IPVS does it: walk the list again and
 * again and pick every server whose weight reaches a level; the level starts
 * at the highest weight and goes down by the weights' common divisor each
 * time round.  Heavy servers get bursts; swrr spreads them.
 */
#include "lb/sched_impl.h"

struct wrr {
	struct lb_server *at;	/* picked last; NULL: the list's head */
	int64_t level;		/* weight that is enough now */
	int64_t top;		/* where it starts anew; 0: no weights */
	int64_t step;
};

static void
weights_read(struct lb_service *svc, struct wrr *w)
{
	struct lb_server *srv;
	int32_t max = 0;
	uint32_t gcd = 0;

	for (srv = svc->servers; srv != NULL; srv = srv->next) {
		gcd = lb_gcd(gcd, (uint32_t)srv->conf.weight);
		if (srv->conf.weight > max)
			max = srv->conf.weight;
	}
	w->at = NULL;
	w->step = gcd != 0 ? gcd : 1;
	w->top = max - (w->step - 1);
}

static int
wrr_changed(struct stack *stk, struct lb_service *svc, struct lb_server *srv)
{
	struct wrr *w = svc->sched_data;

	(void)stk;
	(void)srv;
	weights_read(svc, w);
	if (w->level > w->top || w->level == 0)
		w->level = w->top;
	else if (w->step > 1)
		w->level = w->level / w->step * w->step + 1;
	return 0;
}

/* Where the search of one pick stands. */
struct search {
	struct lb_server *srv;	/* looked at last; NULL: the head */
	struct lb_server *from;	/* where it began */
	struct lb_server *stop;	/* the last one worth a look, or NULL */
	bool last_round;	/* the lowest level: every weight is enough */
	bool again;		/* the level started anew */
};

/* The next server at or above the level in this round, or NULL. *over: there
 * is none anywhere. */
static struct lb_server *
round_search(struct lb_service *svc, const struct wrr *w, struct search *s,
    bool *over)
{
	for (;;) {
		s->srv = s->srv == NULL ? svc->servers : s->srv->next;
		if (s->srv == NULL)
			return NULL;
		if ((s->srv->flags & LB_SRV_OVERLOAD) == 0 &&
		    s->srv->conf.weight >= w->level)
			return s->srv;
		if (s->srv == s->stop) {
			*over = true;
			return NULL;
		}
	}
}

static struct lb_server *
wrr_pick(struct stack *stk, struct lb_service *svc, const struct lb_pick *p)
{
	struct wrr *w = svc->sched_data;
	struct search s = { .srv = w->at, .from = w->at };
	struct lb_server *found = NULL;
	bool over = w->top == 0;

	(void)stk;
	(void)p;
	while (!over && (found = round_search(svc, w, &s, &over)) == NULL &&
	    !over) {
		w->level -= w->step;
		if (w->level <= 0) {
			w->level = w->top;
			if (s.last_round || s.from == NULL)
				break;
			s.again = true;
		}
		s.last_round = w->level <= w->step;
		if (s.last_round && s.again && s.from != NULL)
			s.stop = s.from;
	}
	w->at = s.srv;
	return found;
}

const struct lb_sched lb_sched_wrr = {
	.name = "wrr",
	.size = sizeof(struct wrr),
	.changed = wrr_changed,
	.pick = wrr_pick,
};
