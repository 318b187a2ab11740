/*
 * tap_open.h - makes a TAP or TUN device, in a network namespace if named.
 * Needs CAP_NET_ADMIN there, and CAP_SYS_ADMIN to go there: the keeper's job.
 */
#ifndef HOPD_HOPD_TAP_OPEN_H
#define HOPD_HOPD_TAP_OPEN_H

#include "ctl/ctl.h"

/* Where `ip netns` keeps the names. */
#define NETNS_DIR	"/run/netns"
#define TAP_MTU_DEFAULT	1500

/* Makes the device that spec asks for, fills in what spec leaves open (MAC,
 * MTU) and what TUNSETOFFLOAD took (PORT_*).  The descriptor is non-blocking
 * and close-on-exec.  Returns it or -Exxx and err; then the device does not
 * exist.  The process is in its own namespace again afterwards. */
int tap_open(struct port_spec *spec, uint32_t *offload, struct err *err);

/* Gives the device of spec another MTU: 0 or -Exxx and err. */
int tap_set_mtu(const struct port_spec *spec, uint32_t mtu, struct err *err);

#endif
