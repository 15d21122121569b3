#include "coroutine.h"

#include "scenario.h"

#include <stdint.h>
#include <stdio.h>
#include <uv.h>

static const char *name(int outcome) {
    if (outcome == COROUTINE_RETURNED)
        return "COROUTINE_RETURNED";
    if (outcome == COROUTINE_YIELDED)
        return "COROUTINE_YIELDED";
    return outcome < 0 ? uv_err_name(outcome) : "an unknown positive number";
}

static const char *state(const coroutine *co) {
    static const char *const names[] = {"CREATED", "RUNNING", "SUSPENDED", "CLOSED"};
    unsigned state = coroutine_get_state(co);
    return state < 4 ? names[state] : "in no state that there is";
}

static coroutine *create(coroutine_fn fn, void *arg) {
    coroutine *co = NULL;
    int error = coroutine_create(fn, arg, &co);
    if (error)
        emit("main", "create returns %s", uv_err_name(error));
    return co;
}

/* task: who resumes; what: whom. */
static void resume(const char *task, const char *what, coroutine *co) {
    void *value = "left alone";
    int outcome = coroutine_resume(co, NULL, &value);
    emit(task, "resume %s: %s, value %s", what, name(outcome), value ? (char *)value : "NULL");
}

static int greet(void *arg, void **result) {
    emit("A", "runs, its argument is %s", (char *)arg);
    *result = "done";
    return 0;
}

SCENARIO(runs_and_returns, "create starts nothing; resume runs the function and has its value") {
    coroutine *a = create(greet, "hello");
    emit("main", "A is %s", state(a));
    resume("main", "A", a);
    emit("main", "A is %s", state(a));
    resume("main", "A", a);
    int error = coroutine_free(a);
    emit("main", "free returns %s", error ? name(error) : "0");
}

static int leave_result_alone(void *arg, void **result) {
    return 0;
}

static int fail(void *arg, void **result) {
    *result = "lost";
    return UV_ECONNREFUSED;
}

static int return_seven(void *arg, void **result) {
    *result = "seven";
    return 7;
}

SCENARIO(outcomes, "an error comes out without a value, a positive number counts as 0") {
    coroutine *silent = create(leave_result_alone, NULL);
    coroutine *failing = create(fail, NULL);
    coroutine *seven = create(return_seven, NULL);
    coroutine *unheard = create(return_seven, NULL);
    resume("main", "silent", silent);
    resume("main", "failing", failing);
    emit("main", "failing is %s", state(failing));
    resume("main", "failing", failing);
    resume("main", "seven", seven);
    emit("main", "resume unheard: %s", name(coroutine_resume(unheard, NULL, NULL)));
    coroutine_free(silent);
    coroutine_free(failing);
    coroutine_free(seven);
    coroutine_free(unheard);
}

static int resume_itself(void *arg, void **result) {
    resume("A", "itself", coroutine_current());
    *result = "survived";
    return 0;
}

SCENARIO(refusals, "what cannot be resumed is refused, and is as it was before") {
    void *value = "left alone";
    coroutine *a = create(resume_itself, NULL);
    int outcome = coroutine_resume(a, "too early", &value);
    emit("main", "resume A with a value first: %s, value %s", name(outcome),
         value ? (char *)value : "NULL");
    emit("main", "A is %s", state(a));
    resume("main", "A", a);
    resume("main", "A", a);
    coroutine_free(a);
}

/* Each resumes the next one; the last one tries to resume the first. */
typedef struct chained {
    const char *task;
    coroutine *co;
    struct chained *next, *first;
} chained;

static int follow(void *arg, void **result) {
    chained *l = arg;
    emit(l->task, "is current: %s", coroutine_current() == l->co ? "yes" : "no");
    if (l->next)
        resume(l->task, l->next->task, l->next->co);
    else
        resume(l->task, l->first->task, l->first->co);
    emit(l->task, "is current: %s, %s is %s", coroutine_current() == l->co ? "yes" : "no",
         l->first->task, state(l->first->co));
    *result = (void *)l->task;
    return 0;
}

SCENARIO(nested, "a coroutine that resumes another one waits for it, and is then the current one") {
    chained c = {.task = "C"}, b = {.task = "B", .next = &c}, a = {.task = "A", .next = &b};
    a.first = b.first = c.first = &a;
    a.co = create(follow, &a);
    b.co = create(follow, &b);
    c.co = create(follow, &c);
    emit("main", "current is %s", coroutine_current() ? "somebody" : "NULL");
    resume("main", "A", a.co);
    emit("main", "current is %s", coroutine_current() ? "somebody" : "NULL");
    coroutine_free(a.co);
    coroutine_free(b.co);
    coroutine_free(c.co);
}

/* Resumes one that resumes one ... until n are alive; fills memory of its own before that, and
 * looks at it afterwards. */
static int fill(void *arg, void **result) {
    intptr_t n = (intptr_t)arg, sum = 0;
    volatile unsigned char mine[1000];
    void *others = NULL;
    for (int i = 0; i < 1000; i++)
        mine[i] = (unsigned char)n;
    if (n > 1) {
        coroutine *next = create(fill, (void *)(n - 1));
        coroutine_resume(next, NULL, &others);
        coroutine_free(next);
    }
    for (int i = 0; i < 1000; i++)
        sum += mine[i] == (unsigned char)n;
    *result = (void *)(sum + (intptr_t)others);
    return 0;
}

SCENARIO(many_alive, "many coroutines can be alive, each has a stack that no other touches") {
    void *value = NULL;
    coroutine *first = create(fill, (void *)100);
    int outcome = coroutine_resume(first, NULL, &value);
    emit("main", "resume: %s, %jd bytes were as they should be", name(outcome),
         (intmax_t)(intptr_t)value);
    coroutine_free(first);
}

/* How many mappings of memory this process has: a stack and its guard page are two. */
static int mappings(void) {
    int count = 0, c;
    FILE *maps = fopen("/proc/self/maps", "r");
    if (!maps)
        return 0;
    while ((c = getc(maps)) != EOF)
        count += c == '\n';
    fclose(maps);
    return count;
}

SCENARIO(stacks_given_back, "its stack is given back as soon as it is closed") {
    enum { COUNT = 100 };
    coroutine *all[COUNT];
    int before = mappings();
    for (int i = 0; i < COUNT; i++) {
        all[i] = create(leave_result_alone, NULL);
        coroutine_resume(all[i], NULL, NULL);
    }
    int more = mappings() - before;
    emit("main", "%d coroutines are closed, not yet freed", COUNT);
    emit("main", "they still have %s", more < COUNT ? "no stacks" : "their stacks");
    for (int i = 0; i < COUNT; i++)
        coroutine_free(all[i]);
}
