/* line.c - a list of places, and how far it was called. */
#include "line.h"

#include "workbook.h"

/* The running coroutine comes: p is the last place now. */
static void join(line *l, place *p) {
    *p = (place){.co = coroutine_current(), .previous = l->last};
    if (l->last)
        l->last->next = p;
    else
        l->first = p;
    l->last = p;
    if (!l->next)
        l->next = p;
}

/* Whoever stands at p goes, from wherever in the line that is. */
static void leave(line *l, place *p) {
    if (p->called)
        l->called--;
    if (l->next == p)
        l->next = p->next;
    if (p->previous)
        p->previous->next = p->next;
    else
        l->first = p->next;
    if (p->next)
        p->next->previous = p->previous;
    else
        l->last = p->previous;
}

int line_wait(line *l, place *p) {
    // exercise lock/acquire
    // Join, loop_suspend until there is an error or p was called, leave. Pass no awaited to
    // loop_suspend: whoever cancels a task would take it for a future.
    not_done("lock/acquire");
}

void line_call(line *l, size_t n) {
    // exercise lock/acquire
    // As long as fewer than n are called and somebody is left: mark him, count him, wake him.
    not_done("lock/acquire");
}
