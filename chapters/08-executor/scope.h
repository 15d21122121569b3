/* scope.h - what must be done in the end, whatever happens before.
 *
 *     scope s;
 *     scope_enter(&s);
 *     int error = open_something(&thing);
 *     if (!error)
 *         error = scope_defer(&s, close_something, thing);
 *     if (!error)
 *         error = ...; // and so on, up to the first error
 *     return scope_exit(&s, error);
 *
 * asyncio: async with, and contextlib.AsyncExitStack. */
#ifndef SCOPE_H
#define SCOPE_H

#include <stddef.h>

/* A cleanup. It may wait, as long as it likes; if its task is cancelled meanwhile, its wait returns
 * UV_ECANCELED like any other one.
 * error: how the scope ends so far: 0, UV_ECANCELED for a cancellation, or an error; of the code in
 * the scope, or of a cleanup that ran before this one.
 * Returns the error with which to go on: the same one as a rule; 0 swallows it; another one takes
 * its place. A positive number counts as 0. Python: __aexit__, which swallows by returning True. */
typedef int (*scope_cleanup)(void *arg, int error);

typedef struct scope_entry {
    scope_cleanup fn;
    void *arg;
} scope_entry;

enum { SCOPE_FEW = 8 };

/* Memory of the caller's, on his stack; it must not be moved. */
typedef struct scope {
    scope_entry *entries; /* few, or on the heap when there are more */
    size_t count, capacity;
    scope_entry few[SCOPE_FEW];
} scope;

/* Enters a scope. Whatever happens then, it must be left once, with scope_exit. */
void scope_enter(scope *s);

/* Has fn(arg, error) called when the scope is left. Also a cleanup may call it: what it adds runs
 * next.
 * Returns 0, or UV_ENOMEM, and then fn is not called; that cannot happen while there are SCOPE_FEW
 * or fewer. Python: stack.push_async_exit(fn). */
int scope_defer(scope *s, scope_cleanup fn, void *arg);

/* Leaves the scope, in the coroutine that entered it: runs all cleanups, the last one first, each
 * once, however the others end. Afterwards s is as after scope_enter.
 * error: 0, or the error with which the code in the scope ended. A positive number counts as 0.
 * Returns the error with which the last cleanup went on; without any, error.
 * Python: AsyncExitStack.__aexit__, where an error that takes the place of another one still knows
 * it (its __context__). */
int scope_exit(scope *s, int error);

#endif
