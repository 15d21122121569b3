#include "loop.h"
#include "scenario.h"

#include <malloc.h>
#include <stddef.h>

size_t __sanitizer_get_current_allocated_bytes(void) __attribute__((weak));

/* The bytes that malloc has handed out and that were not freed yet: AddressSanitizer counts them,
 * and the C library where there is no AddressSanitizer. */
static size_t allocated_bytes(void) {
    if (__sanitizer_get_current_allocated_bytes)
        return __sanitizer_get_current_allocated_bytes();
    return mallinfo2().uordblks;
}

static const char *name_of(int code) {
    return code < 0 ? uv_err_name(code) : "0";
}

static void run_one_turn(loop *l) {
    loop_stop(l);
    loop_run(l);
    emit("main", "the turn is over");
}

static int say(void *task) {
    emit(task, "runs");
    return 0;
}

static void ended(void *owner, int error, void *result) {
    emit(owner, "has ended with %s and %s", name_of(error), result ? (char *)result : "NULL");
}

static coroutine *spawn(loop *l, coroutine_fn fn, void *arg) {
    coroutine *co;
    emit("main", "loop_spawn of %s returns %s", (char *)arg,
         name_of(loop_spawn(l, fn, arg, ended, arg, &co)));
    return co;
}

static int greet(void *task, void **result) {
    emit(task, "starts");
    *result = "a greeting";
    return 0;
}

static int spawn_c(void *l) {
    spawn(l, greet, "C");
    return 0;
}

SCENARIO(starts_in_the_next_turn,
         "the first step of a coroutine is in the next turn, in its place") {
    loop *l;
    loop_new(&l);
    spawn(l, greet, "A");
    loop_call_soon(l, say, "callback", NULL);
    spawn(l, greet, "B");
    loop_call_soon(l, spawn_c, l, NULL);
    run_one_turn(l);
    run_one_turn(l);
    loop_close(l);
}

static int fail(void *task, void **result) {
    emit(task, "fails with EIO");
    *result = "half a result";
    return UV_EIO;
}

static void tell(loop *l, const char *message, int error, void *arg) {
    emit(arg, "is told \"%s\", %s", message, uv_err_name(error));
}

SCENARIO(ended_is_told, "the end of a coroutine is told once, with its error or its result") {
    loop *l;
    loop_new(&l);
    loop_set_exception_handler(l, tell, "handler");
    spawn(l, greet, "A");
    spawn(l, fail, "B");
    loop_spawn(l, greet, "C", NULL, NULL, NULL);
    loop_spawn(l, fail, "D", NULL, NULL, NULL);
    run_one_turn(l);
    run_one_turn(l);
    loop_close(l);
}

static int yield_twice(void *task, void **result) {
    for (int i = 1; i <= 3; i++) {
        emit(task, "step %d", i);
        if (i < 3)
            emit(task, "coroutine_yield returns %s", name_of(coroutine_yield(NULL, NULL)));
    }
    return 0;
}

SCENARIO(yields, "a coroutine that only yields has its next step in the next turn") {
    loop *l;
    loop_new(&l);
    spawn(l, yield_twice, "A");
    spawn(l, yield_twice, "B");
    for (int i = 0; i < 4; i++)
        run_one_turn(l);
    loop_close(l);
}

static int suspend(void *task, void **result) {
    emit(task, "waits");
    emit(task, "loop_suspend returns %s", name_of(loop_suspend(NULL)));
    return 0;
}

static int wake_other(void *co) {
    emit("callback", "wakes B");
    loop_wake(co, 0);
    emit("callback", "has woken B");
    return 0;
}

SCENARIO(suspend_and_wake, "loop_wake lets a coroutine go on in the next turn, with the code") {
    loop *l;
    loop_new(&l);
    coroutine *a = spawn(l, suspend, "A");
    coroutine *b = spawn(l, suspend, "B");
    coroutine *c = spawn(l, suspend, "C");
    run_one_turn(l);
    run_one_turn(l);
    loop_wake(c, 0);
    loop_wake(a, UV_ETIMEDOUT);
    loop_call_soon(l, wake_other, b, NULL);
    emit("main", "C and A are woken");
    run_one_turn(l);
    run_one_turn(l);
    loop_close(l);
}

static int suspend_three_times(void *task, void **result) {
    for (int i = 0; i < 3; i++) {
        loop_wake(coroutine_current(), 0);
        suspend(task, result);
    }
    return 0;
}

SCENARIO(several_wakes, "of several codes the error wins, and waking the running one is nothing") {
    loop *l;
    loop_new(&l);
    coroutine *a = spawn(l, suspend_three_times, "A");
    run_one_turn(l);
    loop_wake(a, 0);
    loop_wake(a, UV_ETIMEDOUT);
    run_one_turn(l);
    loop_wake(a, UV_ETIMEDOUT);
    loop_wake(a, 0);
    loop_wake(a, UV_EIO);
    run_one_turn(l);
    loop_wake(a, 0);
    loop_wake(a, 0);
    run_one_turn(l);
    loop_close(l);
}

static int wake_itself(void *task, void **result) {
    emit(task, "keeps an error for itself");
    loop_wake(coroutine_current(), UV_ETIMEDOUT);
    loop_wake(coroutine_current(), UV_EIO);
    suspend(task, result);
    return suspend(task, result);
}

SCENARIO(woken_while_running,
         "an error for the running one is returned once, by its next loop_suspend, a turn later") {
    loop *l;
    loop_new(&l);
    coroutine *a = spawn(l, wake_itself, "A");
    for (int i = 0; i < 4; i++) {
        emit("main", "turn %d", i + 1);
        run_one_turn(l);
    }
    loop_wake(a, 0);
    run_one_turn(l);
    loop_close(l);
}

SCENARIO(before_the_first_step,
         "an error before the first step ends a coroutine that has run nothing") {
    loop *l;
    loop_new(&l);
    coroutine *a = spawn(l, greet, "A");
    coroutine *b = spawn(l, greet, "B");
    loop_wake(a, UV_ECANCELED);
    loop_wake(b, 0);
    emit("main", "A and B are woken");
    run_one_turn(l);
    run_one_turn(l);
    loop_close(l);
}

static void ended_otherwise(void *owner, int error, void *result) {
}

static void tell_owner(const char *task) {
    const char *owner = loop_owner(ended), *other = loop_owner(ended_otherwise);
    emit(task, "loop_owner returns %s, %s", owner ? owner : "NULL", other ? other : "NULL");
}

static int suspend_nested(void *arg, void **result) {
    emit("A", "loop_suspend in a coroutine of its own returns %s", name_of(loop_suspend(NULL)));
    return 0;
}

static int resume_nested(void *task, void **result) {
    coroutine *nested;
    tell_owner(task);
    coroutine_create(suspend_nested, NULL, &nested);
    coroutine_resume(nested, NULL, NULL);
    coroutine_free(nested);
    emit(task, "waits for the oven");
    loop_suspend("the oven");
    tell_owner(task);
    return 0;
}

static int outside(void *task) {
    tell_owner(task);
    emit(task, "loop_suspend returns %s", name_of(loop_suspend(NULL)));
    return 0;
}

static void tell_awaited(coroutine *co) {
    const char *awaited = loop_awaited(co);
    emit("main", "A waits for %s", awaited ? awaited : "NULL");
}

SCENARIO(who_runs,
         "only a coroutine of the loop can be suspended; the loop knows who runs and waits") {
    loop *l;
    loop_new(&l);
    coroutine *a = spawn(l, resume_nested, "A");
    loop_call_soon(l, outside, "callback", NULL);
    tell_awaited(a);
    run_one_turn(l);
    tell_awaited(a);
    outside("main");
    loop_wake(a, 0);
    run_one_turn(l);
    loop_close(l);
}

static int yield_on(void *going, void **result) {
    while (*(int *)going)
        coroutine_yield(NULL, NULL);
    return 0;
}

static int suspend_on(void *going, void **result) {
    while (*(int *)going)
        loop_suspend(NULL);
    return 0;
}

static int end_at_once(void *arg, void **result) {
    return 0;
}

static void leave(loop *l, coroutine *co) {
}

static void wake(loop *l, coroutine *co) {
    loop_wake(co, 0);
}

static void spawn_another(loop *l, coroutine *co) {
    loop_spawn(l, end_at_once, NULL, NULL, NULL, NULL);
}

/* Runs 2000 turns, with `before` before each. A loop that takes more and more memory is seen before
 * it has taken much; what it takes in the first turns, and keeps for the next ones, is fine. */
static void run_many_turns(loop *l, coroutine *co, void (*before)(loop *, coroutine *),
                           const char *what) {
    size_t usual = allocated_bytes(), more = 16 * 1024;
    int turns = 0;
    for (; turns < 2000 && allocated_bytes() < usual + more; turns++) {
        before(l, co);
        loop_stop(l);
        loop_run(l);
        if (turns < 2)
            usual = allocated_bytes();
    }
    emit("main", "%s: the loop %s", what,
         turns < 2000 ? "takes more and more memory" : "needs no more memory than before");
}

SCENARIO(for_days,
         "the queue does not grow with the number of steps, wakes and ends: their places are "
         "given back") {
    int going = 1;
    loop *l;
    coroutine *co;
    loop_new(&l);
    loop_spawn(l, suspend_on, &going, NULL, NULL, &co);
    loop_stop(l);
    loop_run(l);
    run_many_turns(l, co, wake, "a coroutine is woken again and again");
    run_many_turns(l, co, spawn_another, "one coroutine after the other ends");
    loop_spawn(l, yield_on, &going, NULL, NULL, NULL);
    run_many_turns(l, co, leave, "a coroutine yields again and again");
    going = 0;
    loop_wake(co, 0);
    loop_stop(l);
    loop_run(l);
    loop_close(l);
}
