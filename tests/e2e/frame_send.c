/*
 * frame_send.c - sends one frame, given in hexadecimal, out of an interface:
 * frames that no kernel would send.
 *
 *     frame_send INTERFACE HEX
 */
#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <linux/if_ether.h>
#include <linux/if_packet.h>

#define FRAME_MAX 1514

/* Bytes written, or -1. */
static int
hex_decode(const char *hex, uint8_t *out, size_t size)
{
	size_t len = strlen(hex) / 2;

	if (strlen(hex) % 2 != 0 || len > size)
		return -1;
	for (size_t i = 0; i < len; i++) {
		unsigned byte;

		if (sscanf(hex + 2 * i, "%2x", &byte) != 1)
			return -1;
		out[i] = (uint8_t)byte;
	}
	return (int)len;
}

int
main(int argc, char **argv)
{
	struct sockaddr_ll to = { .sll_family = AF_PACKET };
	uint8_t frame[FRAME_MAX];
	int len, fd;

	if (argc != 3 ||
	    (len = hex_decode(argv[2], frame, sizeof(frame))) < 0) {
		fprintf(stderr, "usage: frame_send INTERFACE HEX\n");
		return 2;
	}
	to.sll_ifindex = (int)if_nametoindex(argv[1]);
	fd = socket(AF_PACKET, SOCK_RAW, 0);
	if (fd == -1 || sendto(fd, frame, (size_t)len, 0,
	    (const struct sockaddr *)&to, sizeof(to)) != len) {
		fprintf(stderr, "frame_send: %s: %s\n", argv[1],
		    strerror(errno));
		return 1;
	}
	close(fd);
	return 0;
}
