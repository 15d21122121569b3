/* interrupt.c - signals as cancellations. */
#include "interrupt.h"

#include <stdlib.h>

int interrupted_by;

static void interrupt(uv_signal_t *signal, int number) {
    interrupted_by = number;
    task_cancel(signal->data);
}

static void closed(uv_handle_t *signal) {
    free(signal);
}

int interrupt_start(int number, uv_signal_t **out) {
    uv_signal_t *signal = malloc(sizeof *signal);
    *out = NULL;
    if (!signal)
        return UV_ENOMEM;
    uv_signal_init(loop_uv(loop_running()), signal);
    signal->data = task_current();
    int error = uv_signal_start(signal, interrupt, number);
    if (error < 0)
        interrupt_stop(signal);
    else
        *out = signal;
    return error;
}

void interrupt_stop(uv_signal_t *signal) {
    if (signal)
        uv_close((uv_handle_t *)signal, closed);
}
