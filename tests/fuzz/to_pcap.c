/*
 * to_pcap.c - an input of the `frame` target as a pcap: what came in and what
 * the stack sent, until it ended or stopped.
 *
 *   tests/fuzz/to-pcap INPUT > FILE.pcap
 *
 * A bare IP packet gets an Ethernet header: its source tells the direction.
 */
#include "fuzz/frame_bed.h"

#define INPUT_MAX (1 << 20)

/* The file is for the machine that writes it, in its byte order. */
static void
put32(uint32_t v)
{
	fwrite(&v, sizeof(v), 1, stdout);
}

static void
write_record(void *arg, const struct port *port, const struct pkt *pkt,
    bool out)
{
	static const uint8_t eth_in[14] = { 2, 0, 0, 0, 0, 3, 2, 0, 0, 0, 0, 4,
	    8, 0 };
	static const uint8_t eth_out[14] = { 2, 0, 0, 0, 0, 4, 2, 0, 0, 0, 0,
	    3, 8, 0 };
	uint32_t len = pkt_len(pkt) + (port->l2 ? 0 : sizeof(eth_in));
	const struct frame_watch *w = arg;

	put32((uint32_t)(w->stk->now.us / 1000000));
	put32((uint32_t)(w->stk->now.us % 1000000));
	put32(len);
	put32(len);
	if (!port->l2)
		fwrite(out ? eth_out : eth_in, sizeof(eth_in), 1, stdout);
	fwrite(pkt_data(pkt), 1, pkt->len, stdout);
	for (uint32_t i = 0; i < pkt->nref; i++)
		fwrite(pkt->ref[i].iov_base, 1, pkt->ref[i].iov_len, stdout);
	fflush(stdout);
}

int
main(int argc, char **argv)
{
	struct frame_watch watch = { .frame = write_record };
	uint8_t *buf = malloc(INPUT_MAX);
	FILE *f;
	size_t n;

	if (argc != 2 || buf == NULL) {
		fprintf(stderr, "usage: to-pcap INPUT > FILE.pcap\n");
		return 2;
	}
	f = fopen(argv[1], "rb");
	if (f == NULL) {
		perror(argv[1]);
		return 1;
	}
	n = fread(buf, 1, INPUT_MAX, f);
	fclose(f);
	put32(0xa1b2c3d4);
	put32(4 << 16 | 2);
	put32(0);
	put32(0);
	put32(262144);
	put32(1);
	frame_run(buf, n, 0, &watch);
	free(buf);
	return 0;
}
