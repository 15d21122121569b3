/* One loop for all pages: an item, or the next page. */
#include "sources.h"

#include <stdlib.h>

typedef struct range {
    intptr_t start, end;
    int64_t delay;
} range;

static int range_body(generator *g, void *arg) {
    const range *r = arg;
    int error = 0;
    for (intptr_t i = r->start; i < r->end && !error; i++) {
        if (r->delay > 0)
            error = loop_sleep(r->delay);
        if (!error)
            error = generator_yield(g, (void *)i);
    }
    return error;
}

int async_range(intptr_t start, intptr_t end, int64_t delay, generator **out) {
    range *r = malloc(sizeof *r);
    *out = NULL;
    if (!r)
        return UV_ENOMEM;
    *r = (range){start, end, delay};
    int error = generator_new_owned(range_body, r, free, out);
    if (error)
        free(r);
    return error;
}

typedef struct pages {
    page_fetch fetch;
    page_drop drop;
    void *arg;
    page page;
    int at;
} pages;

static int pages_body(generator *g, void *arg) {
    pages *all = arg;
    int error = 0;
    while (!error) {
        if (all->at == all->page.count) { /* at first there is a page 0, of no items */
            if (all->page.number && all->drop)
                all->drop(all->arg, &all->page);
            if (all->page.last)
                return 0;
            all->page = (page){.number = all->page.number + 1};
            all->at = 0;
            error = all->fetch(all->arg, &all->page);
            if (error)
                return error;
        } else {
            error = generator_yield(g, all->page.items[all->at++]);
        }
    }
    if (all->drop)
        all->drop(all->arg, &all->page);
    return error;
}

int async_pages(page_fetch fetch, page_drop drop, void *arg, generator **out) {
    pages *p = calloc(1, sizeof *p);
    *out = NULL;
    if (!p)
        return UV_ENOMEM;
    p->fetch = fetch;
    p->drop = drop;
    p->arg = arg;
    int error = generator_new_owned(pages_body, p, free, out);
    if (error)
        free(p);
    return error;
}
