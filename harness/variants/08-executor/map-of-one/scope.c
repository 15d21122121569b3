/* scope.c - a stack of cleanups; each is called by a function that sees to what is left. */
#include "scope.h"

#include "workbook.h"

#include <stdlib.h>
#include <string.h>
#include <uv.h>

void scope_enter(scope *s) {
    s->entries = s->few;
    s->count = 0;
    s->capacity = SCOPE_FEW;
}

/* Makes room for as many again. Returns 0 or UV_ENOMEM. */
static int grow(scope *s) {
    scope_entry *entries = malloc(2 * s->capacity * sizeof *entries);
    if (!entries)
        return UV_ENOMEM;
    memcpy(entries, s->entries, s->count * sizeof *entries);
    if (s->entries != s->few)
        free(s->entries);
    s->entries = entries;
    s->capacity *= 2;
    return 0;
}

int scope_defer(scope *s, scope_cleanup fn, void *arg) {
    if (s->count == s->capacity && grow(s) < 0)
        return UV_ENOMEM;
    s->entries[s->count++] = (scope_entry){fn, arg};
    return 0;
}

/* Runs the last one, if there is one. Returns 0 when there was none. */
static int run_last(scope *s, int *error) {
    if (s->count == 0)
        return 0;
    s->count--;
    scope_entry e = s->entries[s->count];
    int now = e.fn(e.arg, *error);
    *error = now < 0 ? now : 0;
    return 1;
}

int scope_exit(scope *s, int error) {
    if (error > 0)
        error = 0;
    while (run_last(s, &error))
        ;
    if (s->capacity > SCOPE_FEW)
        free(s->entries);
    scope_enter(s);
    return error;
}
