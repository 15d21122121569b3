/* extract.h - many sources, one queue. */
#ifndef EXTRACT_H
#define EXTRACT_H

#include "queue.h"
#include "source.h"

/* Reads all sources at the same time, each in a task of its own called "extract NAME", and puts
 * their items into a queue; whoever gets them out frees them. A source is asked for its next item
 * when the last one is in the queue: so a full queue holds all of them up, and nobody reads ahead
 * of those who work.
 *
 * A source that fails ends alone, and its error is to be found in it; the others go on. The call
 * waits until all have ended. Then no more items come, and the queue is shut down, so that whoever
 * gets items finds out; those that are in it are still to be got. That is so whatever is returned.
 *
 * If the caller is cancelled, or somebody else has shut the queue down, all sources are stopped
 * (source_stop), and waited for; an item that had not found room is freed.
 * sources, count: stay the caller's; 0 is fine.
 * Returns 0, also if sources have failed; UV_ECANCELED (or another code) if the caller was woken
 * with that; UV_EPIPE if the queue was shut down; UV_EINVAL outside of a task; UV_ENOMEM.
 * asyncio: a TaskGroup of tasks that do `async for item in source: await queue.put(item)`. */
int extract(source *const *sources, int count, queue *items);

#endif
