/* parse.h - what happens to a batch of lines on another thread.
 *
 * Given. JSON is jansson's business. What a thread has made of a batch, the same thread frees, while it
 * parses another one: an allocator is at its quickest with what was freed just before, by the same
 * thread, and slow with what lies in the cache of another processor. */
#ifndef PARSE_H
#define PARSE_H

#include "jsonl.h"
#include "lines.h"

#include <stddef.h>

/* The records of one batch, and some of an earlier one behind them. */
typedef struct record_array {
    jsonl_record *at;
    size_t count, capacity;
    size_t filled;      /* so many hold something: count of this batch, and old ones */
    uv_thread_t thread; /* has made them, and frees them */
    struct record_array *next;
} record_array;

/* Arrays that nobody looks at any more, until their threads need them again. */
typedef struct used_arrays {
    uv_mutex_t lock;
    record_array *first;
} used_arrays;

/* A batch, and what is parsed of it. used: that of all batches of a file; everything else begins as 0. */
typedef struct parsed {
    batch lines;
    size_t longest;        /* bytes that a line may have */
    jsonl_record *records; /* one for each line that is not blank */
    size_t count;
    record_array *array; /* where they are */
    used_arrays *used;
} parsed;

/* A job for run_in_executor. arg: a parsed, with new lines, whose records are made anew from them.
 * Returns 0 or UV_ENOMEM. */
int parse_lines(void *arg, void **result);

/* Frees the records and the lines of p. */
void parsed_clear(parsed *p);

/* Returns 0, or UV_ENOMEM. */
int used_open(used_arrays *used);

/* Frees the arrays. No job that uses them runs any more. */
void used_close(used_arrays *used);

#endif
