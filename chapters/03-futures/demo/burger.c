/* burger.c - an order at a counter: the receipt is a future, the burger its result. */
#include "future.h"

#include <stdio.h>

typedef struct kitchen {
    loop *loop;
    int64_t opened; /* the clock at the beginning */
    future *order;
} kitchen;

static void say(kitchen *k, const char *who, const char *what) {
    printf("%4.1f s  %-8s %s\n", (double)(loop_time(k->loop) - k->opened) / 1000, who, what);
}

static const char *state(future *f) {
    static const char *names[] = {"pending", "finished", "cancelled"};
    return names[future_get_state(f)];
}

static int cook(void *arg, void **result) {
    kitchen *k = arg;
    say(k, "cook", "takes the order");
    int error = loop_sleep(2000);
    if (error < 0)
        return error;
    say(k, "cook", "puts the burger on the counter");
    return future_set_result(k->order, "a burger");
}

static int ring_bell(future *f, void *arg) {
    kitchen *k = arg;
    say(k, "bell", "rings");
    return 0;
}

static int customer(void *arg, void **result) {
    kitchen *k = arg;
    void *burger;
    say(k, "customer", "orders, and gets a receipt");
    say(k, "receipt", state(k->order));
    say(k, "customer", uv_strerror(future_result(k->order, &burger)));
    int error = future_await(k->order, &burger);
    if (error < 0)
        return error;
    say(k, "receipt", state(k->order));
    say(k, "customer", burger);
    return 0;
}

int main(void) {
    kitchen k = {0};
    int error = loop_new(&k.loop);
    if (!error) {
        k.opened = loop_time(k.loop);
        error = future_new(k.loop, &k.order);
    }
    if (!error)
        error = future_add_done_callback(k.order, ring_bell, &k);
    if (!error)
        error = loop_spawn(k.loop, cook, &k, NULL, NULL, NULL);
    if (!error)
        error = loop_run_until_complete(k.loop, customer, &k, NULL);
    if (error)
        fprintf(stderr, "burger: %s\n", uv_strerror(error));
    future_release(k.order);
    loop_close(k.loop);
    return error != 0;
}
