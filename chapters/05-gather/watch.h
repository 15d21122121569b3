/* watch.h - one callback for many futures, which can be taken back as a whole.
 *
 * Given. Everything in this chapter watches many futures, and may lose interest before all of them
 * are done. To add the callbacks is easy. To get rid of them is not: the callback of a future that
 * is done is scheduled already, will run in the next turn whatever anybody does, and its argument
 * must still be there.
 *
 * Ownership: a watch holds a reference to each of its futures until it is stopped. watch_start
 * gives its caller a watch, watch_stop takes it back; also from within its callback. */
#ifndef WATCH_H
#define WATCH_H

#include "future.h"

typedef struct watch watch;

/* Future number i is done. arg: as given to watch_start. */
typedef void (*watch_callback)(void *arg, int i);

/* Has fn(arg, i) called for each of the futures when it is done, in a turn after that. Those that
 * are done already are left out: look at them yourself. The same future may be there twice, and is
 * called for twice. Takes linear time.
 * out: receives the watch. Returns 0, UV_EINVAL if no loop is running, or UV_ENOMEM (*out is NULL
 * then, and fn is not called). */
int watch_start(future *const *futures, int count, watch_callback fn, void *arg, watch **out);

/* Returns future number i, borrowed until the watch is stopped. */
future *watch_future(const watch *w, int i);

/* From here on fn is not called any more, and the futures are released. NULL is fine. */
void watch_stop(watch *w);

#endif
