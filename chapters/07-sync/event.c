/* event.c - a flag, and a line that is called as a whole. */
#include "event.h"

#include "workbook.h"

#include <stdlib.h>

struct event {
    int set;
    line line;
};

int event_new(event **out) {
    *out = calloc(1, sizeof **out);
    return *out ? 0 : UV_ENOMEM;
}

int event_free(event *e) {
    if (e && e->line.first)
        return UV_EBUSY;
    free(e);
    return 0;
}

int event_is_set(const event *e) {
    return e->set;
}

void event_set(event *e) {
    // exercise event/wait
    // Set the flag, and call everybody: SIZE_MAX is more than can ever wait.
    not_done("event/wait");
}

void event_clear(event *e) {
    // exercise event/wait
    not_done("event/wait");
}

int event_wait(event *e) {
    // exercise event/wait
    // Who was called goes on, whatever the flag says by then.
    not_done("event/wait");
}
