/* gate.h - a job that stands still until the scenario lets it go on, for scenarios about threads.
 *
 * A scenario may not depend on how fast a thread is. A job passes through a gate: it says that it
 * is there, and waits. The scenario waits until so many are there, in a coroutine, and opens the
 * gate for as many as it likes. No time passes in between: the virtual clock stands still while a
 * thread is at work. (So do not sleep while one waits at a gate.) */
#ifndef GATE_H
#define GATE_H

#include "loop.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

enum { GATES = 8 };

typedef struct gate {
    uv_async_t knock;
    uv_sem_t open;
    _Atomic int arrived; /* how many are or were there */
    coroutine *waits;    /* the scenario's, in gate_wait; or NULL */
    int used;
} gate;

/* No memory is asked for: there may be none on purpose, and that is to be the layer's concern. */
static gate gates[GATES];

static inline void gate_knocked(uv_async_t *knock) {
    gate *g = knock->data;
    if (g->waits)
        loop_wake(g->waits, 0);
}

static inline void gate_closed(uv_handle_t *knock) {
    gate *g = knock->data;
    uv_sem_destroy(&g->open);
    g->used = 0;
}

/* In a coroutine of a loop; for one loop. */
static inline gate *gate_new(void) {
    gate *g = gates;
    while (g->used)
        if (++g == gates + GATES)
            abort();
    memset(g, 0, sizeof *g);
    g->used = 1;
    uv_async_init(loop_uv(loop_running()), &g->knock, gate_knocked);
    g->knock.data = g;
    uv_sem_init(&g->open, 0);
    return g;
}

/* When no job will use it any more. */
static inline void gate_free(gate *g) {
    uv_close((uv_handle_t *)&g->knock, gate_closed);
}

/* In a job: says that it is there. */
static inline void gate_knock(gate *g) {
    g->arrived++;
    uv_async_send(&g->knock);
}

/* In a job: says that it is there, and waits until it may go on. */
static inline void gate_pass(gate *g) {
    gate_knock(g);
    uv_sem_wait(&g->open);
}

/* Waits, in a coroutine, until n jobs have come to the gate, counted from the beginning. */
static inline void gate_wait(gate *g, int n) {
    g->waits = coroutine_current();
    while (g->arrived < n)
        loop_suspend(NULL);
    g->waits = NULL;
}

/* Lets n jobs go on, those that are there or come. */
static inline void gate_open(gate *g, int n) {
    while (n-- > 0)
        uv_sem_post(&g->open);
}

#endif
