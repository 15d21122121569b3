/* command-lint.c - what the chapters and exercises lack. */
#include "commands.h"
#include "lint.h"

int command_lint(plan *p, const options *o) {
    checks k = {0};
    lint(&k, p->root);
    return checks_end(&k);
}
