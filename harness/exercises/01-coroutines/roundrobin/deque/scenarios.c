#include "roundrobin.h"

#include "scenario.h"

#include <stdint.h>

/* The items of these scenarios are numbers from 1 on; NULL is no item. */
static void push(deque *d, intptr_t number) {
    int error = deque_push(d, (void *)number);
    if (error)
        emit("main", "push %jd returns %d", (intmax_t)number, error);
}

static intptr_t pop(deque *d) {
    return (intptr_t)deque_pop(d);
}

static void pop_and_tell(deque *d) {
    intptr_t number = pop(d);
    if (number)
        emit("main", "pop returns %jd, %zu are left", (intmax_t)number, d->count);
    else
        emit("main", "pop returns NULL, %zu are left", d->count);
}

/* Pops all that there are, which should be first to last in this order. Returns whether they
 * are. */
static int pops(deque *d, intptr_t first, intptr_t last) {
    for (intptr_t number = first; number <= last; number++) {
        intptr_t popped = pop(d);
        if (popped != number) {
            emit("main", "pop returns %jd in place of %jd", (intmax_t)popped, (intmax_t)number);
            return 0;
        }
    }
    return d->count == 0;
}

SCENARIO(first_in_first_out, "pop takes the oldest item, and NULL from an empty deque") {
    deque d = {0};
    pop_and_tell(&d);
    push(&d, 1);
    push(&d, 2);
    push(&d, 3);
    for (int i = 0; i < 5; i++)
        pop_and_tell(&d);
    push(&d, 4);
    pop_and_tell(&d);
    deque_free(&d);
    emit("main", "freed");
    push(&d, 5);
    pop_and_tell(&d);
    deque_free(&d);
}

SCENARIO(wraps_around,
         "places that became free are used again: a ring that is not full does not grow") {
    deque d = {0};
    intptr_t pushed = 0, popped = 0;
    push(&d, ++pushed);
    size_t capacity = d.capacity;
    if (capacity > 1)
        push(&d, ++pushed);
    for (int i = 0; i < 1000 && pop(&d) == popped + 1; i++) {
        popped++;
        push(&d, ++pushed);
    }
    emit("main", "%jd were pushed behind others, and popped in order", (intmax_t)popped);
    emit("main", "the capacity is %s", d.capacity == capacity ? "what it was" : "another");
    emit("main", "the rest is in order: %s", pops(&d, popped + 1, pushed) ? "yes" : "no");
    deque_free(&d);
}

/* The ring grows several times on the way to 100 items. Returns whether it keeps the order.
 * capacity: receives what it has grown to. */
static int grows(int start, size_t *capacity) {
    deque d = {0};
    for (int i = 0; i < start; i++) {
        push(&d, 7777);
        pop(&d);
    }
    for (int i = 1; i <= 100; i++)
        push(&d, i);
    *capacity = d.capacity;
    int in_order = pops(&d, 1, 100);
    deque_free(&d);
    return in_order;
}

SCENARIO(grows_in_order, "a full ring grows, wherever its oldest item is, and keeps the order") {
    size_t capacity = 1, start = 0;
    for (; start < 20 && !(capacity & (capacity - 1)); start++) {
        if (!grows((int)start, &capacity)) {
            emit("main", "the one whose oldest item began at place %zu has not kept the order",
                 start);
            break;
        }
    }
    if (capacity & (capacity - 1))
        emit("main", "a capacity of %zu is no power of two", capacity);
    emit("main", "%zu rings have grown", start);
}

COST_SCENARIO(many, "a push and a pop take constant time on average", 1000, 16000) {
    deque d = {0};
    for (intptr_t i = 1; i <= n; i++)
        deque_push(&d, (void *)i);
    for (intptr_t i = 1; i <= n; i++) {
        deque_pop(&d);
        deque_push(&d, (void *)i);
    }
    for (int i = 0; i < n; i++)
        deque_pop(&d);
    deque_free(&d);
}
