/* Done callbacks: scheduled when the future is completed, run by the loop later. */
#include "future.h"
#include "scenario.h"

static const char *code_name(int code) {
    static char name[40];
    return code ? uv_err_name_r(code, name, sizeof name) : "0";
}

/* What a callback sees: it can read the result, since the future is done. */
static int tell(future *f, void *name) {
    void *value = NULL;
    int code = future_result(f, &value);
    if (code)
        value = (void *)code_name(code);
    emit(name, "is called, and reads %s", value ? (const char *)value : "NULL");
    return 0;
}

static void add(future *f, future_callback fn, const char *name) {
    int code = future_add_done_callback(f, fn, (void *)name);
    if (code)
        emit("main", "to add %s returns %s", name, code_name(code));
}

static void set_result(future *f, const char *value) {
    int code = future_set_result(f, (void *)value);
    emit("main", "set_result returns %s", code_name(code));
}

static void one_turn(loop *l) {
    emit("main", "runs one turn of the loop");
    loop_stop(l);
    loop_run(l);
}

static int knock(void *name) {
    emit(name, "runs, from loop_call_soon");
    return 0;
}

SCENARIO(scheduled, "completing a future calls nobody: its callbacks run in the next turn, in the "
                    "order in which they were added, each as often as it was added") {
    loop *l;
    future *f;
    loop_new(&l);
    future_new(l, &f);
    add(f, tell, "A");
    add(f, tell, "B");
    add(f, tell, "C");
    add(f, tell, "A");
    one_turn(l);
    set_result(f, "burger");
    emit("main", "goes on");
    one_turn(l);
    one_turn(l);
    future_release(f);
    loop_close(l);
}

SCENARIO(added_later, "a callback that is added to a done future is scheduled at once, behind "
                      "whatever is scheduled already") {
    loop *l;
    future *done, *failed;
    loop_new(&l);
    future_new(l, &done);
    future_new(l, &failed);
    set_result(done, "burger");
    add(done, tell, "A");
    loop_call_soon(l, knock, "B", NULL);
    add(done, tell, "C");
    emit("main", "goes on");
    one_turn(l);
    emit("main", "set_error returns %s", code_name(future_set_error(failed, UV_EIO)));
    add(failed, tell, "D");
    one_turn(l);
    future_release(done);
    future_release(failed);
    loop_close(l);
}

static int add_another(future *f, void *name) {
    emit(name, "is called, and adds B");
    add(f, tell, "B");
    emit(name, "goes on");
    return 0;
}

SCENARIO(one_adds_another, "a callback may add another one: that runs in the turn after") {
    loop *l;
    future *f;
    loop_new(&l);
    future_new(l, &f);
    add(f, add_another, "A");
    add(f, tell, "C");
    set_result(f, "burger");
    one_turn(l);
    one_turn(l);
    future_release(f);
    loop_close(l);
}

static int fail(future *f, void *name) {
    emit(name, "is called, and fails");
    return UV_EIO;
}

static void told(loop *l, const char *message, int error, void *arg) {
    emit("handler", "is told of %s", code_name(error));
}

SCENARIO(one_fails,
         "the error of a callback goes to the exception handler; the other callbacks run "
         "all the same, and the result is what it was") {
    loop *l;
    future *f;
    loop_new(&l);
    loop_set_exception_handler(l, told, NULL);
    future_new(l, &f);
    add(f, tell, "A");
    add(f, fail, "B");
    add(f, tell, "C");
    set_result(f, "burger");
    one_turn(l);
    future_release(f);
    loop_close(l);
}

SCENARIO(outlives_release,
         "once its callbacks are scheduled, the future lives until they have run, "
         "whoever gives a reference back meanwhile") {
    loop *l;
    future *f;
    loop_new(&l);
    future_new(l, &f);
    add(f, tell, "A");
    add(f, tell, "B");
    set_result(f, "burger");
    future_release(f);
    emit("main", "gave its reference back");
    one_turn(l);
    future_new(l, &f);
    set_result(f, "fries");
    add(f, tell, "C");
    future_release(f);
    emit("main", "gave its reference back");
    one_turn(l);
    loop_close(l);
}

SCENARIO(never_run,
         "callbacks that can run no more are given back: those of a future that is freed "
         "while it is pending, and those that a closed loop had still scheduled") {
    loop *l;
    future *pending, *done;
    loop_new(&l);
    future_new(l, &pending);
    future_new(l, &done);
    add(pending, tell, "A");
    add(pending, tell, "B");
    future_release(pending);
    emit("main", "gave the pending one back");
    one_turn(l);
    add(done, tell, "C");
    set_result(done, "burger");
    add(done, tell, "D");
    future_release(done);
    emit("main", "gave the done one back");
    loop_close(l);
    emit("main", "closed the loop");
}

static int count(future *f, void *calls) {
    ++*(int *)calls;
    return 0;
}

COST_SCENARIO(many,
              "to add a callback and to schedule it takes constant time, however many there "
              "are",
              2000, 32000) {
    loop *l;
    future *f;
    int calls = 0;
    loop_new(&l);
    future_new(l, &f);
    for (int i = 0; i < n; i++)
        future_add_done_callback(f, count, &calls);
    future_set_result(f, "burger");
    loop_stop(l);
    loop_run(l);
    if (calls != n)
        emit("main", "%d of %d callbacks were called", calls, n);
    future_release(f);
    loop_close(l);
}
