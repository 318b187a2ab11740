/*
 * service_impl.h - between service.c and server.c; for nobody else.
 */
#ifndef HOPD_LB_SERVICE_IMPL_H
#define HOPD_LB_SERVICE_IMPL_H

#include "lb/service.h"

#define LB_KEY_BYTES 24

/* The words of a key, written out without padding: what is hashed. */
void lb_key_bytes(uint8_t b[LB_KEY_BYTES], const struct lb_service_key *key);

/* Where an address counts in service_addrs and server_addrs. */
uint32_t lb_addr_bucket(const struct lb_services *s, const struct addr *addr);

int lb_servers_init(struct stack *stk);		/* 0 or -ENOMEM */
/* Frees every server; the services are gone already. */
void lb_servers_fini(struct stack *stk);
/* The service goes: its servers are freed, or stay as orphans. */
void lb_servers_orphan(struct stack *stk, struct lb_service *svc);

#endif
