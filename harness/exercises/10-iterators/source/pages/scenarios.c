/* Generators: items that come in pages. */
#include "cancel.h"
#include "scenario.h"
#include "sources.h"

static const char *code(int error) {
    return error < 0 ? uv_err_name(error) : "0";
}

/* A service with some pages. */
typedef struct service {
    int counts[6]; /* items of page 1, 2, ... */
    int pages;
    int fails; /* the page that cannot be had; 0: none */
} service;

static void *items[] = {"a", "b", "c", "d", "e"};

static int fetch(void *arg, page *p) {
    const service *s = arg;
    emit("fetch", "page %d%s", p->number,
         p->items || p->count || p->last ? ", which is not empty before" : "");
    int error = loop_sleep(200);
    if (error) {
        emit("fetch", "page %d: its wait returns %s", p->number, code(error));
        return error;
    }
    if (p->number == s->fails)
        return UV_ECONNRESET;
    p->items = items;
    p->count = s->counts[p->number - 1];
    p->last = p->number == s->pages;
    return 0;
}

static void drop(void *arg, page *p) {
    emit("drop", "page %d", p->number);
}

static void loop_over(service s, int at_most, page_drop drop_it) {
    generator *g;
    int error = async_pages(fetch, drop_it, &s, &g);
    loop_sleep(50);
    emit("main", "begins");
    async_for (item, g, error) {
        emit("main", "has %s", (char *)item);
        if (--at_most == 0)
            break;
    }
    emit("main", "the loop ends with %s", code(error));
    generator_free(g);
}

static int three_pages(void *arg, void **result) {
    loop_over((service){{2, 3, 1}, 3, 0}, 99, drop);
    return 0;
}

SCENARIO(page_by_page, "a page is fetched when its first item is asked for, and dropped before the "
                       "next is fetched; after the last one no other is") {
    async_run(three_pages, NULL, NULL);
}

static int empty_pages(void *arg, void **result) {
    loop_over((service){{1, 0, 0, 1, 0}, 5, 0}, 99, drop);
    loop_over((service){{0}, 1, 0}, 99, drop);
    return 0;
}

SCENARIO(empty, "a page without items is not the end, unless it is the last one") {
    async_run(empty_pages, NULL, NULL);
}

static int no_page_2(void *arg, void **result) {
    loop_over((service){{2, 2, 2}, 3, 2}, 99, drop);
    loop_over((service){{2, 2, 2}, 3, 1}, 99, drop);
    return 0;
}

SCENARIO(fails, "a page that cannot be fetched ends it with that error, and is not dropped") {
    async_run(no_page_2, NULL, NULL);
}

static int leave_early(void *arg, void **result) {
    loop_over((service){{2, 3, 1}, 3, 0}, 3, drop);
    loop_over((service){{2, 3, 1}, 3, 0}, 2, drop);
    return 0;
}

SCENARIO(left_early, "who leaves in the middle of a page has it dropped, and no other is fetched") {
    async_run(leave_early, NULL, NULL);
}

static int nothing_to_drop(void *arg, void **result) {
    loop_over((service){{1, 1}, 2, 0}, 99, NULL);
    return 0;
}

SCENARIO(no_drop, "there need not be a drop") {
    async_run(nothing_to_drop, NULL, NULL);
}

static int consumer(void *arg, void **result) {
    loop_over((service){{1, 1, 1}, 3, 0}, 99, drop);
    return 0;
}

static int cancel_the_fetch(void *arg, void **result) {
    task *a;
    task_create(consumer, NULL, "A", &a);
    loop_sleep(350);
    emit("main", "cancels A");
    task_cancel(a);
    task_await(a, NULL);
    task_release(a);
    return 0;
}

SCENARIO(cancelled, "a cancellation of the consumer ends the fetch that it waits for") {
    async_run(cancel_the_fetch, NULL, NULL);
}

static int deal(void *arg, page *p) {
    p->items = items;
    p->count = 5;
    p->last = p->number == *(int *)arg;
    return 0;
}

static int read_pages(void *arg, void **result) {
    generator *g;
    int error = async_pages(deal, NULL, arg, &g);
    async_for (item, g, error)
        (void)item;
    generator_free(g);
    return error;
}

COST_SCENARIO(many_pages, "a page costs the same, however many came before", 500, 8000) {
    async_run(read_pages, &n, NULL);
}
