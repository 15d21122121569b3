/* threads.h - no thread of libuv's pool is free, for as long as the scenario wants.
 *
 * What is asked of a thread meanwhile has to wait, and can be cancelled while it does. */
#ifndef THREADS_H
#define THREADS_H

#include "executor.h"
#include "gate.h"

enum { THREADS = 4 }; /* libuv's, unless somebody says otherwise */

static gate *threads_gate;
static future *threads_held[THREADS];
static int threads_count; /* of those that are held: all, if there is memory */

static inline int threads_job(void *arg, void **result) {
    gate_pass(threads_gate);
    return 0;
}

/* In a coroutine. Each thread that is free, or will be, goes to a job that waits. */
static inline void threads_hold(void) {
    threads_gate = gate_new();
    threads_count = 0;
    while (threads_count < THREADS &&
           executor_submit(threads_job, NULL, NULL, &threads_held[threads_count]) == 0)
        threads_count++;
}

/* Waits until they are all there, and until whoever goes on has asked for one in vain. */
static inline void threads_wait(void) {
    gate_wait(threads_gate, threads_count);
    for (int i = 0; i < THREADS; i++)
        loop_sleep(0);
}

/* Lets the jobs end. */
static inline void threads_let_go(void) {
    gate_open(threads_gate, threads_count);
    for (int i = 0; i < threads_count; i++) {
        future_await(threads_held[i], NULL);
        future_release(threads_held[i]);
    }
    gate_free(threads_gate);
}

#endif
