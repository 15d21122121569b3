/* iterators.c - numbers that take their time, and items that come in pages. */
#include "pipe.h"
#include "sources.h"

#include <stdio.h>

enum { PAGES = 3, ITEMS = 5 };

static int numbers(void) {
    generator *g;
    int error = async_range(1, 5, 100, &g);
    if (error)
        return error;
    async_for (number, g, error)
        printf("Number: %d\n", (int)(intptr_t)number);
    generator_free(g);
    return error;
}

/* Stands for a web service: a page is an array of names, and takes 200 ms. */
static int fetch_page(void *arg, page *p) {
    static char names[ITEMS][16];
    static void *items[ITEMS];
    int error = loop_sleep(200);
    for (int i = 0; i < ITEMS; i++) {
        snprintf(names[i], sizeof names[i], "item_%d_%d", p->number, i);
        items[i] = names[i];
    }
    p->items = items;
    p->count = ITEMS;
    p->last = p->number == PAGES;
    return error;
}

static void page_is_done(void *arg, page *p) {
    printf("Page %d: %d items\n", p->number, p->count);
}

static int pages(void) {
    generator *g;
    printf("\nFetching pages:\n");
    int error = async_pages(fetch_page, page_is_done, NULL, &g);
    if (error)
        return error;
    async_for (item, g, error)
        printf("  %s\n", (char *)item);
    generator_free(g);
    return error;
}

// [snippet pipe
static int is_odd(void *arg, void *item) {
    return (intptr_t)item % 2 != 0;
}

static int square(void *arg, void *item, void **out) {
    *out = (void *)((intptr_t)item * (intptr_t)item);
    return loop_sleep(100);
}

static int odd_squares(void) {
    generator *g;
    int error = async_range(1, 1000, 100, &g);
    if (error)
        return error;
    error = pipe_filter(&g, is_odd, NULL);
    if (!error)
        error = pipe_buffer(&g, 2, NULL);
    if (!error)
        error = pipe_map(&g, square, NULL);
    if (!error) {
        async_for (number, g, error) {
            printf("%d\n", (int)(intptr_t)number);
            if ((intptr_t)number > 50)
                break;
        }
    }
    generator_free(g);
    return error;
}
// snippet]

static int run(void *arg, void **result) {
    int64_t begin = loop_time(loop_running());
    int error = numbers();
    if (!error)
        error = pages();
    printf("\nOdd squares, up to the first above 50:\n");
    if (!error)
        error = odd_squares();
    printf("total time: %.2f s\n", (double)(loop_time(loop_running()) - begin) / 1000);
    return error;
}

int main(void) {
    return async_run(run, NULL, NULL) != 0;
}
