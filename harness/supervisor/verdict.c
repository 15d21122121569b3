#include "verdict.h"

#include <string.h>

static const char *const names[] = {
    [PASS] = "pass",
    [NOT_DONE] = "not-done",
    [MISSING_FILE] = "missing-file",
    [COMPILE_ERROR] = "compile-error",
    [LINK_ERROR] = "link-error",
    [FAIL] = "fail",
    [CRASH] = "crash",
    [STACK_OVERFLOW] = "stack-overflow",
    [MEMORY] = "memory",
    [UNDEFINED] = "undefined",
    [LEAK] = "leak",
    [HANDLES] = "handles",
    [DEADLOCK] = "deadlock",
    [ENDLESS] = "endless",
    [TIMEOUT] = "timeout",
    [BLOCKED] = "blocked",
    [EXIT] = "exit",
    [LIMIT] = "limit",
    [SLOW] = "slow",
    [TAMPER] = "tamper",
    [MISSING_LIBRARY] = "missing-library",
    [GRADER_ERROR] = "grader-error",
};

enum { KINDS = sizeof names / sizeof *names };

const char *verdict_name(verdict_kind kind) {
    return (unsigned)kind < KINDS ? names[kind] : "unknown";
}

int verdict_from_name(const char *name, verdict_kind *kind) {
    for (int i = 0; i < KINDS; i++)
        if (strcmp(name, names[i]) == 0) {
            *kind = (verdict_kind)i;
            return 0;
        }
    return -1;
}

const outcome *result_failure(const result *r) {
    const outcome *found = NULL;
    for (int i = 0; r->outcomes && i < r->exercise->scenario_count; i++) {
        const outcome *o = &r->outcomes[i];
        if (o->kind != PASS && !o->not_run)
            return o;
        if (o->kind != PASS && !found)
            found = o;
    }
    return found;
}
