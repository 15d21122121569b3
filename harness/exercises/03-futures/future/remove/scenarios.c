/* Done callbacks that are taken back before the future is done. */
#include "future.h"
#include "scenario.h"

static int tell(future *f, void *name) {
    emit(name, "is called");
    return 0;
}

static int tell_too(future *f, void *name) {
    emit(name, "is called by another function");
    return 0;
}

static void add(future *f, future_callback fn, const char *name) {
    future_add_done_callback(f, fn, (void *)name);
}

static void remove_callback(future *f, future_callback fn, const char *name) {
    emit("main", "to remove %s returns %d", name, future_remove_done_callback(f, fn, (void *)name));
}

static void one_turn(loop *l) {
    loop_stop(l);
    loop_run(l);
}

/* The names, so that the same one is the same pointer. */
static const char A[] = "A", B[] = "B", C[] = "C", D[] = "D";

static void open_future(loop **l, future **f) {
    loop_new(l);
    future_new(*l, f);
}

static void close_future(loop *l, future *f) {
    future_release(f);
    loop_close(l);
}

SCENARIO(all_that_match, "every callback that was added with this function and this argument is "
                         "removed, and their number returned; the others stay in their order") {
    loop *l;
    future *f;
    open_future(&l, &f);
    add(f, tell, A);
    add(f, tell, B);
    add(f, tell, A);
    add(f, tell_too, A);
    add(f, tell, C);
    add(f, tell, A);
    remove_callback(f, tell, A);
    remove_callback(f, tell, A);
    remove_callback(f, tell, D);
    future_set_result(f, "burger");
    one_turn(l);
    close_future(l, f);
}

SCENARIO(any_place, "a callback can be removed from any place, and added again: then it is the "
                    "last one") {
    loop *l;
    future *f;
    open_future(&l, &f);
    add(f, tell, A);
    remove_callback(f, tell, A);
    add(f, tell, A);
    add(f, tell, B);
    add(f, tell, C);
    remove_callback(f, tell, C);
    add(f, tell, D);
    remove_callback(f, tell, A);
    add(f, tell, A);
    future_set_result(f, "burger");
    one_turn(l);
    close_future(l, f);
}

SCENARIO(too_late, "a callback that is scheduled already is not removed: it runs") {
    loop *l;
    future *f;
    open_future(&l, &f);
    add(f, tell, A);
    future_set_result(f, "burger");
    add(f, tell, B);
    remove_callback(f, tell, A);
    remove_callback(f, tell, B);
    one_turn(l);
    close_future(l, f);
}

static int remove_from(future *f, void *other) {
    emit("A", "is called");
    remove_callback(f, tell, B);
    remove_callback(other, tell, C);
    return 0;
}

SCENARIO(from_a_callback, "a callback may remove those of another future that is pending; those of "
                          "its own are scheduled already") {
    loop *l;
    future *f, *other;
    open_future(&l, &f);
    future_new(l, &other);
    future_add_done_callback(f, remove_from, other);
    add(f, tell, B);
    add(other, tell, C);
    add(other, tell, D);
    future_set_result(f, "burger");
    one_turn(l);
    future_set_result(other, "fries");
    one_turn(l);
    future_release(other);
    close_future(l, f);
}
