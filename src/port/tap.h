/*
 * tap.h - a port on a TAP or TUN descriptor with IFF_VNET_HDR.
 *
 * The descriptor is opened elsewhere (the keeper, which has the privilege to);
 * here it is only read and written.  One read() or write() a frame, the virtio
 * header in front.
 *
 * Who moves frames in another way (src/hopd/tap_ring.c) makes its port around
 * a tap_port and has the translation and the plain way from here.
 */
#ifndef HOPD_PORT_TAP_H
#define HOPD_PORT_TAP_H

#include "port/port.h"

#define TAP_VNET_HLEN 10	/* struct virtio_net_hdr without num_buffers */

struct tap_port {
	struct port port;	/* first: the two are one object */
	int fd;
};

/* Takes over fd (non-blocking, IFF_VNET_HDR, header size TAP_VNET_HLEN);
 * offload is what TUNSETOFFLOAD accepted.  kind "tap" if l2, else "tun".
 * NULL: no memory, fd not taken. */
struct port *tap_port_new(struct mem *mem, const char *name, int fd, bool l2,
    struct mac mac, uint32_t mtu, uint32_t offload);
int tap_port_fd(const struct port *port);
/* For who makes ports around one: fills t, which is zero; kind as above if ops
 * is NULL. */
void tap_port_init(struct tap_port *t, const struct port_ops *ops,
    const char *name, int fd, bool l2, struct mac mac, uint32_t mtu,
    uint32_t offload);

/* struct port_ops: the plain way. */
enum port_read tap_read(struct port *port, struct pkt *pkt, int *why);
int tap_send(struct port *port, const struct pkt *pkt);
/* The same for a frame of n bytes, its header in front, that was read
 * elsewhere: copies it. */
enum port_read tap_load(const struct port *port, struct pkt *pkt,
    const uint8_t *frame, uint32_t n, int *why);
/* The bytes that send() would write, to a place that has room for
 * TAP_VNET_HLEN + pkt_len(); returns how many. */
uint32_t tap_store(const struct pkt *pkt, uint8_t *frame);

/* Translation between the virtio header and a packet's offload words.
 * parse: data is the whole frame; 0, or -EINVAL if the header does not fit
 * it.  hdr and the fields in it are in the machine's byte order. */
int tap_vnet_parse(const uint8_t hdr[TAP_VNET_HLEN], struct pkt *pkt, bool l2);
void tap_vnet_build(const struct pkt *pkt, uint8_t hdr[TAP_VNET_HLEN]);

#endif
