/*
 * tap.c - a port on a TAP or TUN descriptor.
 *
 * One system call a frame: read() and write() with the virtio header in the
 * headroom just before it, so that the frame lands behind the headroom and
 * leaves from where it is.  Vectors would cost the kernel as much again as
 * all of our own work, so writev() is for borrowed payload only.  The header's
 * fields are in the machine's byte order, as the kernel has them by default.
 *
 * It does not open, configure or poll the device; the descriptor comes ready
 * and is closed with the port.
 *
 * A full queue (EAGAIN) or a device that is administratively down (EIO) costs
 * the frame and nothing else; a descriptor without a device (EBADFD) marks the
 * port down.
 */
#include "port/tap.h"

#include <errno.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#include "base/drop.h"
#include "port/segment.h"

/* struct virtio_net_hdr: flags, gso_type, hdr_len, gso_size, csum_start,
 * csum_offset (virtio 1.2, 5.1.6). */
#define VNET_F_NEEDS_CSUM	0x01
#define VNET_F_DATA_VALID	0x02
#define VNET_GSO_NONE		0
#define VNET_GSO_TCPV4		1
#define VNET_GSO_TCPV6		4
#define VNET_GSO_UDP_L4		5
#define VNET_GSO_ECN		0x80
#define VNET_AT_HDR_LEN		2
#define VNET_AT_GSO_SIZE	4
#define VNET_AT_CSUM_START	6
#define VNET_AT_CSUM_OFFSET	8

#define TAP_REFS_MAX	64	/* borrowed vectors of one frame */

static struct tap_port *
tap_of(struct port *port)
{
	return (struct tap_port *)port;
}

static uint16_t
native16_get(const uint8_t *p)
{
	uint16_t v;

	memcpy(&v, p, sizeof(v));
	return v;
}

static void
native16_put(uint8_t *p, uint32_t value)
{
	uint16_t v = (uint16_t)value;

	memcpy(p, &v, sizeof(v));
}

/* A header that says something. */
static int
vnet_parse(const uint8_t hdr[TAP_VNET_HLEN], struct pkt *pkt, bool l2)
{
	uint8_t flags = hdr[0];

	switch (hdr[1] & ~VNET_GSO_ECN) {
	case VNET_GSO_NONE:
		break;
	case VNET_GSO_TCPV4:
		pkt->gso_type = PKT_GSO_TCP4;
		break;
	case VNET_GSO_TCPV6:
		pkt->gso_type = PKT_GSO_TCP6;
		break;
	case VNET_GSO_UDP_L4:
		pkt->gso_type = PKT_GSO_UDP;
		break;
	default:
		return -EINVAL;
	}
	if (pkt->gso_type != PKT_GSO_NONE) {
		pkt->gso_size = native16_get(hdr + VNET_AT_GSO_SIZE);
		pkt->gso_ecn = (hdr[1] & VNET_GSO_ECN) != 0;
	}
	if (flags & VNET_F_NEEDS_CSUM) {
		pkt->csum_needed = true;
		pkt->csum_start = pkt->off +
		    native16_get(hdr + VNET_AT_CSUM_START);
		pkt->csum_offset = native16_get(hdr + VNET_AT_CSUM_OFFSET);
	}
	pkt->csum_ok = (flags & (VNET_F_NEEDS_CSUM | VNET_F_DATA_VALID)) != 0;
	return offload_check(pkt, l2);
}

int
tap_vnet_parse(const uint8_t hdr[TAP_VNET_HLEN], struct pkt *pkt, bool l2)
{
	pkt_clear_offload(pkt);
	return (hdr[0] | hdr[1]) == 0 ? 0 : vnet_parse(hdr, pkt, l2);
}

/* Bytes of all headers of a super-frame, for the receiver's convenience. */
static uint32_t
header_length(const struct pkt *pkt)
{
	uint32_t l4 = pkt->csum_start - pkt->off;

	if (pkt->gso_type == PKT_GSO_UDP)
		return l4 + 8;
	return l4 + (pkt->buf[pkt->csum_start + 12] >> 4) * 4u;
}

void
tap_vnet_build(const struct pkt *pkt, uint8_t hdr[TAP_VNET_HLEN])
{
	static const uint8_t type[] = {
		[PKT_GSO_NONE] = VNET_GSO_NONE,
		[PKT_GSO_TCP4] = VNET_GSO_TCPV4,
		[PKT_GSO_TCP6] = VNET_GSO_TCPV6,
		[PKT_GSO_UDP] = VNET_GSO_UDP_L4,
	};

	memset(hdr, 0, TAP_VNET_HLEN);
	if (!pkt->csum_needed)
		return;
	hdr[0] = VNET_F_NEEDS_CSUM;
	native16_put(hdr + VNET_AT_CSUM_START, pkt->csum_start - pkt->off);
	native16_put(hdr + VNET_AT_CSUM_OFFSET, pkt->csum_offset);
	if (pkt->gso_type == PKT_GSO_NONE)
		return;
	hdr[1] = type[pkt->gso_type];
	if (pkt->gso_ecn)
		hdr[1] |= VNET_GSO_ECN;
	native16_put(hdr + VNET_AT_HDR_LEN, header_length(pkt));
	native16_put(hdr + VNET_AT_GSO_SIZE, pkt->gso_size);
}

/* n bytes are in place, the header in front of the empty packet's data. */
static inline enum port_read
accept_frame(const struct port *port, struct pkt *pkt, uint32_t n, int *why)
{
	const uint8_t *hdr = pkt_data(pkt) - TAP_VNET_HLEN;

	*why = DROP_PORT_BAD_VNET;
	if (n < TAP_VNET_HLEN)
		return PORT_READ_ERROR;
	pkt_append(pkt, n - TAP_VNET_HLEN);
	if (tap_vnet_parse(hdr, pkt, port->l2) != 0)
		return PORT_READ_ERROR;
	return PORT_READ_FRAME;
}

enum port_read
tap_read(struct port *port, struct pkt *pkt, int *why)
{
	uint32_t room = TAP_VNET_HLEN + pkt_tailroom(pkt);
	ssize_t n;

	n = read(tap_of(port)->fd, pkt_data(pkt) - TAP_VNET_HLEN, room);
	if (n < 0) {
		if (errno == EAGAIN || errno == EINTR)
			return PORT_READ_EMPTY;
		port->down = true;
		*why = DROP_PORT_DOWN;
		return PORT_READ_ERROR;
	}
	/* The kernel cuts a frame that does not fit without a word; so a full
	 * buffer is taken for a frame that was longer. */
	if ((size_t)n == room) {
		*why = DROP_NO_MEMORY;
		return PORT_READ_ERROR;
	}
	return accept_frame(port, pkt, (uint32_t)n, why);
}

enum port_read
tap_load(const struct port *port, struct pkt *pkt, const uint8_t *frame,
    uint32_t n, int *why)
{
	if (n >= TAP_VNET_HLEN + pkt_tailroom(pkt)) {
		*why = DROP_NO_MEMORY;
		return PORT_READ_ERROR;
	}
	memcpy(pkt_data(pkt) - TAP_VNET_HLEN, frame, n);
	return accept_frame(port, pkt, n, why);
}

/* With payload by reference: header, live bytes and payload in one call. */
static ssize_t
send_vectors(int fd, const struct pkt *pkt, uint8_t hdr[TAP_VNET_HLEN])
{
	struct iovec iov[2 + TAP_REFS_MAX];

	iov[0] = (struct iovec){ hdr, TAP_VNET_HLEN };
	iov[1] = (struct iovec){ pkt_data(pkt), pkt->len };
	for (uint32_t i = 0; i < pkt->nref; i++)
		iov[2 + i] = pkt->ref[i];
	return writev(fd, iov, 2 + (int)pkt->nref);
}

uint32_t
tap_store(const struct pkt *pkt, uint8_t *frame)
{
	uint8_t *p = frame + TAP_VNET_HLEN;

	tap_vnet_build(pkt, frame);
	memcpy(p, pkt_data(pkt), pkt->len);
	p += pkt->len;
	for (uint32_t i = 0; i < pkt->nref; i++) {
		memcpy(p, pkt->ref[i].iov_base, pkt->ref[i].iov_len);
		p += pkt->ref[i].iov_len;
	}
	return (uint32_t)(p - frame);
}

int
tap_send(struct port *port, const struct pkt *pkt)
{
	/* Nothing lives in what is left of the headroom by now. */
	uint8_t *hdr = pkt_data(pkt) - TAP_VNET_HLEN;
	int fd = tap_of(port)->fd;
	ssize_t n;

	if (pkt->nref > TAP_REFS_MAX || pkt_headroom(pkt) < TAP_VNET_HLEN)
		return -EMSGSIZE;
	tap_vnet_build(pkt, hdr);
	do {
		n = pkt->nref == 0 ?
		    write(fd, hdr, TAP_VNET_HLEN + pkt->len) :
		    send_vectors(fd, pkt, hdr);
	} while (n < 0 && errno == EINTR);
	if (n >= 0)
		return 0;
	if (errno == EBADFD)
		port->down = true;
	return -errno;
}

static void
tap_close(struct port *port, struct mem *mem)
{
	struct tap_port *t = tap_of(port);

	close(t->fd);
	mem_free(mem, t, sizeof(*t));
}

static const struct port_ops tap_ops = {
	.kind = "tap",
	.read = tap_read,
	.send = tap_send,
	.close = tap_close,
};

static const struct port_ops tun_ops = {
	.kind = "tun",
	.read = tap_read,
	.send = tap_send,
	.close = tap_close,
};

void
tap_port_init(struct tap_port *t, const struct port_ops *ops, const char *name,
    int fd, bool l2, struct mac mac, uint32_t mtu, uint32_t offload)
{
	if (ops == NULL)
		ops = l2 ? &tap_ops : &tun_ops;
	port_init(&t->port, ops, name, l2, mac, mtu, offload);
	t->fd = fd;
}

struct port *
tap_port_new(struct mem *mem, const char *name, int fd, bool l2,
    struct mac mac, uint32_t mtu, uint32_t offload)
{
	struct tap_port *t = mem_alloc(mem, sizeof(*t));

	if (t == NULL)
		return NULL;
	tap_port_init(t, NULL, name, fd, l2, mac, mtu, offload);
	return &t->port;
}

int
tap_port_fd(const struct port *port)
{
	return ((const struct tap_port *)port)->fd;
}
