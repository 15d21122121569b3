#include "coroutine.h"

#include "scenario.h"

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

static const char *text(void *value) {
    return value ? value : "NULL";
}

static coroutine *create(coroutine_fn fn, void *arg) {
    coroutine *co = NULL;
    coroutine_create(fn, arg, &co);
    return co;
}

/* task: who resumes; what: whom. */
static void resume(const char *task, const char *what, coroutine *co, char *sent) {
    void *value = "left alone";
    int outcome = coroutine_resume(co, sent, &value);
    emit(task, "resume %s: %s, value %s", what, name(outcome), text(value));
}

static int eat(void *arg, void **result) {
    static char *const courses[] = {"soup", "pizza", NULL, "coffee"};
    for (int i = 0; i < 4; i++) {
        emit("A", "yields %s", text(courses[i]));
        int error = coroutine_yield(courses[i], NULL);
        if (error < 0)
            return error;
    }
    *result = "the bill";
    return 0;
}

SCENARIO(values_out, "each resume has the value of one yield, the last one the returned value") {
    coroutine *a = create(eat, NULL);
    for (int i = 0; i < 6; i++) {
        resume("main", "A", a, NULL);
        emit("main", "A is %s", state(a));
    }
    coroutine_free(a);
}

static int hear(void *arg, void **result) {
    void *heard = "left alone";
    int error = coroutine_yield("ready", &heard);
    emit("A", "first yield: %s, sent %s", error ? uv_err_name(error) : "0", text(heard));
    error = coroutine_yield("once more", &heard);
    emit("A", "second yield: %s, sent %s", error ? uv_err_name(error) : "0", text(heard));
    error = coroutine_yield("nothing", &heard);
    emit("A", "third yield: %s, sent %s", error ? uv_err_name(error) : "0", text(heard));
    error = coroutine_yield("not listening", NULL);
    emit("A", "fourth yield: %s", error ? uv_err_name(error) : "0");
    return UV_ENOENT;
}

SCENARIO(values_in, "a yield returns what the next resume sends") {
    coroutine *a = create(hear, NULL);
    resume("main", "A", a, NULL);
    resume("main", "A", a, "one");
    resume("main", "A", a, "two");
    resume("main", "A", a, NULL);
    resume("main", "A", a, "unheard");
    resume("main", "A", a, NULL);
    coroutine_free(a);
}

SCENARIO(outside, "a yield outside of all coroutines is UV_EINVAL") {
    emit("main", "yield returns %s", name(coroutine_yield("nobody's", NULL)));
    coroutine *a = create(eat, NULL);
    resume("main", "A", a, NULL);
    emit("main", "yield returns %s", name(coroutine_yield("nobody's", NULL)));
    for (int i = 0; i < 4; i++)
        resume("main", "A", a, NULL);
    coroutine_free(a);
}

typedef struct tree {
    char *key;
    const struct tree *left, *right;
} tree;

/* A function without any knowledge of coroutines but the one line that yields. */
static int walk(const tree *t) {
    if (!t)
        return 0;
    int error = walk(t->left);
    if (!error)
        error = coroutine_yield(t->key, NULL);
    return error ? error : walk(t->right);
}

static int walk_all(void *arg, void **result) {
    return walk(arg);
}

SCENARIO(deep, "it yields from any depth of calls, and all of them go on") {
    const tree a = {.key = "ant"}, c = {.key = "cat"}, e = {.key = "eel"};
    const tree b = {.key = "bee", .left = &a, .right = &c};
    const tree d = {.key = "dog", .left = &b, .right = &e};
    const tree g = {.key = "gnu"};
    coroutine *one = create(walk_all, (void *)&d), *two = create(walk_all, (void *)&g);
    for (int i = 0; i < 6; i++) {
        resume("main", "the walk", one, NULL);
        if (i < 2)
            resume("main", "the other walk", two, NULL);
    }
    coroutine_free(one);
    coroutine_free(two);
}

static int count(void *arg, void **result) {
    static char *const numbers[] = {"1", "2", "3", "4"};
    for (int i = 0; i < 4; i++)
        coroutine_yield(numbers[i], NULL);
    return 0;
}

/* Resumes the coroutine that it is given once a step, and hands on what comes. */
static int hand_on(void *arg, void **result) {
    void *value;
    for (int i = 0; i < 2; i++) {
        int outcome = coroutine_resume(arg, NULL, &value);
        emit("B", "resume A: %s, value %s", name(outcome), text(value));
        coroutine *me = coroutine_current();
        coroutine_yield(value, NULL);
        emit("B", "is current again: %s", coroutine_current() == me ? "yes" : "no");
    }
    return 0;
}

SCENARIO(whoever_resumes, "the value goes to the one who resumed it this time") {
    coroutine *a = create(count, NULL), *b = create(hand_on, a);
    resume("main", "A", a, NULL);
    resume("main", "B", b, NULL);
    emit("main", "A is %s, B is %s", state(a), state(b));
    resume("main", "A", a, NULL);
    resume("main", "B", b, NULL);
    resume("main", "B", b, NULL);
    resume("main", "A", a, NULL);
    coroutine_free(a);
    coroutine_free(b);
}
