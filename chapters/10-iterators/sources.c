/* sources.c - generators to begin with. */
#include "sources.h"

#include "workbook.h"

#include <stdlib.h>

/* ---- numbers ---- */

typedef struct range {
    intptr_t start, end;
    int64_t delay;
} range;

static int range_body(generator *g, void *arg) {
    const range *r = arg;
    for (intptr_t i = r->start; i < r->end; i++) {
        int error = r->delay > 0 ? loop_sleep(r->delay) : 0;
        if (!error)
            error = generator_yield(g, (void *)i);
        if (error)
            return error;
    }
    return 0;
}

int async_range(intptr_t start, intptr_t end, int64_t delay, generator **out) {
    *out = NULL;
    range *r = malloc(sizeof *r);
    if (!r)
        return UV_ENOMEM;
    *r = (range){start, end, delay};
    int error = generator_new_owned(range_body, r, free, out);
    if (error < 0)
        free(r);
    return error;
}

/* ---- pages ---- */

typedef struct pages {
    page_fetch fetch;
    page_drop drop;
    void *arg;
} pages;

static int pages_body(generator *g, void *arg) {
    // exercise source/pages
    // arg is the pages. Page after page: fetch it, yield its items, drop it, whatever happens in
    // between.
    not_done("source/pages");
}

int async_pages(page_fetch fetch, page_drop drop, void *arg, generator **out) {
    *out = NULL;
    pages *p = malloc(sizeof *p);
    if (!p)
        return UV_ENOMEM;
    *p = (pages){fetch, drop, arg};
    int error = generator_new_owned(pages_body, p, free, out);
    if (error < 0)
        free(p);
    return error;
}
