/* pipe.h - generators behind generators.
 *
 *     generator *g;
 *     int error = async_range(1, 1000, 10, &g);
 *     if (!error)
 *         error = pipe_filter(&g, is_prime, NULL);
 *     if (!error)
 *         error = pipe_take(&g, 5);
 *     ... // async_for (item, g, error)
 *     generator_free(g);
 *
 * A stage is a generator that asks another one for its items, its source. Nothing runs before the
 * last one is asked, and each asks for one item when it is asked for one: whoever is slow at the end
 * of the pipe slows down its beginning.
 *
 * A stage that ends early, because it is closed, fails, or has what it needs, closes its source in
 * that moment; an error of the source is an error of the stage, which closes nothing more.
 *
 * Ownership: *g goes into the stage, and the stage takes its place: there is one generator to free,
 * and it frees all. After an error *g is what it was. The functions and their arguments stay the
 * caller's. */
#ifndef PIPE_H
#define PIPE_H

#include "async_generator.h"

#include <stddef.h>

/* What makes an item out of an item; may await. out: receives the new one.
 * Returns 0, or a negative error code, which ends the stage. */
typedef int (*pipe_map_fn)(void *arg, void *item, void **out);

/* Yields fn(item) for every item. Returns 0 or UV_ENOMEM.
 * Python: (await fn(item) async for item in g). */
int pipe_map(generator **g, pipe_map_fn fn, void *arg);

/* Says whether an item goes on; may await. Returns more than 0 if it does, 0 if it is left out (and then
 * nobody will see it again: free it here if it is yours to free), or a negative error code, which
 * ends the stage. */
typedef int (*pipe_filter_fn)(void *arg, void *item);

/* Yields the items for which fn returns more than 0. Returns 0 or UV_ENOMEM.
 * Python: (item async for item in g if await fn(item)). */
int pipe_filter(generator **g, pipe_filter_fn fn, void *arg);

/* Yields the first n items and no more, and asks for no more: when n were yielded, the next request
 * closes the source and is the end. For an n of 0 the source is never asked.
 * Returns 0 or UV_ENOMEM. Python: what itertools.islice does for plain iterators. */
int pipe_take(generator **g, size_t n);

/* Reads ahead: a task of its own asks the source, so that the next items are made while the
 * consumer works on this one. It starts with the first request.
 * size: so many items may have been made, or be in the making, that nobody has asked for yet, at
 * least 1; then the task waits. drop: called for every item that was read ahead and that nobody
 * will ask for any more, because the stage was closed or cancelled; NULL if there is nothing to
 * free. Items must be valid longer than until the next one is asked for.
 * All items that were made before the source failed are yielded before the error. To close the
 * stage cancels the task and waits for it, and it closes the source. The body of the source is run
 * by that task: task_current() in it is the task.
 * A stage that reads ahead is used and closed in tasks: elsewhere its first request is UV_EINVAL.
 * Returns 0, UV_ENOMEM, or UV_EINVAL for a size of 0. Python: a task and a Queue(size). */
int pipe_buffer(generator **g, int size, void (*drop)(void *item));

#endif
