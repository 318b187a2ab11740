/*
 * thicket.h - routes that nobody needs, in each other and beside each other:
 * what a wrong bound of a look-up mixes up lies here.
 */
#ifndef HOPD_SIM_THICKET_H
#define HOPD_SIM_THICKET_H

#include <stdbool.h>

#include "base/addr.h"
#include "base/rng.h"

struct node;

/* Prefixes of neighbouring lengths, the first being `at`, each in the one
 * before it and with the one beside it. */
struct thicket {
	struct ip4_prefix at;
};

/* Two of them on n, of which one stays as it is; false: a route was refused. */
bool thicket_plant(struct thicket *t, struct node *n, struct rng *rng);
/* Routes come and go in the other, which may move elsewhere; sometimes one for
 * everything does.  They are checked after each change. */
void thicket_stir(struct thicket *t, struct node *n, struct rng *rng);

#endif
