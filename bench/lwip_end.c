/*
 * lwip_end.c - lwIP behind a TAP, as a peer: echo on port 7, discard on 9,
 * chargen on 19.
 *
 *	lwip_end DEVICE ADDRESS		a /24; DEVICE is made here
 *
 * Debian's library as it is configured.  Frames are read and handed to lwIP in
 * one thread, under its lock, by its raw interface: the shortest way that it
 * has.  It knows no offloads, so the device has none.
 */
#include <err.h>
#include <fcntl.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <linux/if_tun.h>

#include <lwip/etharp.h>
#include <lwip/tcp.h>
#include <lwip/tcpip.h>
#include <netif/ethernet.h>

#define FRAME_MAX	1514

static int tap;
static char pattern[65536];

/* ---- the device -------------------------------------------------------- */

static void
tap_make(const char *name)
{
	struct ifreq ifr;

	memset(&ifr, 0, sizeof(ifr));
	snprintf(ifr.ifr_name, sizeof(ifr.ifr_name), "%s", name);
	ifr.ifr_flags = IFF_TAP | IFF_NO_PI;
	tap = open("/dev/net/tun", O_RDWR);
	if (tap == -1 || ioctl(tap, TUNSETIFF, &ifr) == -1)
		err(1, "%s", name);
}

static err_t
frame_out(struct netif *netif, struct pbuf *p)
{
	char buf[FRAME_MAX];
	u16_t n = pbuf_copy_partial(p, buf, sizeof(buf), 0);

	(void)netif;
	return write(tap, buf, n) == n ? ERR_OK : ERR_IF;
}

static err_t
netif_up(struct netif *netif)
{
	static const u8_t mac[6] = { 2, 0, 0, 0, 0, 1 };

	memcpy(netif->hwaddr, mac, sizeof(mac));
	netif->hwaddr_len = sizeof(mac);
	netif->name[0] = 't';
	netif->name[1] = 'p';
	netif->mtu = 1500;
	netif->flags = NETIF_FLAG_BROADCAST | NETIF_FLAG_ETHARP |
	    NETIF_FLAG_LINK_UP;
	netif->output = etharp_output;
	netif->linkoutput = frame_out;
	return ERR_OK;
}

static void
frames_in(struct netif *netif)
{
	char buf[FRAME_MAX + 4];
	struct pbuf *p;
	ssize_t n;

	while ((n = read(tap, buf, sizeof(buf))) > 0) {
		LOCK_TCPIP_CORE();
		p = pbuf_alloc(PBUF_RAW, (u16_t)n, PBUF_RAM);
		if (p != NULL && (pbuf_take(p, buf, (u16_t)n) != ERR_OK ||
		    netif->input(p, netif) != ERR_OK))
			pbuf_free(p);
		UNLOCK_TCPIP_CORE();
	}
}

/* ---- services ---------------------------------------------------------- */

static err_t
discard(void *arg, struct tcp_pcb *pcb, struct pbuf *p, err_t e)
{
	(void)arg;
	(void)e;
	if (p == NULL)
		return tcp_close(pcb);
	tcp_recved(pcb, p->tot_len);
	pbuf_free(p);
	return ERR_OK;
}

static err_t
echo(void *arg, struct tcp_pcb *pcb, struct pbuf *p, err_t e)
{
	for (struct pbuf *q = p; q != NULL; q = q->next)
		tcp_write(pcb, q->payload, q->len, TCP_WRITE_FLAG_COPY);
	tcp_output(pcb);
	return discard(arg, pcb, p, e);
}

static err_t
chargen(void *arg, struct tcp_pcb *pcb, u16_t len)
{
	u32_t room;

	(void)arg;
	(void)len;
	while ((room = tcp_sndbuf(pcb)) > 0) {
		if (room > 1460)
			room = 1460;
		if (tcp_write(pcb, pattern, (u16_t)room, 0) != ERR_OK)
			break;
	}
	tcp_output(pcb);
	return ERR_OK;
}

static err_t
accepted(void *arg, struct tcp_pcb *pcb, err_t e)
{
	(void)arg;
	if (e != ERR_OK || pcb == NULL)
		return ERR_VAL;
	tcp_nagle_disable(pcb);
	tcp_recv(pcb, pcb->local_port == 7 ? echo : discard);
	if (pcb->local_port != 19)
		return ERR_OK;
	tcp_sent(pcb, chargen);
	return chargen(NULL, pcb, 0);
}

static void
service(u16_t port)
{
	struct tcp_pcb *pcb = tcp_new();

	if (pcb == NULL || tcp_bind(pcb, IP_ADDR_ANY, port) != ERR_OK ||
	    (pcb = tcp_listen(pcb)) == NULL)
		errx(1, "port %u", port);
	tcp_accept(pcb, accepted);
}

int
main(int argc, char **argv)
{
	struct netif netif;
	ip4_addr_t address, mask, gateway = { 0 };

	if (argc != 3 || !ip4addr_aton(argv[2], &address))
		errx(2, "usage: lwip_end DEVICE ADDRESS");
	IP4_ADDR(&mask, 255, 255, 255, 0);
	tap_make(argv[1]);
	tcpip_init(NULL, NULL);
	LOCK_TCPIP_CORE();
	memset(&netif, 0, sizeof(netif));
	if (netif_add(&netif, &address, &mask, &gateway, NULL, netif_up,
	    ethernet_input) == NULL)
		errx(1, "netif_add");
	netif_set_up(&netif);
	service(7);
	service(9);
	service(19);
	UNLOCK_TCPIP_CORE();
	frames_in(&netif);
	return 1;
}
