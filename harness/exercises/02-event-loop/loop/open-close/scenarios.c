#include "loop.h"
#include "scenario.h"

#include <sys/resource.h>

static const char *name_of(int code) {
    return code < 0 ? uv_err_name(code) : "0";
}

static loop *open_loop(const char *task) {
    loop *l;
    emit(task, "loop_new returns %s", name_of(loop_new(&l)));
    return l;
}

static void close_loop(const char *task, loop *l) {
    emit(task, "loop_close returns %s", name_of(loop_close(l)));
}

SCENARIO(open_and_close, "loop_close closes every handle that loop_new opened") {
    close_loop("main", open_loop("main"));
    emit("main", "loop_close(NULL) returns %s", name_of(loop_close(NULL)));
}

SCENARIO(several, "every loop has a uv_loop_t of its own, and is closed on its own") {
    loop *a = open_loop("A"), *b = open_loop("B"), *c = open_loop("C");
    int differ = loop_uv(a) != loop_uv(b) && loop_uv(b) != loop_uv(c) && loop_uv(c) != loop_uv(a);
    emit("main", "each has a uv_loop_t of its own: %s", differ ? "yes" : "no");
    close_loop("B", b);
    close_loop("A", a);
    close_loop("C", c);
}

static int never(void *arg) {
    emit("main", "a callback runs in loop_close");
    return 0;
}

static void drop(void *arg) {
    emit("main", "%s is dropped", (const char *)arg);
}

SCENARIO(still_scheduled, "loop_close drops what is still scheduled; the caller's handles stay") {
    handle *h;
    loop *l = open_loop("main");
    loop_call_soon(l, never, NULL, NULL);
    loop_call_soon(l, never, NULL, &h);
    loop_call_soon_or_drop(l, never, "the letter", drop);
    close_loop("main", l);
    emit("main", "handle_cancelled returns %d", handle_cancelled(h));
    handle_release(h);
}

static void closed(uv_handle_t *idle) {
    loop *l = idle->data;
    emit("idle", "is closed, and schedules two more: %s, %s",
         name_of(loop_call_soon_or_drop(l, never, "the last letter", drop)),
         name_of(loop_call_later(l, 5, never, NULL, NULL)));
}

SCENARIO(scheduled_too_late, "what a libuv handle of the caller's schedules when it is closed is "
                             "dropped, too") {
    loop *l = open_loop("main");
    uv_idle_t idle;
    uv_idle_init(loop_uv(l), &idle);
    idle.data = l;
    uv_close((uv_handle_t *)&idle, closed);
    close_loop("main", l);
}

/* With no descriptor left, libuv cannot open a loop. */
static int open_without_descriptors(loop **l) {
    struct rlimit usual, none;
    getrlimit(RLIMIT_NOFILE, &usual);
    none = usual;
    none.rlim_cur = 0;
    setrlimit(RLIMIT_NOFILE, &none);
    int error = loop_new(l);
    setrlimit(RLIMIT_NOFILE, &usual);
    return error;
}

SCENARIO(cannot_open, "loop_new returns libuv's error, and nothing is left open") {
    loop *l;
    emit("main", "loop_new returns %s", name_of(open_without_descriptors(&l)));
    emit("main", "the loop is %s", l ? "there" : "NULL");
}
