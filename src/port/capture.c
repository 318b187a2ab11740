/*
 * capture.c - pcap records from packets.
 *
 * Read: draft-ietf-opsawg-pcap (the file format).  All numbers are written
 * big-endian, which readers tell by the magic number.
 *
 * The stream of a port has its link type, Ethernet or raw IP.  The stream of
 * drops is always Ethernet, because packets die in every layer: the link
 * header is still in the buffer in front of what came from an Ethernet port,
 * and a header without addresses is put before the rest.
 */
#include "port/capture.h"

#include <errno.h>

#include "base/cursor.h"
#include "stack/stack.h"

#define MAGIC_USEC	0xa1b2c3d4u
#define MAGIC_NSEC	0xa1b23c4du
#define LINK_ETHERNET	1
#define LINK_RAW	101	/* IPv4 or IPv6, no link header */
#define FILE_HLEN	24
#define RECORD_HLEN	16
#define PIECES_MAX	64	/* borrowed vectors of one packet shown */

static void
write_file_header(const struct capture *c, uint32_t link)
{
	uint8_t b[FILE_HLEN];
	struct wr w = wr_init(b, sizeof(b));
	struct iovec iov = { b, sizeof(b) };

	wr_u32(&w, c->conf.nanoseconds ? MAGIC_NSEC : MAGIC_USEC);
	wr_u16(&w, 2);			/* version 2.4 */
	wr_u16(&w, 4);
	wr_u32(&w, 0);			/* reserved */
	wr_u32(&w, 0);
	wr_u32(&w, c->conf.snaplen);
	wr_u32(&w, link);
	c->conf.write(c->conf.arg, &iov, 1);
}

/* Adds [p, p + len) to the record, as far as *room goes. */
static void
add_piece(struct iovec *iov, int *n, uint32_t *room, const void *p, size_t len)
{
	if (len > *room)
		len = *room;
	if (len == 0)
		return;
	iov[(*n)++] = (struct iovec){ (void *)(uintptr_t)p, len };
	*room -= (uint32_t)len;
}

/* A record of the bytes from `start` of the packet's buffer on, behind a link
 * header that may be NULL. */
static void
write_record(struct capture *c, const struct pkt *pkt, uint32_t start,
    const uint8_t *link)
{
	uint32_t own = pkt->off + pkt->len - start;
	uint32_t len = own + pkt->ref_len + (link != NULL ? ETH_HLEN : 0);
	uint32_t shown = len < c->conf.snaplen ? len : c->conf.snaplen;
	int64_t us = c->stk->now.us + c->stk->wall_offset_us;
	uint32_t part = (uint32_t)(us % USEC_PER_SEC);
	struct iovec iov[3 + PIECES_MAX];
	uint8_t b[RECORD_HLEN];
	struct wr w = wr_init(b, sizeof(b));
	uint32_t room = shown;
	int n = 1;

	if (link != NULL)
		add_piece(iov, &n, &room, link, ETH_HLEN);
	add_piece(iov, &n, &room, pkt->buf + start, own);
	for (uint32_t i = 0; i < pkt->nref && i < PIECES_MAX; i++)
		add_piece(iov, &n, &room, pkt->ref[i].iov_base,
		    pkt->ref[i].iov_len);
	shown -= room;

	wr_u32(&w, (uint32_t)(us / USEC_PER_SEC));
	wr_u32(&w, c->conf.nanoseconds ? part * 1000 : part);
	wr_u32(&w, shown);
	wr_u32(&w, len);
	iov[0] = (struct iovec){ b, sizeof(b) };
	c->frames++;
	if (shown < len)
		c->cut++;
	c->conf.write(c->conf.arg, iov, n);
}

static void
see_frame(void *arg, const struct port *port, const struct pkt *pkt, bool out)
{
	(void)port;
	(void)out;
	write_record(arg, pkt, pkt->off, NULL);
}

static void
see_drop(void *arg, const struct pkt *pkt, enum drop why)
{
	static const uint8_t no_link[ETH_HLEN] = { [12] = 0x08 };
	struct capture *c = arg;
	uint32_t start = pkt->off;

	if (c->only != CAPTURE_ANY && c->only != why)
		return;
	/* Frames are read to behind the headroom, and no one moves them. */
	if (pkt->ifp != NULL && pkt->ifp->port != NULL &&
	    pkt->ifp->port->l2) {
		if (start > PKT_HEADROOM)
			start = PKT_HEADROOM;
		write_record(c, pkt, start, NULL);
		return;
	}
	if (pkt->l3 < start)
		start = pkt->l3;
	if (pkt->l3 != PKT_NO_OFF && pkt->l3 == start + ETH_HLEN)
		write_record(c, pkt, start, NULL);
	else
		write_record(c, pkt, start, no_link);
}

static void
capture_init(struct capture *c, struct stack *stk, struct port *port,
    const struct capture_conf *conf)
{
	*c = (struct capture){ .stk = stk, .port = port, .conf = *conf };
	if (conf->snaplen == 0 || conf->snaplen > CAPTURE_SNAPLEN)
		c->conf.snaplen = CAPTURE_SNAPLEN;
}

int
capture_port(struct capture *c, struct stack *stk, struct port *port,
    const struct capture_conf *conf)
{
	if (port->tap != NULL)
		return -EBUSY;
	capture_init(c, stk, port, conf);
	port->tap = see_frame;
	port->tap_arg = c;
	write_file_header(c, port->l2 ? LINK_ETHERNET : LINK_RAW);
	return 0;
}

int
capture_drops(struct capture *c, struct stack *stk, enum drop only,
    const struct capture_conf *conf)
{
	if (stk->drop.tap != NULL)
		return -EBUSY;
	capture_init(c, stk, NULL, conf);
	c->only = only;
	stk->drop.tap = see_drop;
	stk->drop.tap_arg = c;
	write_file_header(c, LINK_ETHERNET);
	return 0;
}

void
capture_stop(struct capture *c)
{
	if (c->port == NULL) {
		c->stk->drop.tap = NULL;
		c->stk->drop.tap_arg = NULL;
		return;
	}
	for (struct port *p = c->stk->ports; p != NULL; p = p->next) {
		if (p == c->port && p->tap_arg == c) {
			p->tap = NULL;
			p->tap_arg = NULL;
		}
	}
}
