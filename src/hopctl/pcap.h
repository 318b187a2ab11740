/*
 * pcap.h - what capture sends, to a file or to a pipe.
 */
#ifndef HOPD_HOPCTL_PCAP_H
#define HOPD_HOPCTL_PCAP_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "base/err.h"

struct pcap_out {
	FILE *out;
	uint64_t pieces;	/* written: the header, then records */
	uint64_t max;		/* records; 0: no end */
};

/* path NULL: standard output, unless that is a terminal.  0 or -Exxx. */
int pcap_open(struct pcap_out *p, const char *path, uint64_t max,
    struct err *err);
/* One piece in base64; false: enough, or it cannot be written. */
bool pcap_write(struct pcap_out *p, const char *base64);
void pcap_close(struct pcap_out *p);

#endif
