/* sources.h - generators to begin with: numbers, and pages.
 *
 * Ownership: each gives its caller a generator, who gives it back with generator_free. */
#ifndef SOURCES_H
#define SOURCES_H

#include "async_generator.h"

/* Yields start, start + 1, ... up to, but not including, end, each after delay ms. An item is the
 * number itself: (intptr_t)item.
 * out: receives the generator. Returns 0 or UV_ENOMEM (*out is NULL then). Python: async_range, an
 * async def around range and sleep. */
int async_range(intptr_t start, intptr_t end, int64_t delay, generator **out);

/* A page of many: what a web service returns for ?page=3. */
typedef struct page {
    int number;   /* 1, 2, 3, ... */
    void **items; /* whoever fetches the page decides whose memory that is */
    int count;    /* of its items, 0 as well */
    int last;     /* not 0: there is no page after it */
} page;

/* Fetches a page, and may await. p: its number is set, everything else is 0 and to be filled in.
 * Returns 0 or a negative error code. */
typedef int (*page_fetch)(void *arg, page *p);

/* Called with each page that was fetched, once, when its items are not needed any more. */
typedef void (*page_drop)(void *arg, page *p);

/* Yields the items of page 1, page 2 and so on up to the last one, and fetches a page only when the
 * first item of it is asked for. A page that cannot be fetched ends the generator with that error.
 * drop: called before the next page is fetched, and when the generator ends, in whatever way; may
 * be NULL. fetch, drop, arg: arg stays the caller's.
 * out: receives the generator. Returns 0 or UV_ENOMEM (*out is NULL then). Python: async for page in
 * fetch_pages(url): for item in page: yield item. */
int async_pages(page_fetch fetch, page_drop drop, void *arg, generator **out);

#endif
