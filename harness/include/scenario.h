/* scenario.h - what the author of an exercise writes scenarios with.
 *
 * A scenario is a small program against the header of one chapter. It shows what it saw by emitting
 * events; the events and their times are compared with those of the reference. It contains no
 * expectation itself, and never says whether something is right.
 *
 *     #include "future.h"
 *     #include "scenario.h"
 *
 *     SCENARIO(result_set_once, "a second result is refused and the first one stays") {
 *         future *f;
 *         loop *l;
 *         loop_new(&l);
 *         future_new(l, &f);
 *         emit("main", "set: %s", code_name(future_set_result(f, "burger")));
 *         ...
 *     }
 *
 * Each scenario runs in a process of its own, on the thread's own stack. Without a word of the
 * author the runtime watches for: memory errors, leaks, undefined behaviour, crashes, libuv loops
 * and handles left open, contexts and stacks not given back, calls that block the loop, deadlocks,
 * turns without end, exit in the middle. So give everything back at the end, as the contract says.
 *
 * scenarios.c is compiled with EXERCISE defined as the id of its exercise, a string. */
#ifndef SCENARIO_H
#define SCENARIO_H

#include <stdint.h>

/* The clock of a scenario. */
enum clock {
    /* Stands still while code runs and jumps to the next timer when there is nothing to do: times
     * are exact, and ten seconds take milliseconds. */
    VIRTUAL_CLOCK,
    /* The machine's. Give .tolerance, in ms: how far an event may be from its expected time. */
    REAL_CLOCK,
};

/* How the events are compared. */
enum order {
    TOTAL,    /* every event has its place */
    PER_TASK, /* within the same ms, events of different tasks may come in any order; those of one
                 task keep theirs. For what the contract leaves open. */
};

/* SCENARIO(name, "sentence", .clock = REAL_CLOCK, .tolerance = 300, .order = PER_TASK) { body }
 * name: an identifier; with dashes for underscores it is the scenario's id. sentence: what the
 * contract promises here; the student reads it. Everything after it may be left out; that is a
 * VIRTUAL_CLOCK and TOTAL order. The body is that of `static void name(void)`. */
#define SCENARIO(name_, says_, ...)                                                                \
    static void name_(void);                                                                       \
    REGISTER_SCENARIO(name_, says_, .body = name_, __VA_ARGS__)                                    \
    static void name_(void)

/* COST_SCENARIO(name, "sentence", small, large) { body }
 * Measures how the CPU time of the body, that of `static void name(int n)`, grows from n = small to
 * n = large: the best of several runs of each is taken, all in one process. The verdict is about the
 * ratio of the two, halfway between linear and quadratic; a large one under 1 ms passes anyway. The
 * body starts from nothing and gives everything back each time; it emits no events. Choose large
 * about 16 times small, so that the reference needs some 10 ms for it. */
#define COST_SCENARIO(name_, says_, small_, large_)                                                \
    static void name_(int n);                                                                      \
    REGISTER_SCENARIO(name_, says_, .cost = name_, .small = small_, .large = large_)               \
    static void name_(int n)

/* The functions below have other names for the linker, so that a student's function that happens
 * to be called order or emit does not clash with them. */

/* Emits an event of a task at the current time.
 * task: who it happens to, without spaces, such as "main" or "A"; a coroutine is called in reports
 * by the task of the last event that was emitted on it. format: as for printf; what happened, in
 * words a student understands; cut beyond 1000 bytes. */
void emit(const char *task, const char *format, ...) __asm__("workbook_emit")
    __attribute__((format(printf, 2, 3)));

/* Changes how events are compared from here on. */
void order(enum order order) __asm__("workbook_order");

/* Returns the ms of the scenario's clock since the scenario began. */
int64_t now_ms(void) __asm__("workbook_now_ms");

/* What the program was given behind the scenario's name, ends with NULL. */
extern char **scenario_arguments __asm__("workbook_arguments");

/* The next stack overflow is what the scenario wants. When a guard page stops it, that becomes the
 * event "stack overflow in the guard page" of the task "harness", and the scenario is complete;
 * nothing after the overflow runs, and leaks do not count. */
void expect_stack_overflow(void) __asm__("workbook_expect_stack_overflow");

/* The rest is how scenarios are found: pointers to them lie side by side in a section. */
struct scenario {
    const char *exercise, *name, *says;
    void (*body)(void);
    void (*cost)(int n);
    int small, large; /* of a cost scenario */
    enum clock clock;
    int tolerance; /* ms */
    enum order order;
    int line; /* scenarios run in the order in which they were written */
};

#define REGISTER_SCENARIO(name_, says_, ...)                                                       \
    static const struct scenario scenario_##name_ = {                                              \
        .exercise = EXERCISE, .name = #name_, .says = says_, .line = __LINE__, __VA_ARGS__};       \
    static const struct scenario *const registered_##name_                                         \
        __attribute__((section("workbook_scenarios"), used)) = &scenario_##name_;

#endif
