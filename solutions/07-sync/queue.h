/* queue.h - items from those who have them to those who want them.
 *
 * A queue has room for so many items. Who puts one into a full queue waits for room, and who wants
 * one from an empty queue waits for an item. That is all that keeps a quick producer from drowning
 * a slow consumer.
 *
 * Those who put wait in one line, those who get in another, and each is first come, first served.
 * Nobody overtakes: as long as somebody stands in a line, even if there is something for him
 * already, newcomers stand behind him.
 *
 * Ownership: queue_new and its kin give their caller a queue, queue_free takes it back. Items are
 * plain pointers, NULL as well, that nobody here frees. */
#ifndef QUEUE_H
#define QUEUE_H

#include "line.h"

typedef struct queue queue;

/* Creates a queue: first in, first out. maxsize: how many items have room in it; 0: any number.
 * out: receives it; the caller gives it back with queue_free.
 * Returns 0 or UV_ENOMEM (*out is NULL then). asyncio: Queue(maxsize). */
int queue_new(size_t maxsize, queue **out);

/* The same, but the item that was put last is the first to be got. asyncio: LifoQueue(maxsize). */
int queue_new_lifo(size_t maxsize, queue **out);

/* Returns a negative number if item a comes before item b, a positive one if it comes after it, 0
 * if that is all the same. */
typedef int (*queue_compare)(const void *a, const void *b);

/* The same, but the smallest item is the first to be got; the order of equal ones is open. n items
 * take n log n time. asyncio: PriorityQueue(maxsize), which compares with <. */
int queue_new_priority(size_t maxsize, queue_compare compare, queue **out);

/* Frees q, and forgets its items; NULL is fine. Returns 0; UV_EBUSY, and nothing was freed, while
 * somebody waits for an item, for room, or in queue_join. */
int queue_free(queue *q);

/* Puts item into q; if q is full, or others wait to put already, stops the running coroutine until
 * its turn has come; else goes on without a stop, from everywhere. Whoever waits for an item is
 * called. Returns 0; UV_ECANCELED (or another code) if the coroutine was woken with that while it
 * waited, also if there was room for it in the same turn: item is not in q then, and the next one
 * gets the room. UV_EPIPE if q is shut down (asyncio: QueueShutDown); UV_ENOMEM; UV_EINVAL if it
 * would have to wait and no coroutine of the running loop is running. Unless it returns 0, item is
 * still the caller's.
 * asyncio: await q.put(item), where a newcomer can overtake somebody who was called, who then waits
 * again, behind all others (gh-83055). */
int queue_put(queue *q, void *item);

/* The same without waiting: UV_EAGAIN (asyncio: QueueFull) if queue_put would have to wait.
 * asyncio: q.put_nowait(item). */
int queue_put_nowait(queue *q, void *item);

/* Takes the next item out of q; if q is empty, or others wait for items already, stops the running
 * coroutine until its turn has come; else goes on without a stop, from everywhere. Whoever waits
 * for room is called. item: receives it; NULL if the call fails.
 * Returns 0; UV_ECANCELED (or another code) if the coroutine was woken with that while it waited,
 * also if there was an item for it in the same turn: that is still in q, for the next one. UV_EOF
 * if q is empty and shut down (asyncio: QueueShutDown); UV_EINVAL if it would have to wait and no
 * coroutine of the running loop is running. asyncio: await q.get(); as for put, a newcomer can
 * overtake there. */
int queue_get(queue *q, void **item);

/* The same without waiting: UV_EAGAIN (asyncio: QueueEmpty) if queue_get would have to wait, so
 * also while the items in q are for others who were called. asyncio: q.get_nowait(). */
int queue_get_nowait(queue *q, void **item);

/* Tells q that an item that was got has been dealt with. When that was said as often as items were
 * put, those who wait in queue_join go on. Returns 0, or UV_EINVAL if it is said more often than
 * items were put (asyncio: ValueError). asyncio: q.task_done(). */
int queue_task_done(queue *q);

/* Stops the running coroutine until every item that was put has been dealt with (queue_task_done);
 * not at all if there is none that was not. Who was called goes on, also if new items are put
 * before. Returns 0; UV_ECANCELED (or another code) if the coroutine was woken with that while it
 * waited; UV_EINVAL if it would have to wait and no coroutine of the running loop is running.
 * asyncio: await q.join(). */
int queue_join(queue *q);

/* No more items: queue_put returns UV_EPIPE from now on, also to those who wait in it. queue_get
 * goes on until q is empty, and returns UV_EOF then, also to those who wait in it.
 * immediate: if not 0, the items in q are dropped, and count as dealt with. (If they must be freed,
 * get them first, without waiting.) A queue that was shut down stays so. asyncio:
 * q.shutdown(immediate), from 3.13 on. */
void queue_shutdown(queue *q, int immediate);

/* Returns how many items are in q. asyncio: q.qsize(). */
size_t queue_size(const queue *q);

/* Returns what it was created with. asyncio: q.maxsize. */
size_t queue_maxsize(const queue *q);

/* Returns 1 if no item is in q, else 0. asyncio: q.empty(). */
int queue_empty(const queue *q);

/* Returns 1 if there is no room for another item, else 0. asyncio: q.full(). */
int queue_full(const queue *q);

#endif
