/* switch.c - what it costs to go from one stack to another, and back.
 *
 * The median of several measurements is printed, and its ratio to the limit: a switch in inline
 * assembly that saves only what the compiler holds in registers just there. */
#include "bench.h"
#include "context.h"
#include "coroutine.h"

#include <fenv.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <ucontext.h>

enum { REPEATS = 7, STACK_BYTES = 64 * 1024 };

static _Alignas(64) char stacks[5][STACK_BYTES];

/* ---- the limit ---- */

#ifdef __x86_64__
#include "bare.h"

static bare bare_here, bare_there;

static void bare_side(void) {
    for (;;)
        bare_switch(&bare_there, &bare_here);
}

static void bare_begin_bench(void) {
    bare_begin(&bare_there, stacks[0] + STACK_BYTES, bare_side);
}

static void bare_run(long n) {
    for (long i = 0; i < n; i++)
        bare_switch(&bare_here, &bare_there);
}
#endif

/* ---- ours ---- */

static context here, there;

static void context_side(void *arg) {
    for (;;)
        context_switch(&there, &here);
}

static void context_begin_bench(void) {
    context_init(&there, stacks[1], STACK_BYTES, context_side, NULL);
}

static void context_run(long n) {
    for (long i = 0; i < n; i++)
        context_switch(&here, &there);
}

static coroutine *yielder;

static int yield_for_ever(void *arg, void **result) {
    for (;;)
        if (coroutine_yield(NULL, NULL) < 0)
            return 0;
}

static void coroutine_begin(void) {
    coroutine_create(yield_for_ever, NULL, &yielder);
}

static void coroutine_run(long n) {
    for (long i = 0; i < n; i++)
        coroutine_resume(yielder, NULL, NULL);
}

/* ---- others ---- */

static ucontext_t uc_here, uc_there;

static void uc_side(void) {
    for (;;)
        swapcontext(&uc_there, &uc_here);
}

static void uc_begin(void) {
    getcontext(&uc_there);
    uc_there.uc_stack.ss_sp = stacks[2];
    uc_there.uc_stack.ss_size = STACK_BYTES;
    makecontext(&uc_there, uc_side, 0);
}

static void uc_run(long n) {
    for (long i = 0; i < n; i++)
        swapcontext(&uc_here, &uc_there);
}

#ifdef WITH_BOOST
/* Boost.Context's own two functions, which are C in all but name. */
typedef struct transfer {
    void *from, *data;
} transfer;
transfer jump_fcontext(void *to, void *data);
void *make_fcontext(void *top, size_t size, void (*fn)(transfer));

static void *boost_there;

static void boost_side(transfer t) {
    for (;;)
        t = jump_fcontext(t.from, NULL);
}

static void boost_begin(void) {
    boost_there = make_fcontext(stacks[3] + STACK_BYTES, STACK_BYTES, boost_side);
}

/* This switch carries the floating-point flags over as well. Where the two sides' flags differ,
 * that costs some 70 ns a switch on some processors; cleared on both sides, it is at its best. */
static void boost_run(long n) {
    feclearexcept(FE_ALL_EXCEPT);
    for (long i = 0; i < n; i++)
        boost_there = jump_fcontext(boost_there, NULL).from;
}
#endif

/* ---- the table ---- */

typedef struct row {
    const char *id, *title;
    void (*begin)(void);
    void (*run)(long n);
    long n;
    double ns[REPEATS]; /* for one switch */
} row;

static row rows[] = {
#ifdef __x86_64__
    {"limit", "the limit: inline assembly", bare_begin_bench, bare_run, 4000000, {0}},
#endif
#ifdef WITH_BOOST
    {"boost", "Boost.Context, jump_fcontext", boost_begin, boost_run, 4000000, {0}},
#endif
    {"context", "context_switch", context_begin_bench, context_run, 4000000, {0}},
    {"coroutine",
     "coroutine_resume or coroutine_yield",
     coroutine_begin,
     coroutine_run,
     4000000,
     {0}},
    {"ucontext", "swapcontext of the C library", uc_begin, uc_run, 400000, {0}},
};

enum { ROWS = sizeof rows / sizeof *rows };

static int by_size(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static void measure(row *r, int repeat) {
    double start = real_ns();
    r->run(r->n);
    r->ns[repeat] = (real_ns() - start) / (double)r->n / 2; /* each round is two switches */
}

int main(int argc, char **argv) {
    int json = argc > 1 && strcmp(argv[1], "--json") == 0;
    for (int i = 0; i < ROWS; i++)
        rows[i].begin();
    for (int i = 0; i < ROWS; i++)
        for (int repeat = 0; repeat < REPEATS; repeat++)
            measure(&rows[i], repeat);
    for (int i = 0; i < ROWS; i++)
        qsort(rows[i].ns, REPEATS, sizeof *rows[i].ns, by_size);
    double limit = rows[0].ns[REPEATS / 2];
    printf(
        json
            ? "{\"benchmark\": \"switch\", \"unit\": \"ns\", \"rows\": [\n"
            : "One switch from a stack to another, ns          median  fastest  slowest   ratio\n");
    for (int i = 0; i < ROWS; i++) {
        const double *ns = rows[i].ns;
        if (json)
            printf("  {\"id\": \"%s\", \"median\": %.2f, \"min\": %.2f, \"max\": %.2f}%s\n",
                   rows[i].id, ns[REPEATS / 2], ns[0], ns[REPEATS - 1], i + 1 < ROWS ? "," : "");
        else
            printf("  %-42s %8.1f %8.1f %8.1f %7.2f\n", rows[i].title, ns[REPEATS / 2], ns[0],
                   ns[REPEATS - 1], ns[REPEATS / 2] / limit);
    }
    if (json)
        puts("]}");
    coroutine_free(yielder);
    return 0;
}
