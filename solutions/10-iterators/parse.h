/* parse.h - what happens to a batch of lines on another thread.
 *
 * Given. JSON is jansson's business. */
#ifndef PARSE_H
#define PARSE_H

#include "jsonl.h"
#include "lines.h"

#include <stddef.h>

/* A batch, and what is parsed of it. All zeros: nothing. */
typedef struct parsed {
    batch lines;
    size_t longest;        /* bytes that a line may have */
    jsonl_record *records; /* one for each line that is not blank */
    size_t count, capacity;
    size_t filled; /* so many of the array hold something: those, and old ones behind them */
} parsed;

/* A job for run_in_executor. arg: a parsed, with new lines, whose records are made anew from them;
 * the old ones are freed, on this thread as well. Returns 0 or UV_ENOMEM. */
int parse_lines(void *arg, void **result);

/* Frees the records and the lines of p. */
void parsed_clear(parsed *p);

#endif
