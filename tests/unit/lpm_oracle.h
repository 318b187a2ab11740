/*
 * lpm_oracle.h - longest prefix match the slow, obvious way: one hash table of
 * prefixes, asked for every length from 32 down.
 */
#ifndef HOPD_TESTS_LPM_ORACLE_H
#define HOPD_TESTS_LPM_ORACLE_H

#include <stdint.h>

#include "base/addr.h"

struct oracle_entry {
	struct ip4_prefix p;
	uint32_t value;		/* 0: free, or removed if used */
	bool used;
};

struct oracle {
	struct oracle_entry *entry;
	uint32_t room;		/* a power of two, never more than half full */
	uint32_t used;
};

void oracle_init(struct oracle *o);
void oracle_fini(struct oracle *o);
void oracle_set(struct oracle *o, struct ip4_prefix p, uint32_t value);
void oracle_del(struct oracle *o, struct ip4_prefix p);
uint32_t oracle_get(const struct oracle *o, struct ip4_prefix p);
uint32_t oracle_lookup(const struct oracle *o, struct ip4 ip);

#endif
