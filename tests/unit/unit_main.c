/*
 * unit_main.c - runs a suite and speaks TAP.  Apart from unit.c, so that the
 * tests of the leaves do not link a whole stack.
 */
#include "unit/unit.h"

#include <stdlib.h>

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
