/* main.c - a scenario program: lists its scenarios, or runs one of them.
 *
 *     PROGRAM --list
 *     PROGRAM EXERCISE NAME [ARGUMENT...] */
#include "runtime.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

/* The supervisor's own limit on real time is 30. */
enum { CPU_SECONDS = 2, COST_CPU_SECONDS = 10, REAL_SECONDS = 15, COST_REAL_SECONDS = 28 };

int harness_debug;
int harness_real_clock;
uintptr_t harness_stack_top;
char **scenario_arguments;
static _Thread_local int on_loop_thread;

extern const struct scenario *const __start_workbook_scenarios[];
extern const struct scenario *const __stop_workbook_scenarios[];

int harness_on_loop_thread(void) {
    return on_loop_thread;
}

/* The id of a scenario: its name with dashes. */
static const char *id_of(const struct scenario *s) {
    static char id[200];
    snprintf(id, sizeof id, "%s", s->name);
    for (char *c = id; *c; c++)
        if (*c == '_')
            *c = '-';
    return id;
}

static int in_order(const void *a, const void *b) {
    const struct scenario *left = *(const struct scenario *const *)a;
    const struct scenario *right = *(const struct scenario *const *)b;
    int exercises = strcmp(left->exercise, right->exercise);
    return exercises != 0 ? exercises : left->line - right->line;
}

static void tell(const struct scenario *s) {
    printf("%s\t%s\t%s\t%s\t%d\t%s\t", s->exercise, id_of(s), s->says,
           s->clock == REAL_CLOCK ? "real" : "virtual", s->tolerance,
           s->order == PER_TASK ? "per-task" : "total");
    if (s->cost)
        printf("cost %d %d\n", s->small, s->large);
    else
        printf("trace\n");
}

/* gcc puts them into the section backwards, so they are sorted. */
static void list(void) {
    size_t count = (size_t)(__stop_workbook_scenarios - __start_workbook_scenarios);
    const struct scenario **sorted = malloc(count * sizeof *sorted);
    if (!sorted)
        return;
    memcpy(sorted, __start_workbook_scenarios, count * sizeof *sorted);
    qsort(sorted, count, sizeof *sorted, in_order);
    for (size_t i = 0; i < count; i++)
        tell(sorted[i]);
    free(sorted);
}

static const struct scenario *find(const char *exercise, const char *name) {
    for (const struct scenario *const *p = __start_workbook_scenarios;
         p < __stop_workbook_scenarios; p++)
        if (!strcmp((*p)->exercise, exercise) && !strcmp(id_of(*p), name))
            return *p;
    return NULL;
}

static int64_t cpu_ns(void) {
    struct timespec t;
    syscall(SYS_clock_gettime, CLOCK_THREAD_CPUTIME_ID, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

/* How many times as long everything takes, below another tool: see the supervisor's under.h. */
static int slowness(void) {
    const char *value = getenv("WORKBOOK_SLOWNESS");
    int times = value ? atoi(value) : 1;
    return times > 1 ? times : 1;
}

/* Lowers *best to what n items cost now, if that is less. Returns what they cost. */
static int64_t cost(const struct scenario *s, int n, int64_t *best) {
    int64_t start = cpu_ns();
    s->cost(n);
    int64_t took = cpu_ns() - start;
    if (took < *best)
        *best = took;
    return took;
}

/* Other processes can only make a run slower, so the best one counts. They do that for some ms at a
 * time, which is longer than three small runs take: so there are some between the large ones. Below
 * a tool that makes everything slow the cost says nothing, and is not judged: few items are enough
 * for the tool. */
static void measure(const struct scenario *s) {
    enum { ROUNDS = 3, SMALL_RUNS = 3 };
    int64_t small = INT64_MAX, large = INT64_MAX, took = 0;
    int many = slowness() > 1 ? s->small : s->large;
    harness_watch_off();
    for (int round = 0; round <= ROUNDS; round++) {
        for (int i = 0; i < SMALL_RUNS; i++)
            cost(s, s->small, &small);
        if (round < ROUNDS && took <= 300 * 1000000)
            took = cost(s, many, &large);
    }
    record r;
    harness_record_begin(&r, "cost");
    harness_record_number(&r, s->small);
    harness_record_number(&r, small);
    harness_record_number(&r, many);
    harness_record_number(&r, large);
    harness_record_write(&r);
}

/* A frame of its own: what it leaves behind on the stack must not hide a leak. */
__attribute__((noinline)) static void run(const struct scenario *s) {
    if (s->cost)
        measure(s);
    else
        s->body();
}

static void check(void) {
    fflush(stdout);
    harness_loops_check();
    harness_contexts_check();
    harness_stacks_check();
    if (!harness_debug)
        harness_leaks_check();
    if (harness_adversity_end)
        harness_adversity_end();
}

static void settings(const struct scenario *s) {
    const char *debug = getenv("WORKBOOK_DEBUG"), *clock = getenv("WORKBOOK_CLOCK");
    harness_debug = debug && !strcmp(debug, "1");
    harness_real_clock = clock ? !strcmp(clock, "real") : s->clock == REAL_CLOCK;
    /* Newer versions of libuv read files through io_uring, which our epoll_wait would not see. */
    putenv("UV_USE_IO_URING=0");
}

/* Lines come out one by one: they are not lost when the program crashes. */
static void open_output(void) {
    static char buffer[BUFSIZ];
    setvbuf(stdout, buffer, _IOLBF, sizeof buffer);
}

static void start(const struct scenario *s) {
    on_loop_thread = 1;
    open_output();
    harness_trace_open();
    settings(s);
    harness_addresses_start();
    harness_sanitizers_start();
    harness_leaks_start();
    harness_signals_start();
    const char *problem = harness_clock_problem();
    if (problem) {
        harness_record_word("broken-clock", problem);
        harness_end(STATUS_ENDED);
    }
    if (!harness_debug) {
        harness_limit_cpu((s->cost ? COST_CPU_SECONDS : CPU_SECONDS) * slowness());
        harness_limit_real((s->cost ? COST_REAL_SECONDS : REAL_SECONDS) * slowness());
    }
    harness_clock_start();
    harness_record_word("begin", id_of(s));
    if (harness_adversity_start)
        harness_adversity_start();
}

int main(int argc, char **argv) {
    if (argc == 2 && !strcmp(argv[1], "--list")) {
        list();
        return fflush(stdout) == 0 ? 0 : 1;
    }
    const struct scenario *s = argc >= 3 ? find(argv[1], argv[2]) : NULL;
    if (!s) {
        fprintf(stderr, "usage: %s --list | EXERCISE NAME [ARGUMENT...]\n", argv[0]);
        return STATUS_USAGE;
    }
    harness_stack_top = (uintptr_t)__builtin_frame_address(0);
    scenario_arguments = argv + 3;
    start(s);
    run(s);
    check();
    record r;
    harness_record_begin(&r, "end");
    harness_record_write(&r);
    harness_end(STATUS_COMPLETE);
}
