/*
 * unit_main.c - runs a suite and speaks TAP; hex text.  Apart from unit.c, so
 * that the tests of the leaves do not link a whole stack.
 */
#include "unit/unit.h"

#include <stdlib.h>
#include <string.h>

int
unit_main(Suite *s)
{
	SRunner *runner = srunner_create(s);
	int failed;

	srunner_set_tap(runner, "-");
	srunner_run_all(runner, CK_SILENT);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

uint32_t
unit_hex(uint8_t *dst, uint32_t max, const char *hex)
{
	uint32_t digits = 0;

	for (; *hex != '\0'; hex++) {
		static const char set[] = "0123456789abcdef";
		const char *at;

		if (*hex == ' ' || *hex == '\n' || *hex == '\t')
			continue;
		at = strchr(set, *hex | 0x20);
		ck_assert_msg(at != NULL, "not a hex digit: '%c'", *hex);
		ck_assert_uint_lt(digits / 2, max);
		if (digits % 2 == 0)
			dst[digits / 2] = (uint8_t)((at - set) << 4);
		else
			dst[digits / 2] |= (uint8_t)(at - set);
		digits++;
	}
	ck_assert_uint_eq(digits % 2, 0);
	return digits / 2;
}
