/* source.h - where items come from: a name, and an async generator of items.
 *
 * Four kinds, each in a file of its own. All of them read a piece at a time, on a thread of the
 * pool or over the network, and hand out its items one by one; so a source holds one piece in
 * memory, however many items it has, and reads the next one when somebody wants it.
 *
 * What is wrong with one item is a bad row (item_bad), and the source goes on. What is wrong with
 * the source ends it: source_next returns the error, and source_reason says why in words.
 *
 * Ownership: the constructors give their caller a source, and source_close takes it back; the items
 * it hands out must be gone by then, since they point to its name. Strings are copied. */
#ifndef SOURCE_H
#define SOURCE_H

#include "async_generator.h"
#include "fetch.h"
#include "item.h"

typedef struct source source;

enum { SOURCE_LINE_LIMIT = 64 * 1024 }; /* bytes of a line of a file; a longer one is a bad row */

/* A CSV file. Its first row names the columns; id, timestamp, value and category must be among
 * them. Fields may be quoted ("a, b", "he said ""hi"""), also over several lines. Item number n is
 * row n below the first one. A row that has another number of fields, whose value is no number, or
 * which is too long, is a bad row. The file is opened when the first item is wanted.
 * out: receives the source; NULL on an error. Returns 0 or UV_ENOMEM. The source fails with the
 * error of the file, such as UV_ENOENT, or with UV_EINVAL if a column is missing or the file ends
 * within quotes. */
int csv_source(const char *name, const char *path, source **out);

/* A JSON feed: a file with an object on each line, read by chapter 10's jsonl_read. Item number n is
 * line n; empty lines are left out. A line that is no such object is a bad row. The source fails
 * with the error of the file. Otherwise as csv_source. */
int feed_source(const char *name, const char *path, source **out);

/* A table of a SQLite database with the columns id, timestamp, value and category, in the order of
 * its rowid, which is also the number of an item. The source fails with the error of the database,
 * such as UV_ENOENT if there is none. Otherwise as csv_source. */
int table_source(const char *name, const char *path, const char *table, source **out);

/* Pages of an HTTP server: url?page=1, url?page=2, and so on. Each is a JSON object with an array
 * items; the last one says "last": true, or has no items. Item number n is the nth of them all. An
 * entry that is no such object is a bad row. f: makes the requests; must live as long as the
 * source. The source fails with the error of a request; with UV_EPROTO for an answer that is no
 * such page, or whose status is not 200. Otherwise as csv_source. */
int http_source(const char *name, fetcher *f, const char *url, source **out);

/* Awaits the next item. item: receives it, the caller's, who frees it with item_free; NULL on an
 * error. Returns 0; UV_EOF at the end; the error that the source failed with; UV_ECANCELED if the
 * caller was cancelled. Python: await anext(source). */
int source_next(source *s, item **i);

/* Ends the source early, unless it has ended: its files and connections are closed, which may take
 * a while. Its name, counts and reason stay. Returns 0 or an error of that. Python: await
 * source.aclose(). */
int source_stop(source *s);

/* Stops it, and gives it back. NULL is fine. Returns as source_stop. */
int source_close(source *s);

/* The name; how many items it has handed out, bad rows included; the error that it failed with, 0
 * for none; and that in words, "" for none. Borrowed. */
const char *source_name(const source *s);
int64_t source_count(const source *s);
int source_error(const source *s);
const char *source_reason(const source *s);

/* ---- for those who write a source ---- */

/* The body of a source's generator: hands items out with source_yield, and cleans up before it
 * returns. Returns 0 at the end, or an error, best by source_fail. */
typedef int (*source_body)(source *s, void *arg);

/* Creates a source. body: starts when the first item is wanted. arg: passed to it. drop: called
 * with arg when the source is given back, also if source_new fails; may be NULL. out: receives the
 * source; NULL on an error. Returns 0 or UV_ENOMEM. */
int source_new(const char *name, source_body body, void *arg, void (*drop)(void *arg),
               source **out);

/* Hands out an item, from within the body, and waits until the next one is wanted. The item does
 * not belong to the body any more, whatever is returned. Returns 0; UV_ECANCELED if no more are
 * wanted: clean up and return it. Python: yield item. */
int source_yield(source *s, item *i);

/* The same for an item that item_new or item_bad may have failed to make. error: what that
 * returned. Returns error, or as source_yield. */
int source_yield_new(source *s, int error, item *i);

/* Says why the source fails. format: as for printf. Returns error. */
int source_fail(source *s, int error, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#endif
