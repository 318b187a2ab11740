/*
 * main.c - runs a fuzz target on files, without libFuzzer: for the corpus in
 * `make check`, and for a debugger.
 */
#include "fuzz/fuzz.h"

#include <string.h>

#define INPUT_MAX (1 << 20)

int
main(int argc, char **argv)
{
	uint8_t *buf = malloc(INPUT_MAX);

	if (buf == NULL)
		return 1;
	for (int i = 1; i < argc; i++) {
		FILE *f = fopen(argv[i], "rb");
		uint8_t *exact;
		size_t n;

		if (f == NULL) {
			perror(argv[i]);
			return 1;
		}
		n = fread(buf, 1, INPUT_MAX, f);
		fclose(f);
		/* Its own size, so that the sanitizer sees a step past it. */
		exact = malloc(n > 0 ? n : 1);
		if (exact == NULL)
			return 1;
		memcpy(exact, buf, n);
		LLVMFuzzerTestOneInput(exact, n);
		free(exact);
	}
	printf("%d input(s)\n", argc - 1);
	free(buf);
	return 0;
}
