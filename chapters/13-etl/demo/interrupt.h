/* interrupt.h - Ctrl-C and SIGTERM cancel a task. */
#ifndef INTERRUPT_H
#define INTERRUPT_H

#include "task.h"

#include <signal.h>
#include <stdlib.h>

static int interrupted_by; /* the signal; 0: none so far */

static inline void interrupt(uv_signal_t *signal, int number) {
    interrupted_by = number;
    task_cancel(signal->data);
}

static inline void interrupt_closed(uv_handle_t *signal) {
    free(signal);
}

/* From here on a signal cancels the running task. Returns what interrupt_stop takes back; NULL
 * without memory. */
static inline uv_signal_t *interrupt_start(int number) {
    uv_signal_t *signal = malloc(sizeof *signal);
    if (!signal)
        return NULL;
    uv_signal_init(loop_uv(loop_running()), signal);
    signal->data = task_current();
    uv_signal_start(signal, interrupt, number);
    return signal;
}

static inline void interrupt_stop(uv_signal_t *signal) {
    if (signal)
        uv_close((uv_handle_t *)signal, interrupt_closed);
}

#endif
