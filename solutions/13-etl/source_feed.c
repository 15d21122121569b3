/* source_feed.c - a JSON feed as a source: chapter 10's stream of JSON lines, made into items. */
#include "entry.h"
#include "jsonl.h"
#include "source.h"

#include <stdlib.h>
#include <string.h>

static int record_item(const source *s, const jsonl_record *r, item **out) {
    if (r->error)
        return item_bad(source_name(s), r->line, out, "%s",
                        r->problem ? r->problem : uv_strerror(r->error));
    return entry_item(source_name(s), r->line, r->value, out);
}

/* The body. The lines are read ahead and parsed on other threads, some buffers at a time. */
static int feed_items(source *s, void *arg) {
    static const jsonl_options options = {.longest = SOURCE_LINE_LIMIT};
    const char *path = arg;
    generator *lines;
    int error = jsonl_read(path, &options, &lines);
    if (error < 0)
        return error;
    async_for (record, lines, error) {
        item *i;
        error = record_item(s, record, &i);
        error = source_yield_new(s, error, i);
        if (error < 0)
            break;
    }
    generator_free(lines);
    return error < 0 && error != UV_ECANCELED && error != UV_ENOMEM
               ? source_fail(s, error, "%s: %s", path, uv_strerror(error))
               : error;
}

int feed_source(const char *name, const char *path, source **out) {
    char *copy = strdup(path);
    *out = NULL;
    return copy ? source_new(name, feed_items, copy, free, out) : UV_ENOMEM;
}
