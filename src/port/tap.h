/*
 * tap.h - a port on a TAP or TUN descriptor with IFF_VNET_HDR.
 *
 * The descriptor is opened elsewhere (the keeper, which has the privilege to);
 * here it is only read and written.  One read() or write() a frame, the virtio
 * header in front.
 */
#ifndef HOPD_PORT_TAP_H
#define HOPD_PORT_TAP_H

#include "port/port.h"

#define TAP_VNET_HLEN 10	/* struct virtio_net_hdr without num_buffers */

/* Takes over fd (non-blocking, IFF_VNET_HDR, header size TAP_VNET_HLEN);
 * offload is what TUNSETOFFLOAD accepted.  kind "tap" if l2, else "tun".
 * NULL: no memory, fd not taken. */
struct port *tap_port_new(struct mem *mem, const char *name, int fd, bool l2,
    struct mac mac, uint32_t mtu, uint32_t offload);
int tap_port_fd(const struct port *port);

/* Translation between the virtio header and a packet's offload words.
 * parse: data is the whole frame; 0, or -EINVAL if the header does not fit
 * it.  hdr and the fields in it are in the machine's byte order. */
int tap_vnet_parse(const uint8_t hdr[TAP_VNET_HLEN], struct pkt *pkt, bool l2);
void tap_vnet_build(const struct pkt *pkt, uint8_t hdr[TAP_VNET_HLEN]);

#endif
