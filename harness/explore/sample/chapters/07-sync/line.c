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
    int code;
    join(l, p);
    do
        code = loop_suspend(NULL);
    while (code == 0 && !p->called);
    leave(l, p);
    return code;
}

void line_call(line *l, size_t n) {
    while (l->called < n && l->next) {
        place *p = l->next;
        l->next = p->next;
        l->called++;
        p->called = 1;
        loop_wake(p->co, 0);
    }
}
