/*
 * frame.c - any frames into a router and director with open sockets
 * (frame_bed.h says what an input means).
 *
 * Played twice over buffers with other remains in them: what a packet does
 * not hold must not show in what the stack sends.
 */
#include "fuzz/frame_bed.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint64_t first;

	if (size == 0)
		return 0;
	first = frame_run(data, size, 0x00, NULL);
	FUZZ_CHECK(frame_run(data, size, 0xff, NULL) == first);
	return 0;
}
