/* crowd.c - a list of places, each on the stack of the coroutine that waits there. */
#include "crowd.h"

static void leave(crowd_place *p) {
    crowd *c = p->crowd;
    if (p->previous)
        p->previous->next = p->next;
    else
        c->first = p->next;
    if (p->next)
        p->next->previous = p->previous;
    else
        c->last = p->previous;
    p->crowd = NULL;
}

int crowd_wait(crowd *c) {
    crowd_place p = {.co = coroutine_current(), .crowd = c, .previous = c->last};
    if (c->last)
        c->last->next = &p;
    else
        c->first = &p;
    c->last = &p;
    int code = loop_suspend(NULL);
    if (p.crowd)
        leave(&p);
    return code;
}

void crowd_wake(crowd *c) {
    while (c->first) {
        crowd_place *p = c->first;
        leave(p);
        loop_wake(p->co, 0);
    }
}

int crowd_empty(const crowd *c) {
    return !c->first;
}
