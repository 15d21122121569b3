/* interrupt.h - Ctrl-C and SIGTERM cancel a task.
 *
 * Given. A signal is input to the loop like any other. */
#ifndef INTERRUPT_H
#define INTERRUPT_H

#include "task.h"

/* The signal that has cancelled a task; 0: none so far. */
extern int interrupted_by;

/* From here on a signal, such as SIGINT, cancels the running task. out: receives what
 * interrupt_stop takes back; NULL on an error. Returns 0, UV_ENOMEM, or an error of libuv's. */
int interrupt_start(int number, uv_signal_t **out);

/* The signal does again what it did before. NULL is fine. */
void interrupt_stop(uv_signal_t *signal);

#endif
