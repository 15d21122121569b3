/* missing.c - what a function says that is called and that nobody has defined.
 *
 * The supervisor puts such functions in the place of those that the linker has not found, so that
 * only the scenarios that call them fail. */
#include "runtime.h"

#include <stdio.h>

_Noreturn void missing_function(const char *name);

_Noreturn void missing_function(const char *name) {
    fflush(stdout);
    harness_record_word("missing", name);
    harness_end(STATUS_ENDED);
}
