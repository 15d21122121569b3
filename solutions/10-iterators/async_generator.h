/* async_generator.h - functions that yield items, and may await in between.
 *
 * Python:    async def countdown(n):         C:    static int countdown(generator *g, void *n) {
 *                for i in range(n, 0, -1):             for (intptr_t i = *(int *)n; i > 0; i--) {
 *                    await sleep(1)                        int error = loop_sleep(1000);
 *                    yield i                               if (!error)
 *                                                              error = generator_yield(g, (void *)i);
 *                                                          if (error)
 *                                                              return error;
 *                                                      }
 *                                                      return 0;
 *                                                  }
 *
 * A generator is a function, its body, on a stack of its own. It runs only while somebody waits for
 * its next item, and it runs as that somebody: in the body, task_current() is the task that called
 * generator_next, what the body awaits is awaited by that task, and a cancellation of the task
 * arrives at the place in the body where it waits. So an item costs two switches and no turn of the
 * loop, and nothing is allocated for it. Another task may ask for the next item, one at a time.
 *
 * Semantics are those of Python's asynchronous generators (PEP 525). What goes in goes in through
 * arg: asend with a value and athrow have no counterpart.
 *
 * Ownership: generator_new gives its caller a generator, generator_free takes it back. Items are
 * plain pointers, NULL as well, that nobody here frees. Python finds out by itself that a generator
 * was dropped unfinished, and has the loop close it some time later (sys.set_asyncgen_hooks,
 * loop.shutdown_asyncgens); here whoever made it frees it, and that closes it, at that place. One
 * that is forgotten is a leak: its cleanup never runs. */
#ifndef ASYNC_GENERATOR_H
#define ASYNC_GENERATOR_H

#include "task.h"

typedef struct generator generator;

/* The body: yields items with generator_yield(g, item), and awaits whatever it likes.
 * Returns 0 at the end, or a negative error code, which generator_next returns; a positive number
 * counts as 0. UV_EOF would look like the end and becomes UV_EPROTO (Python: "async generator
 * raised StopAsyncIteration"). */
typedef int (*generator_fn)(generator *g, void *arg);

/* Creates a generator that will run fn(g, arg); nothing of it runs before the first generator_next.
 * arg: must stay valid until the generator has ended. out: receives it; the caller gives it back
 * with generator_free.
 * Returns 0, or UV_ENOMEM (*out is NULL then). Python: calling the generator function. */
int generator_new(generator_fn fn, void *arg, generator **out);

/* The same, and arg belongs to the generator: generator_free calls drop(arg), which may await,
 * whether the body ever ran or not. Unless the call returns 0, arg is still the caller's. */
int generator_new_owned(generator_fn fn, void *arg, void (*drop)(void *arg), generator **out);

/* Waits for the next item: runs the body until it yields or ends. If the body awaits nothing, that
 * is no stop, and works from everywhere.
 * item: receives what was yielded; NULL unless the call returns 0.
 * Returns
 *   0         *item was yielded,
 *   UV_EOF    there are no more items: the body has ended, now or before, by itself, with an error
 *             that was told already, or closed (Python: StopAsyncIteration, again and again),
 *   UV_EBUSY  the body is running: it awaits something for another task, or it asks for its own
 *             next item (Python: "anext(): asynchronous generator is already running"),
 *   the error that the body ended with; UV_ECANCELED if a cancellation of the caller's task ended
 *             it. There will be no more items.
 * asyncio: await anext(g). */
int generator_next(generator *g, void **item);

/* Hands item to whoever waits for it, and stops until the next one is wanted. Only in the body of g
 * itself, on its stack.
 * Returns 0 when the next item is wanted; UV_ECANCELED when the generator is being closed: clean
 * up, which may await, and return; UV_EINVAL if this is not the body of g. Python: yield item, and
 * the GeneratorExit that it raises. */
int generator_yield(generator *g, void *item);

/* Asks g to end, and waits until it has: the yield at which its body rests returns UV_ECANCELED.
 * Nothing happens if it has ended; if it has not started, it ends without running.
 * Returns
 *   0         it has ended, whether its body returned UV_ECANCELED or 0,
 *   the error that it ended with, if that is another one,
 *   UV_ECANCELED  it has ended with that, and the caller's own task was asked to end meanwhile,
 *   UV_EBUSY  the body is running (Python: "aclose(): asynchronous generator is already running");
 *             or it has yielded instead of ending ("async generator ignored GeneratorExit"): that
 *             item is lost, and the generator rests at that yield, for generator_next or another
 *             generator_close.
 * asyncio: await g.aclose(). */
int generator_close(generator *g);

/* Closes g as generator_close does, and frees it; NULL is fine. This is the place to which every way
 * out of a function that uses a generator should lead.
 * Returns 0; UV_ECANCELED if the caller's own task was asked to end while the cleanup waited, and g
 * is freed all the same; UV_EBUSY, and nothing was freed, if it could not be closed. Another error
 * with which the body ends goes to the exception handler of the running loop: "a generator failed
 * while it was being closed". asyncio: what becomes of a generator that nobody holds any more. */
int generator_free(generator *g);

/* async for. Runs the statement that follows for each item of g, until g has no more.
 *
 *     int error;
 *     async_for (item, g, error) {
 *         if (is_wanted(item))
 *             break;
 *     }
 *
 * item: a name, for a `void *` of the loop's own. g: a generator *, which stays the caller's.
 * error: an int variable. At the end it is 0 when the items came to their end, or the error of
 * generator_next.
 * Whoever leaves early, by break, return or goto, has the generator closed in that moment, and that
 * may await. An error of that becomes the loop's, unless there is one in error already; there, errors
 * have priority over UV_ECANCELED. (Who returns has evaluated what he returns before that.) Python:
 * async for, inside of async with aclosing(g), because async for alone leaves the generator as it
 * is. */
#define async_for(item, g, error)                                                                  \
    for (async_for_state state_of_##item                                                           \
         __attribute__((cleanup(async_for_leave))) = async_for_enter((g), &(error));               \
         state_of_##item.inside; state_of_##item.inside = 0)                                       \
        for (void *item; async_for_next(&state_of_##item, &item);)

/* What async_for is made of: the first asks for the next item, and returns 1 if there is one, else
 * 0; the second is called on every way out of the loop. */
typedef struct async_for_state {
    generator *g;
    int *error;
    int ended;  /* generator_next has returned an error: there is nothing to close */
    int inside; /* for the macro */
} async_for_state;

static inline async_for_state async_for_enter(generator *g, int *error) {
    *error = 0;
    return (async_for_state){.g = g, .error = error, .inside = 1};
}

int async_for_next(async_for_state *s, void **item);
void async_for_leave(async_for_state *s);

#endif
