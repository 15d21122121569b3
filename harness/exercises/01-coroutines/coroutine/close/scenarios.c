#include "coroutine.h"

#include "scenario.h"

#include <stdio.h>
#include <stdlib.h>
#include <uv.h>

static const char *name(int outcome) {
    if (outcome == COROUTINE_RETURNED)
        return "COROUTINE_RETURNED";
    if (outcome == COROUTINE_YIELDED)
        return "COROUTINE_YIELDED";
    return outcome < 0 ? uv_err_name(outcome) : "an unknown positive number";
}

/* The result of a call that returns 0 when it has worked. */
static const char *status(int code) {
    return code == 0 ? "0" : name(code);
}

static const char *state(const coroutine *co) {
    static const char *const names[] = {"CREATED", "RUNNING", "SUSPENDED", "CLOSED"};
    unsigned state = coroutine_get_state(co);
    return state < 4 ? names[state] : "in no state that there is";
}

static const char *text(void *value) {
    return value ? value : "NULL";
}

static coroutine *create(coroutine_fn fn, void *arg) {
    coroutine *co = NULL;
    coroutine_create(fn, arg, &co);
    return co;
}

static void resume(const char *what, coroutine *co) {
    void *value = "left alone";
    int outcome = coroutine_resume(co, NULL, &value);
    emit("main", "resume %s: %s, value %s", what, name(outcome), text(value));
}

static void throw_in(const char *what, coroutine *co, int error) {
    void *value = "left alone";
    int outcome = coroutine_throw(co, error, &value);
    emit("main", "throw %s into %s: %s, value %s", error < 0 ? uv_err_name(error) : "no error",
         what, name(outcome), text(value));
}

static void close_it(const char *task, const char *what, coroutine *co) {
    int error = coroutine_close(co);
    emit(task, "close %s: %s, it is %s", what, status(error), state(co));
}

/* Has memory of its own, which only its own code can free. */
static int hold(void *arg, void **result) {
    char *plate = malloc(1000);
    emit("A", "takes a plate");
    int error = coroutine_yield("a plate", NULL);
    emit("A", "the yield returned %s; puts the plate back", status(error));
    free(plate);
    return error;
}

SCENARIO(cleanup, "close lets the coroutine clean up, and it ends") {
    coroutine *a = create(hold, NULL);
    resume("A", a);
    close_it("main", "A", a);
    resume("A", a);
    close_it("main", "A", a);
    emit("main", "free returns %s", status(coroutine_free(a)));
}

SCENARIO(freed_unfinished, "free closes first, and drops an error; NULL is fine") {
    coroutine *a = create(hold, NULL), *b = create(hold, NULL);
    resume("A", a);
    emit("main", "free A returns %s", status(coroutine_free(a)));
    emit("main", "free B, which has not started, returns %s", status(coroutine_free(b)));
    emit("main", "free NULL returns %s", status(coroutine_free(NULL)));
}

SCENARIO(never_started, "one that has not started is closed without running") {
    coroutine *a = create(hold, NULL), *b = create(hold, NULL);
    close_it("main", "A", a);
    resume("A", a);
    throw_in("B", b, UV_ETIMEDOUT);
    emit("main", "B is %s", state(b));
    resume("B", b);
    coroutine_free(a);
    coroutine_free(b);
}

/* Yields on, whatever it is told, until it has done its work. */
static int go_on(void *arg, void **result) {
    for (int i = 0; i < 3; i++) {
        int error = coroutine_yield("work", NULL);
        emit("A", "the yield returned %s; goes on", status(error));
    }
    *result = "all of it";
    return 0;
}

SCENARIO(ignored, "one that yields instead of ending is not closed: UV_EBUSY, and it can go on") {
    coroutine *a = create(go_on, NULL);
    resume("A", a);
    close_it("main", "A", a);
    emit("main", "free returns %s", status(coroutine_free(a)));
    emit("main", "A is %s", state(a));
    resume("A", a);
    emit("main", "free returns %s", status(coroutine_free(a)));
}

/* Ends with what arg says when its yield returns an error. */
static int end_with(void *arg, void **result) {
    int error = coroutine_yield(NULL, NULL);
    *result = "a value";
    return error < 0 ? *(int *)arg : 0;
}

static int close_itself(void *arg, void **result) {
    close_it("A", "itself", coroutine_current());
    emit("A", "throw into itself: %s", name(coroutine_throw(coroutine_current(), UV_EIO, NULL)));
    emit("A", "free itself: %s", status(coroutine_free(coroutine_current())));
    return 0;
}

SCENARIO(outcomes,
         "close is 0 for any value, else the error it failed with, UV_EBUSY while it runs") {
    static int with[] = {0, 1, UV_ECANCELED, UV_EIO};
    for (int i = 0; i < 4; i++) {
        coroutine *b = create(end_with, &with[i]);
        coroutine_resume(b, NULL, NULL);
        const char *how = with[i] < 0 ? uv_err_name(with[i]) : i ? "a positive number" : "0";
        emit("main", "B will return %s", how);
        close_it("main", "B", b);
        coroutine_free(b);
    }
    coroutine *a = create(close_itself, NULL);
    resume("A", a);
    coroutine_free(a);
}

/* Handles every error but UV_ECANCELED. */
static int handle(void *arg, void **result) {
    void *sent;
    for (;;) {
        int error = coroutine_yield("waiting", &sent);
        emit("A", "the yield returned %s", status(error));
        if (error == UV_ECANCELED)
            return error;
    }
}

SCENARIO(thrown, "the yield returns the error once; the coroutine may handle it and go on") {
    coroutine *a = create(handle, NULL);
    resume("A", a);
    throw_in("A", a, UV_ETIMEDOUT);
    emit("main", "A is %s", state(a));
    resume("A", a);
    throw_in("A", a, 0);
    throw_in("A", a, 1);
    throw_in("A", a, UV_EIO);
    throw_in("A", a, UV_ECANCELED);
    throw_in("A", a, UV_ETIMEDOUT);
    throw_in("A", a, 0);
    coroutine_free(a);
}

static int pass_through(void *arg, void **result) {
    return coroutine_yield(NULL, NULL);
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
        all[i] = create(pass_through, NULL);
        if (i % 2)
            coroutine_resume(all[i], NULL, NULL);
        coroutine_close(all[i]);
    }
    int more = mappings() - before;
    emit("main", "%d coroutines are closed, not yet freed", COUNT);
    emit("main", "they still have %s", more < COUNT / 2 ? "no stacks" : "stacks");
    for (int i = 0; i < COUNT; i++)
        coroutine_free(all[i]);
}
