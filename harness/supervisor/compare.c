#include "compare.h"

#include <stdlib.h>
#include <string.h>

enum { EARLY = 2 }; /* ms that a real clock may be early: timers are cut to milliseconds */

int same_event(const trace_line *a, const trace_line *b) {
    return strcmp(a->task, b->task) == 0 && strcmp(a->words, b->words) == 0;
}

static int same_time(const scenario *s, const trace_line *expected, const trace_line *actual) {
    if (!s->real_clock)
        return expected->ms == actual->ms;
    return actual->ms >= expected->ms - EARLY && actual->ms <= expected->ms + s->tolerance;
}

int same_line(const scenario *s, const trace_line *expected, const trace_line *actual) {
    return same_event(expected, actual) && same_time(s, expected, actual);
}

/* A walk along both traces. */
typedef struct walk {
    const scenario *s;
    const trace *expected, *run;
    difference *d;
    int next;     /* the first expected line that is not taken */
    int per_task; /* the order that holds there */
} walk;

/* Moves next over what is taken, and over order lines. */
static void walk_on(walk *w) {
    for (; w->next < w->expected->count; w->next++) {
        const trace_line *line = &w->expected->lines[w->next];
        if (line->kind == TRACE_ORDER)
            w->per_task = strcmp(line->words, "per-task") == 0;
        else if (!w->d->taken[w->next])
            return;
    }
}

/* The expected line that the event must be if it is right; -1 if all are taken. In total order that
 * is the next one. In the order of each task it is the next one of its own task, as long as that is
 * due at the same ms; on a real clock, whose ms are never quite the same, at any. */
static int walk_candidate(const walk *w, const trace_line *event) {
    if (w->next >= w->expected->count || !w->per_task)
        return w->next < w->expected->count ? w->next : -1;
    int64_t ms = w->expected->lines[w->next].ms;
    for (int i = w->next; i < w->expected->count; i++) {
        const trace_line *line = &w->expected->lines[i];
        if (line->kind == TRACE_ORDER && strcmp(line->words, "total") == 0)
            break;
        if (line->kind == TRACE_ORDER || w->d->taken[i])
            continue;
        if (line->ms != ms && !w->s->real_clock)
            break;
        if (strcmp(line->task, event->task) == 0)
            return i;
    }
    return w->next;
}

/* The first event of the run, from `from` on, that is the expected one; or -1. */
static int find_in_run(const walk *w, int expected, int from) {
    for (int j = from; j < w->run->count; j++)
        if (w->run->lines[j].kind == TRACE_EVENT &&
            same_event(&w->expected->lines[expected], &w->run->lines[j]))
            return j;
    return -1;
}

/* The first expected event that is not taken and is the run's; or -1. */
static int find_expected(const walk *w, int actual) {
    for (int i = w->next; i < w->expected->count; i++)
        if (w->expected->lines[i].kind == TRACE_EVENT && !w->d->taken[i] &&
            same_event(&w->expected->lines[i], &w->run->lines[actual]))
            return i;
    return -1;
}

static void differ(walk *w, difference_kind kind, int expected, int actual) {
    w->d->kind = kind;
    w->d->expected = expected;
    w->d->actual = actual;
}

/* The expected event that comes after e, or -1. */
static int expected_after(const walk *w, int e) {
    for (int i = e + 1; i < w->expected->count; i++)
        if (w->expected->lines[i].kind == TRACE_EVENT && !w->d->taken[i])
            return i;
    return -1;
}

/* Whether the run has a in the place of e: e does not come right after it, nor is a the one that
 * should come right after e. */
static int stands_for(const walk *w, int e, int a) {
    const trace_line *lines = w->expected->lines, *run = w->run->lines;
    int next = expected_after(w, e);
    int inserted = a + 1 < w->run->count && run[a + 1].kind == TRACE_EVENT &&
                   same_line(w->s, &lines[e], &run[a + 1]);
    int skipped = next >= 0 && same_line(w->s, &lines[next], &run[a]);
    return !inserted && !skipped && strcmp(lines[e].task, run[a].task) == 0;
}

/* Both are due now, and the run has the other one. */
static void differ_in_event(walk *w, int e, int a, int e_in_run, int a_expected) {
    const trace_line *expected = &w->expected->lines[e];
    int in_time = e_in_run >= 0 && same_time(w->s, expected, &w->run->lines[e_in_run]);
    if (e_in_run >= 0 && a_expected >= 0)
        differ(w, in_time ? WRONG_ORDER : WRONG_TIME, e, in_time ? a : e_in_run);
    else if (stands_for(w, e, a) || (e_in_run < 0 && a_expected < 0))
        differ(w, WRONG_EVENT, e, a);
    else if (e_in_run >= 0)
        differ(w, UNEXPECTED_EVENT, e, a);
    else
        differ(w, MISSING_EVENT, e, a);
}

/* Says what is wrong where the contract wants e and the run has a: the one of the two that comes
 * earlier decides, because a person reads both from the top. */
static void classify(walk *w, int e, int a) {
    if (e < 0) {
        differ(w, UNEXPECTED_EVENT, -1, a);
        return;
    }
    const trace_line *expected = &w->expected->lines[e], *actual = &w->run->lines[a];
    int e_in_run = find_in_run(w, e, a), a_expected = find_expected(w, a);
    if (same_event(expected, actual))
        differ(w, WRONG_TIME, e, a);
    else if (same_time(w->s, expected, actual))
        differ_in_event(w, e, a, e_in_run, a_expected);
    else if (actual->ms < expected->ms && a_expected >= 0)
        differ(w, WRONG_TIME, a_expected, a);
    else if (actual->ms < expected->ms)
        differ(w, UNEXPECTED_EVENT, e, a);
    else if (e_in_run >= 0)
        differ(w, WRONG_TIME, e, e_in_run);
    else
        differ(w, MISSING_EVENT, e, a);
}

static int *numbers(int count, int value) {
    int *array = allocate((size_t)count * sizeof *array);
    for (int i = 0; i < count; i++)
        array[i] = value;
    return array;
}

void compare(const scenario *s, const trace *run, difference *d) {
    *d = (difference){.kind = SAME, .expected = -1, .actual = -1, .first = run->count};
    d->pairs = numbers(run->count, -1);
    d->taken = numbers(s->expected.count, 0);
    walk w = {.s = s, .expected = &s->expected, .run = run, .d = d};
    w.per_task = s->expected.per_task;
    for (int a = 0; a < run->count; a++) {
        if (run->lines[a].kind != TRACE_EVENT)
            continue;
        walk_on(&w);
        int e = walk_candidate(&w, &run->lines[a]);
        if (e < 0 || !same_line(s, &s->expected.lines[e], &run->lines[a])) {
            d->first = a;
            classify(&w, e, a);
            return;
        }
        d->pairs[a] = e;
        d->taken[e] = 1;
    }
    walk_on(&w);
    if (w.next < s->expected.count)
        differ(&w, MISSING_EVENT, w.next, -1);
}

void difference_free(difference *d) {
    free(d->pairs);
    free(d->taken);
    *d = (difference){0};
}
