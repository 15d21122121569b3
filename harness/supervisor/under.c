#include "under.h"

#include <string.h>

static const under all[] = {
    {
        .name = "address",
        .sanitizers = "-fsanitize=address,undefined -fno-sanitize-recover=undefined",
        .runner = "",
        .slowness = 1,
    },
    {
        .name = "none",
        .sanitizers = "",
        .runner = "",
        .slowness = 1,
    },
    {
        .name = "thread",
        .sanitizers = "-fsanitize=thread",
        .runner = "setarch --addr-no-randomize", /* it wants its memory where it always was */
        .slowness = 10,
    },
    {
        .name = "valgrind",
        .sanitizers = "",
        .runner = "valgrind --quiet --error-exitcode=98 --leak-check=full "
                  "--errors-for-leak-kinds=definite --show-leak-kinds=definite",
        .slowness = 50,
    },
    {
        .name = "arm64",
        .compiler = "aarch64-linux-gnu-gcc",
        .libraries = "/usr/lib/aarch64-linux-gnu/pkgconfig",
        .sanitizers = "",
        .runner = "qemu-aarch64",
        .slowness = 50,
    },
};

static const under *chosen = &all[0];

const under *under_what(void) {
    return chosen;
}

int under_choose(const char *name) {
    for (unsigned i = 0; i < sizeof all / sizeof *all; i++)
        if (strcmp(all[i].name, name) == 0) {
            chosen = &all[i];
            return 0;
        }
    return -1;
}
