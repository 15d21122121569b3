/* program.h - runs small programs that are given as text: what random programs are made of.
 *
 *     A
 *       lock_acquire lock
 *       lock_release lock, task_cancel B
 *     B refuses
 *       timeout 2 lock_acquire lock
 *
 * A line that begins at the margin begins a task, the lines below it are its steps. A step is done
 * in one go; its last instruction may wait. Every task acts in a millisecond of its own: A at 1,
 * 21, 41, ..., B at 2, 22, 42, ...; whatever it waits for, it acts again in the next of these. So
 * what two tasks do never happens in the same turn unless one of them causes it, and what the
 * contract leaves open makes no difference. For the same reason the time of a timeout is over in a
 * millisecond of its own.
 *
 * "refuses": the task goes on when it is asked to end for the first time. "cleans-up": it needs
 * some time for its cleanup. "grouped": it is started by the task_group of another task.
 *
 * At 1000 ms all tasks that are left are cancelled. So a program always ends. What a task has
 * locked it unlocks at its end. Everything is checked, so that a program ends well also if memory
 * is short or somebody is cancelled whom nobody had in mind. */
#ifndef PROGRAM_H
#define PROGRAM_H

#include "scenario.h"

#include "gather.h"
#if __has_include("cancel.h")
#include "shield.h"
#include "task_group.h"
#include "timeout.h"
#define PROGRAM_CANCELS 1
#endif
#if __has_include("lock.h")
#include "barrier.h"
#include "condition.h"
#include "event.h"
#include "lock.h"
#include "queue.h"
#include "semaphores.h"
#define PROGRAM_SYNCHRONISES 1
#endif

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    PROGRAM_ROUND = 20, /* ms from one moment of a task to its next */
    PROGRAM_END = 1000, /* ms after which all are cancelled */
    PROGRAM_TASKS = 6,
    PROGRAM_STEPS = 12,
    PROGRAM_FUTURES = 3,
    PROGRAM_WORDS = 8, /* in one instruction */
};

typedef struct actor {
    char name[2];
    int moment; /* 1 for A, 2 for B, ... */
    int grouped, refuses, cleans_up;
    char *steps[PROGRAM_STEPS];
    int step_count;
    int64_t acted; /* when it began its last step */
    int ends;      /* it has come to a return or an error of its own, which is ... */
    int outcome;
    int locks, permits, bounded_permits; /* that it has */
    task *task;
} actor;

/* The program that runs. */
static struct program {
    const char *source;
    char *text; /* the same, cut up */
    actor actors[PROGRAM_TASKS];
    int count;
    int64_t start;
    intptr_t items; /* that were made so far: numbers, from 1 on */
    future *futures[PROGRAM_FUTURES];
#ifdef PROGRAM_SYNCHRONISES
    lock *lock;
    event *event;
    condition *condition;
    semaphore *semaphore, *bounded;
    queue *queue, *lifo, *priority;
    barrier *barrier;
#endif
} program;

/* One instruction, cut up. */
typedef struct instruction {
    char text[120];
    char copy[120];
    char *words[PROGRAM_WORDS];
    int count;
} instruction;

static const char *program_code(int code) {
    static char name[40];
    return code < 0 ? uv_err_name_r(code, name, sizeof name) : "0";
}

/* ---- who is meant ---- */

static actor *program_actor(const char *name) {
    for (int i = 0; i < program.count; i++)
        if (strcmp(program.actors[i].name, name) == 0)
            return &program.actors[i];
    return NULL;
}

/* The future of a task or one of the program's own; NULL if there is none, or not yet. */
static future *program_future(const char *name) {
    actor *a = program_actor(name);
    if (a)
        return a->task ? task_future(a->task) : NULL;
    int n = name[0] == 'f' ? atoi(name + 1) : 0;
    return n >= 1 && n <= PROGRAM_FUTURES ? program.futures[n - 1] : NULL;
}

/* The futures that the words from `from` on name. Returns how many. */
static int program_some(const instruction *in, int from, future **some) {
    int count = 0;
    for (int i = from; i < in->count; i++) {
        future *f = program_future(in->words[i]);
        if (f)
            some[count++] = f;
    }
    return count;
}

/* ---- time ---- */

/* From now to the next moment of a that it has not used. */
static int64_t program_rest(const actor *a) {
    int64_t now = now_ms() - program.start;
    int64_t rest = (a->moment - now % PROGRAM_ROUND + PROGRAM_ROUND) % PROGRAM_ROUND;
    return rest == 0 && a->acted == now ? PROGRAM_ROUND : rest;
}

static int64_t program_ms(const instruction *in) {
    return atoi(in->words[1]) * PROGRAM_ROUND + PROGRAM_ROUND / 2;
}

/* ---- instructions ---- */

/* Most instructions report what they return in the same way. */
static int program_report(const actor *a, const instruction *in, int code) {
    emit(a->name, "%s: %s", in->text, program_code(code));
    return code;
}

/* value: where the call that returned code has put its result. */
static int program_value(const actor *a, const instruction *in, int code, void *const *value) {
    if (code == 0 && *value)
        emit(a->name, "%s: %d", in->text, (int)(intptr_t)*value);
    else
        program_report(a, in, code);
    return code;
}

static int do_sleep(actor *a, instruction *in) {
    return program_report(a, in, loop_sleep((int64_t)atoi(in->words[1]) * PROGRAM_ROUND));
}

static int do_set_result(actor *a, instruction *in) {
    return program_report(a, in,
                          future_set_result(program_future(in->words[1]), (void *)++program.items));
}

static int do_set_error(actor *a, instruction *in) {
    return program_report(a, in, future_set_error(program_future(in->words[1]), UV_EIO));
}

/* These two return 1 if there was something to cancel. */
static int do_future_cancel(actor *a, instruction *in) {
    emit(a->name, "%s: %d", in->text, future_cancel(program_future(in->words[1])));
    return 0;
}

static int do_task_cancel(actor *a, instruction *in) {
    actor *whom = program_actor(in->words[1]);
    emit(a->name, "%s: %d", in->text, whom && whom->task ? task_cancel(whom->task) : 0);
    return 0;
}

static int do_future_await(actor *a, instruction *in) {
    future *f = program_future(in->words[1]);
    void *value = NULL;
    return f ? program_value(a, in, future_await(f, &value), &value) : 0;
}

static int do_task_await(actor *a, instruction *in) {
    actor *whom = program_actor(in->words[1]);
    void *value = NULL;
    return whom && whom->task ? program_value(a, in, task_await(whom->task, &value), &value) : 0;
}

static int do_return(actor *a, instruction *in) {
    a->ends = 1;
    a->outcome = strcmp(in->words[0], "raise") == 0 ? UV_EIO : 0;
    return 0;
}

/* What became of the children of a gathering that has its result. */
static void program_outcomes(const actor *a, const instruction *in, future *g, int count) {
    char line[120] = "";
    for (int i = 0; i < count; i++) {
        void *value = NULL;
        int code = gather_outcome(g, i, &value);
        size_t length = strlen(line);
        if (code == 0)
            snprintf(line + length, sizeof line - length, " %d", (int)(intptr_t)value);
        else
            snprintf(line + length, sizeof line - length, " %s", program_code(code));
    }
    emit(a->name, "%s:%s", in->text, line);
}

static int do_gather(actor *a, instruction *in) {
    future *some[PROGRAM_WORDS], *g;
    int count = program_some(in, 1, some);
    int flags = strcmp(in->words[0], "gather_errors") == 0 ? GATHER_RETURN_ERRORS : 0;
    int code = gather(some, count, flags, &g);
    if (code < 0)
        return program_report(a, in, code);
    code = future_await(g, NULL);
    if (code == 0)
        program_outcomes(a, in, g, count);
    else
        program_report(a, in, code);
    future_release(g);
    return code;
}

/* How many of several are done when one was enough depends on the turn: only that there are some
 * does not. */
static int do_wait(actor *a, instruction *in) {
    static const char *const names[] = {"wait_first", "wait_exception", "wait_all"};
    future *some[PROGRAM_WORDS];
    int count = program_some(in, 2, some), until = 0, rounds = atoi(in->words[1]);
    while (until < ALL_COMPLETED && strcmp(names[until], in->words[0]) != 0)
        until++;
    int done = futures_wait(some, count, until, rounds > 0 ? program_ms(in) : -1);
    if (done < 0)
        return program_report(a, in, done);
    emit(a->name, "%s: %d", in->text, until == ALL_COMPLETED ? done : done > 0);
    return 0;
}

static int do_as_completed(actor *a, instruction *in) {
    future *some[PROGRAM_WORDS], *f;
    completions *c;
    int count = program_some(in, 2, some), rounds = atoi(in->words[1]), code;
    code = as_completed(some, count, rounds > 0 ? program_ms(in) : -1, &c);
    if (code < 0)
        return program_report(a, in, code);
    while ((code = completions_next(c, &f)) == 1)
        for (int i = 2; i < in->count; i++)
            if (program_future(in->words[i]) == f)
                emit(a->name, "%s: %s is done", in->text, in->words[i]);
    completions_free(c);
    return program_report(a, in, code);
}

#ifdef PROGRAM_CANCELS

static int program_perform(actor *a, char *text);

static int do_wait_for(actor *a, instruction *in) {
    future *f = program_future(in->words[2]);
    void *value = NULL;
    return f ? program_value(a, in, wait_for(f, program_ms(in), &value), &value) : 0;
}

/* The instruction behind the number, in a scope. */
static int do_timeout(actor *a, instruction *in) {
    timeout t;
    int code = timeout_enter(&t, program_ms(in));
    if (code < 0)
        return program_report(a, in, code);
    code = program_perform(a, in->text + (in->words[2] - in->copy));
    code = timeout_exit(&t, code);
    if (timeout_expired(&t))
        emit(a->name, "the time of %s is over: %s", in->words[1], program_code(code));
    return code;
}

static int do_shield(actor *a, instruction *in) {
    future *f = program_future(in->words[1]), *outer;
    void *value = NULL;
    int code = f ? shield(f, &outer) : 0;
    if (!f || code < 0)
        return code;
    code = program_value(a, in, future_await(outer, &value), &value);
    future_release(outer);
    return code;
}

static int do_cancel_and_wait(actor *a, instruction *in) {
    future *f = program_future(in->words[1]);
    return f ? program_report(a, in, cancel_and_wait(f)) : 0;
}

static int program_act(void *arg, void **result);

static int do_group(actor *a, instruction *in) {
    task_group *g;
    int code = task_group_open(&g), count = 0;
    for (int i = 1; code == 0 && i < in->count; i++) {
        actor *child = program_actor(in->words[i]);
        if (child && !child->task)
            code = task_group_create(g, program_act, child, child->name, &child->task);
        if (code < 0)
            return program_report(a, in, task_group_close(g, code, NULL, 0, NULL));
    }
    if (code < 0)
        return program_report(a, in, code);
    code = task_group_close(g, 0, NULL, 0, &count);
    emit(a->name, "%s: %s, %d error%s", in->text, program_code(code), count, count == 1 ? "" : "s");
    return code;
}

#endif

#ifdef PROGRAM_SYNCHRONISES

static int do_lock_acquire(actor *a, instruction *in) {
    int code = lock_acquire(program.lock);
    a->locks += code == 0;
    return program_report(a, in, code);
}

static int do_lock_release(actor *a, instruction *in) {
    a->locks -= a->locks > 0;
    return program_report(a, in, lock_release(program.lock));
}

static int do_event_wait(actor *a, instruction *in) {
    return program_report(a, in, event_wait(program.event));
}

static int do_event_set(actor *a, instruction *in) {
    event_set(program.event);
    return program_report(a, in, 0);
}

static int do_event_clear(actor *a, instruction *in) {
    event_clear(program.event);
    return program_report(a, in, 0);
}

/* Whoever comes back from a wait has the lock, whatever the wait returned; but for these two. */
static int do_condition_wait(actor *a, instruction *in) {
    int had = a->locks > 0, code = condition_wait(program.condition);
    a->locks += !had && code != UV_EPERM && code != UV_EINVAL;
    return program_report(a, in, code);
}

static int do_condition_notify(actor *a, instruction *in) {
    int code = strcmp(in->words[0], "condition_notify_all") == 0
                   ? condition_notify_all(program.condition)
                   : condition_notify(program.condition, atoi(in->words[1]));
    return program_report(a, in, code);
}

static int do_semaphore_acquire(actor *a, instruction *in) {
    int bounded = strcmp(in->words[1], "bounded") == 0;
    int code = semaphore_acquire(bounded ? program.bounded : program.semaphore);
    *(bounded ? &a->bounded_permits : &a->permits) += code == 0;
    return program_report(a, in, code);
}

static int do_semaphore_release(actor *a, instruction *in) {
    int bounded = strcmp(in->words[1], "bounded") == 0;
    int *permits = bounded ? &a->bounded_permits : &a->permits;
    *permits -= *permits > 0;
    return program_report(a, in, semaphore_release(bounded ? program.bounded : program.semaphore));
}

static queue *program_queue(const instruction *in) {
    const char *name = in->words[1];
    return strcmp(name, "lifo") == 0       ? program.lifo
           : strcmp(name, "priority") == 0 ? program.priority
                                           : program.queue;
}

/* In the priority queue items come in an order that is neither theirs nor its opposite. */
static int program_compare(const void *a, const void *b) {
    return (int)((intptr_t)a * 7 % 31) - (int)((intptr_t)b * 7 % 31);
}

static int do_queue_put(actor *a, instruction *in) {
    void *item = (void *)++program.items;
    int waits = strcmp(in->words[0], "queue_put") == 0;
    int code =
        waits ? queue_put(program_queue(in), item) : queue_put_nowait(program_queue(in), item);
    return program_value(a, in, code, &item);
}

static int do_queue_get(actor *a, instruction *in) {
    void *item = NULL;
    int waits = strcmp(in->words[0], "queue_get") == 0;
    int code =
        waits ? queue_get(program_queue(in), &item) : queue_get_nowait(program_queue(in), &item);
    return program_value(a, in, code, &item);
}

static int do_queue_task_done(actor *a, instruction *in) {
    return program_report(a, in, queue_task_done(program_queue(in)));
}

static int do_queue_join(actor *a, instruction *in) {
    return program_report(a, in, queue_join(program_queue(in)));
}

static int do_queue_shutdown(actor *a, instruction *in) {
    queue_shutdown(program_queue(in), strcmp(in->words[0], "queue_shutdown_now") == 0);
    return program_report(a, in, 0);
}

static int do_barrier_wait(actor *a, instruction *in) {
    int code = barrier_wait(program.barrier);
    if (code < 0)
        return program_report(a, in, code);
    emit(a->name, "%s: number %d", in->text, code);
    return 0;
}

static int do_barrier_reset(actor *a, instruction *in) {
    if (strcmp(in->words[0], "barrier_abort") == 0)
        barrier_abort(program.barrier);
    else
        barrier_reset(program.barrier);
    return program_report(a, in, 0);
}

#endif

static const struct verb {
    const char *name;
    int (*perform)(actor *a, instruction *in);
    int words; /* at least, with the name */
} program_verbs[] = {
    {"loop_sleep", do_sleep, 2},
    {"return", do_return, 1},
    {"raise", do_return, 1},
    {"future_set_result", do_set_result, 2},
    {"future_set_error", do_set_error, 2},
    {"future_cancel", do_future_cancel, 2},
    {"future_await", do_future_await, 2},
    {"task_await", do_task_await, 2},
    {"task_cancel", do_task_cancel, 2},
    {"gather", do_gather, 1},
    {"gather_errors", do_gather, 1},
    {"wait_first", do_wait, 3},
    {"wait_exception", do_wait, 3},
    {"wait_all", do_wait, 3},
    {"as_completed", do_as_completed, 3},
#ifdef PROGRAM_CANCELS
    {"wait_for", do_wait_for, 3},
    {"timeout", do_timeout, 3},
    {"shield", do_shield, 2},
    {"cancel_and_wait", do_cancel_and_wait, 2},
    {"task_group", do_group, 2},
#endif
#ifdef PROGRAM_SYNCHRONISES
    {"lock_acquire", do_lock_acquire, 1},
    {"lock_release", do_lock_release, 1},
    {"event_wait", do_event_wait, 1},
    {"event_set", do_event_set, 1},
    {"event_clear", do_event_clear, 1},
    {"condition_wait", do_condition_wait, 1},
    {"condition_notify", do_condition_notify, 2},
    {"condition_notify_all", do_condition_notify, 1},
    {"semaphore_acquire", do_semaphore_acquire, 2},
    {"semaphore_release", do_semaphore_release, 2},
    {"queue_put", do_queue_put, 2},
    {"queue_put_nowait", do_queue_put, 2},
    {"queue_get", do_queue_get, 2},
    {"queue_get_nowait", do_queue_get, 2},
    {"queue_task_done", do_queue_task_done, 2},
    {"queue_join", do_queue_join, 2},
    {"queue_shutdown", do_queue_shutdown, 2},
    {"queue_shutdown_now", do_queue_shutdown, 2},
    {"barrier_wait", do_barrier_wait, 1},
    {"barrier_reset", do_barrier_reset, 1},
    {"barrier_abort", do_barrier_reset, 1},
#endif
};

/* Takes one instruction apart and does it. Returns 0, or how what it waited for has failed. */
static int program_perform(actor *a, char *text) {
    instruction in = {.count = 0};
    snprintf(in.text, sizeof in.text, "%s", text);
    snprintf(in.copy, sizeof in.copy, "%s", text);
    char *rest = NULL;
    for (char *w = strtok_r(in.copy, " ", &rest); w && in.count < PROGRAM_WORDS;
         w = strtok_r(NULL, " ", &rest))
        in.words[in.count++] = w;
    for (size_t i = 0; i < sizeof program_verbs / sizeof *program_verbs; i++)
        if (in.count && strcmp(program_verbs[i].name, in.words[0]) == 0 &&
            in.count >= program_verbs[i].words)
            return program_verbs[i].perform(a, &in);
    emit(a->name, "%s: no such instruction", in.text);
    return 0;
}

/* ---- tasks ---- */

/* One step; instructions are separated by commas. Only a cancellation ends it early. */
static int program_step(actor *a, const char *step) {
    char line[240], *rest = NULL;
    int code = 0;
    snprintf(line, sizeof line, "%s", step);
    for (char *text = strtok_r(line, ",", &rest); text && code != UV_ECANCELED && !a->ends;
         text = strtok_r(NULL, ",", &rest))
        code = program_perform(a, text + strspn(text, " "));
    return code == UV_ECANCELED ? code : 0;
}

/* Waits for the next moment of a. */
static int program_align(actor *a) {
    int code = loop_sleep(program_rest(a));
    if (code < 0)
        emit(a->name, "rests: %s", program_code(code));
    a->acted = now_ms() - program.start;
    return code;
}

/* a was asked to end. Returns 0 if it goes on. */
static int program_cancelled(actor *a, int code) {
    if (a->refuses) {
        a->refuses = 0;
        emit(a->name, "refuses to end");
        return 0;
    }
    if (a->cleans_up) {
        emit(a->name, "cleans up");
        int cut_short = loop_sleep(program_rest(a) + PROGRAM_ROUND);
        emit(a->name, "has cleaned up: %s", program_code(cut_short));
    }
    return code;
}

static void program_give_back(actor *a) {
#ifdef PROGRAM_SYNCHRONISES
    for (; a->locks > 0; a->locks--)
        lock_release(program.lock);
    for (; a->permits > 0; a->permits--)
        semaphore_release(program.semaphore);
    for (; a->bounded_permits > 0; a->bounded_permits--)
        semaphore_release(program.bounded);
#endif
}

static int program_act(void *arg, void **result) {
    actor *a = arg;
    int code = 0;
    a->acted = -1;
    for (int i = 0; i <= a->step_count && code == 0 && !a->ends; i++) {
        code = program_align(a);
        if (code == 0 && i < a->step_count)
            code = program_step(a, a->steps[i]);
        if (code < 0)
            code = program_cancelled(a, code);
    }
    code = a->ends ? a->outcome : code;
    *result = (void *)(intptr_t)(100 + a->moment);
    emit(a->name, "ends: %s", program_code(code));
    program_give_back(a);
    return code;
}

/* ---- the program ---- */

#ifdef PROGRAM_SYNCHRONISES

static int program_mentions(const char *word) {
    return strstr(program.source, word) != NULL;
}

/* Only what the program uses: the rest need not be written yet. */
static int program_open_objects(void) {
    int error = 0;
    if (program_mentions("lock_") || program_mentions("condition_"))
        error = lock_new(&program.lock);
    if (error == 0 && program_mentions("condition_"))
        error = condition_new(program.lock, &program.condition);
    if (error == 0 && program_mentions("event_"))
        error = event_new(&program.event);
    if (error == 0 && program_mentions(" semaphore"))
        error = semaphore_new(2, &program.semaphore);
    if (error == 0 && program_mentions(" bounded"))
        error = semaphore_new_bounded(1, &program.bounded);
    if (error == 0 && program_mentions(" queue"))
        error = queue_new(1, &program.queue);
    if (error == 0 && program_mentions(" lifo"))
        error = queue_new_lifo(2, &program.lifo);
    if (error == 0 && program_mentions(" priority"))
        error = queue_new_priority(2, program_compare, &program.priority);
    if (error == 0 && program_mentions("barrier_"))
        error = barrier_new(2, &program.barrier);
    return error;
}

static void program_freed(const char *function, int error) {
    if (error < 0)
        emit("main", "%s: %s", function, program_code(error));
}

static void program_close_objects(void) {
    if (program.condition)
        program_freed("condition_free", condition_free(program.condition));
    if (program.lock)
        program_freed("lock_free", lock_free(program.lock));
    if (program.event)
        program_freed("event_free", event_free(program.event));
    if (program.semaphore)
        program_freed("semaphore_free", semaphore_free(program.semaphore));
    if (program.bounded)
        program_freed("semaphore_free", semaphore_free(program.bounded));
    queue *queues[] = {program.queue, program.lifo, program.priority};
    for (int i = 0; i < 3; i++)
        if (queues[i])
            program_freed("queue_free", queue_free(queues[i]));
    if (program.barrier)
        program_freed("barrier_free", barrier_free(program.barrier));
}

#endif

static int program_open(void) {
    int error = 0;
    for (int i = 0; i < PROGRAM_FUTURES && error == 0; i++)
        error = future_new(loop_running(), &program.futures[i]);
#ifdef PROGRAM_SYNCHRONISES
    if (error == 0)
        error = program_open_objects();
#endif
    return error;
}

static void program_close(void) {
    for (int i = 0; i < program.count; i++) {
        if (program.actors[i].task)
            task_result(program.actors[i].task, NULL);
        task_release(program.actors[i].task);
    }
    for (int i = 0; i < PROGRAM_FUTURES; i++) {
        if (program.futures[i])
            future_error(program.futures[i]);
        future_release(program.futures[i]);
    }
#ifdef PROGRAM_SYNCHRONISES
    program_close_objects();
#endif
}

/* Cancels those that are left, and gives them time. Returns how many there were. */
static int program_cancel_all(void) {
    int left = 0;
    for (int i = 0; i < program.count; i++) {
        actor *a = &program.actors[i];
        if (!a->task || task_done(a->task))
            continue;
        emit("main", "task_cancel %s: %d", a->name, task_cancel(a->task));
        left++;
    }
    for (int64_t until = now_ms() + 5 * PROGRAM_ROUND; left && now_ms() < until;)
        loop_sleep(until - now_ms());
    return left;
}

static void program_ignore(loop *l, const char *message, int error, void *arg) {
}

static int program_main(void *arg, void **result) {
    loop_set_exception_handler(loop_running(), program_ignore, NULL);
    int error = program_open();
    for (int i = 0; i < program.count && error == 0; i++) {
        actor *a = &program.actors[i];
        if (!a->grouped)
            error = task_create(program_act, a, a->name, &a->task);
    }
    if (error < 0)
        emit("main", "begins: %s", program_code(error));
    for (int64_t until = program.start + PROGRAM_END; error == 0 && now_ms() < until;)
        loop_sleep(until - now_ms());
    for (int i = 0; i < 4 && program_cancel_all(); i++)
        ;
    program_close();
    return error;
}

static void program_task_line(char *line) {
    char *rest = NULL, *name = strtok_r(line, " ", &rest);
    if (!name || program.count == PROGRAM_TASKS)
        return;
    actor *a = &program.actors[program.count++];
    snprintf(a->name, sizeof a->name, "%s", name);
    a->moment = name[0] - 'A' + 1;
    for (char *word = strtok_r(NULL, " ", &rest); word; word = strtok_r(NULL, " ", &rest)) {
        a->grouped |= strcmp(word, "grouped") == 0;
        a->refuses |= strcmp(word, "refuses") == 0;
        a->cleans_up |= strcmp(word, "cleans-up") == 0;
    }
}

/* Runs the program in text from its first to its last event. */
static void program_run(const char *text) {
    char *rest = NULL;
    memset(&program, 0, sizeof program);
    program.source = text;
    program.text = strdup(text);
    program.start = now_ms();
    for (char *line = program.text ? strtok_r(program.text, "\n", &rest) : NULL; line;
         line = strtok_r(NULL, "\n", &rest)) {
        actor *last = program.count ? &program.actors[program.count - 1] : NULL;
        if (*line != ' ')
            program_task_line(line);
        else if (last && last->step_count < PROGRAM_STEPS)
            last->steps[last->step_count++] = line + strspn(line, " ");
    }
    int error = async_run(program_main, NULL, NULL);
    emit("main", "ends: %s", program_code(error));
    free(program.text);
    memset(&program, 0, sizeof program);
}

#endif
