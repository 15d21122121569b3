/* producers.c - two producers, a queue with room for ten, and three consumers. */
#include "queue.h"
#include "task.h"

#include <stdio.h>
#include <stdlib.h>

enum { PRODUCERS = 2, CONSUMERS = 3, ITEMS = 5 };

static queue *items;
static int numbers[] = {0, 1, 2};

/* Puts an item that whoever gets it frees. */
static int produce(int producer, int i) {
    char *item;
    if (asprintf(&item, "Item-%d-%d", producer, i) < 0)
        return UV_ENOMEM;
    int error = queue_put(items, item);
    if (error < 0)
        free(item);
    else
        printf("Producer %d produced: %s\n", producer, item);
    return error;
}

static int producer(void *number, void **result) {
    for (int i = 0; i < ITEMS; i++) {
        int error = produce(*(int *)number, i);
        if (!error)
            error = loop_sleep(100);
        if (error < 0)
            return error;
    }
    return queue_put(items, NULL); /* no more from me */
}

/* Works on one item after the other. Returns 0 when a producer is at his end, or an error. */
static int consumer(void *number, void **result) {
    for (;;) {
        void *item;
        int error = queue_get(items, &item);
        if (error < 0)
            return error;
        if (item) {
            printf("Consumer %d processing: %s\n", *(int *)number, (char *)item);
            error = loop_sleep(200);
            free(item);
        }
        queue_task_done(items);
        if (error < 0 || !item)
            return error;
    }
}

static int start(coroutine_fn fn, task **tasks, int n) {
    int error = 0;
    for (int i = 0; i < n && !error; i++)
        error = task_create(fn, &numbers[i], NULL, &tasks[i]);
    return error;
}

static int run(void *arg, void **result) {
    task *producers[PRODUCERS] = {NULL}, *consumers[CONSUMERS] = {NULL};
    int64_t begin = loop_time(loop_running());
    int error = start(producer, producers, PRODUCERS);
    if (!error)
        error = start(consumer, consumers, CONSUMERS);
    for (int i = 0; i < PRODUCERS && !error; i++)
        error = task_await(producers[i], NULL);
    if (!error)
        error = queue_join(items);
    for (int i = 0; i < CONSUMERS && !error; i++)
        if (!task_done(consumers[i]))
            task_cancel(consumers[i]);
    for (int i = 0; i < PRODUCERS; i++)
        task_release(producers[i]);
    for (int i = 0; i < CONSUMERS; i++)
        task_release(consumers[i]);
    printf("total time: %.2f s\n", (double)(loop_time(loop_running()) - begin) / 1000);
    return error;
}

int main(void) {
    int error = queue_new(10, &items);
    if (!error)
        error = async_run(run, NULL, NULL);
    queue_free(items);
    if (error)
        fprintf(stderr, "producers: %s\n", uv_strerror(error));
    return error != 0;
}
