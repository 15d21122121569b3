/* source_http.c - the pages of an HTTP server as a source. */
#include "entry.h"
#include "executor.h"
#include "source.h"
#include "sources.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct pages {
    source *source;
    fetcher *fetcher;
    char *url;
    response page;
    item **items; /* of the page; those before handed are somebody else's already */
    int count, handed;
    int64_t number; /* of the last item so far */
    int last;
} pages;

static void pages_free(void *arg) {
    pages *p = arg;
    free(p->url);
    free(p);
}

/* For run_in_executor: the items of the page that has come. */
static int parse_page(void *arg, void **result) {
    pages *p = arg;
    json_t *root = json_loadb(p->page.body, p->page.size, 0, NULL);
    json_t *items = json_object_get(root, "items");
    int error = json_is_array(items) ? 0 : UV_EPROTO;
    int count = (int)json_array_size(items);
    p->last = count == 0 || json_is_true(json_object_get(root, "last"));
    p->items = calloc((size_t)count + 1, sizeof *p->items);
    if (!p->items)
        error = UV_ENOMEM;
    while (!error && p->count < count) {
        const json_t *entry = json_array_get(items, (size_t)p->count);
        error = entry_item(source_name(p->source), ++p->number, entry, &p->items[p->count]);
        p->count += !error;
    }
    json_decref(root);
    return error;
}

/* Chapter 10's page_drop: what nobody has taken is freed. */
static void drop_page(void *arg, page *of) {
    pages *p = arg;
    while (p->handed < p->count)
        item_free(p->items[p->handed++]);
    free(p->items);
    p->items = NULL;
    p->count = p->handed = 0;
}

static int read_page(pages *p, const char *url) {
    int error = fetch(p->fetcher, url, &p->page);
    if (error == UV_ECANCELED)
        return error;
    if (error < 0)
        return source_fail(p->source, error, "%s: %s", url,
                           p->page.reason[0] ? p->page.reason : uv_strerror(error));
    if (p->page.status != 200)
        return source_fail(p->source, UV_EPROTO, "%s: the answer is status %ld", url,
                           p->page.status);
    error = run_in_executor(parse_page, p, NULL);
    return error == UV_EPROTO ? source_fail(p->source, error, "%s: it is no page of items", url)
                              : error;
}

/* Chapter 10's page_fetch. */
static int fetch_page(void *arg, page *to) {
    pages *p = arg;
    char *url;
    if (asprintf(&url, "%s%cpage=%d", p->url, strchr(p->url, '?') ? '&' : '?', to->number) < 0)
        return UV_ENOMEM;
    int error = read_page(p, url);
    response_clear(&p->page);
    free(url);
    if (error < 0) {
        drop_page(p, to);
        return error;
    }
    to->items = (void **)p->items;
    to->count = p->count;
    to->last = p->last;
    return 0;
}

/* The body. */
static int http_items(source *s, void *arg) {
    pages *p = arg;
    generator *all;
    p->source = s;
    int error = async_pages(fetch_page, drop_page, p, &all);
    if (error < 0)
        return error;
    async_for (next, all, error) {
        p->handed++;
        error = source_yield(s, next);
        if (error < 0)
            break;
    }
    generator_free(all);
    return error;
}

int http_source(const char *name, fetcher *f, const char *url, source **out) {
    pages *p = calloc(1, sizeof *p);
    *out = NULL;
    if (!p)
        return UV_ENOMEM;
    p->fetcher = f;
    p->url = strdup(url);
    if (p->url)
        return source_new(name, http_items, p, pages_free, out);
    pages_free(p);
    return UV_ENOMEM;
}
