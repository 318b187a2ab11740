/*
 * pcap.c - base64 to bytes to a file.
 */
#include "hopctl/pcap.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ctl/base64.h"

int
pcap_open(struct pcap_out *p, const char *path, uint64_t max,
    struct err *err)
{
	*p = (struct pcap_out){ .out = stdout, .max = max };
	if (path == NULL && isatty(STDOUT_FILENO) != 0)
		return err_set(err, -EINVAL, "a pcap file is not for the "
		    "screen: \"write FILE\", or \"| tcpdump -r -\"");
	if (path != NULL && strcmp(path, "-") != 0)
		p->out = fopen(path, "we");
	if (p->out == NULL)
		return err_set(err, -errno, "\"%s\": %s", path,
		    strerror(errno));
	return 0;
}

bool
pcap_write(struct pcap_out *p, const char *base64)
{
	size_t size = strlen(base64);
	uint8_t *bytes = malloc(size + 1);
	size_t n;

	if (bytes == NULL)
		return false;
	n = base64_decode(base64, bytes, size);
	n = fwrite(bytes, 1, n, p->out) == n;
	free(bytes);
	p->pieces++;
	/* Who reads the pipe sees each record as it comes. */
	return n > 0 && fflush(p->out) == 0 &&
	    (p->max == 0 || p->pieces <= p->max);
}

void
pcap_close(struct pcap_out *p)
{
	if (p->out != stdout && p->out != NULL)
		fclose(p->out);
}
