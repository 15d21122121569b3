/* trace.h - what a run says it did, and what it should have done.
 *
 * The records of descriptor 3 come from a process with a stranger's code in it: they are read as
 * bytes that may hold anything. Expected traces are the workbook's own files. */
#ifndef TRACE_H
#define TRACE_H

#include "plan.h"

#include <stddef.h>
#include <stdint.h>

typedef enum record_kind {
    RECORD_BEGIN, /* word: the scenario */
    RECORD_EVENT,
    RECORD_ORDER,
    RECORD_COST,     /* numbers: n, ns, n, ns */
    RECORD_NOT_DONE, /* word: the exercise; file and number[0]: where */
    RECORD_DEADLOCK, /* ms; callers of libuv */
    RECORD_ENDLESS,  /* ms; word: turns, switches or time; numbers[0]: how many */
    RECORD_WAITER,   /* word: its name; ms: since when; callers */
    RECORD_BLOCKED,  /* ms; word: the function; callers */
    RECORD_EXIT,     /* numbers[0]: the status; word: the function; callers */
    RECORD_SIGNAL, /* numbers[0]: which one; word: guard, unguarded, gone, null or other; callers */
    RECORD_CPU,    /* ms; word: loop if there was one, or alone; callers */
    RECORD_WAITS,  /* ms; word: loop if it is the loop that waits, or code; callers */
    RECORD_STACKS, /* numbers[0]: how many were not given back */
    RECORD_CONTEXTS,      /* the same */
    RECORD_HANDLE,        /* word: the type */
    RECORD_CLOSING,       /* the same, of a handle whose close callback was not called yet */
    RECORD_LOOP,          /* word: open */
    RECORD_BROKEN_CLOCK,  /* word: why */
    RECORD_NO_LEAK_CHECK, /* LeakSanitizer cannot work here */
    RECORD_ADVERSITY,     /* ms; word: what went wrong on purpose; file: for which task; callers */
    RECORD_RESCUE,        /* ms when nothing happened any more, and all who waited were cancelled */
    RECORD_PLACES,        /* word: a mode; numbers[0]: places for it, counted on purpose */
    RECORD_REFUSED,       /* word: a function that failed; file: the name of its error */
    RECORD_MISSING,       /* word: a function that is called and that no file defines */
    RECORD_END,
} record_kind;

typedef struct record {
    record_kind kind;
    int64_t ms;
    int64_t numbers[4];
    char *word, *file;
    uint64_t *callers; /* offsets into the program, innermost first */
    int caller_count;
} record;

/* The records of one run. Events and order lines are in events, everything else in items. */
typedef struct records {
    trace events;
    record *items;
    int count;
    int began, ended;
    char *tampered; /* what cannot come from the harness, for the reader; NULL if all is well */
} records;

/* Takes apart what came through descriptor 3. name: the scenario that was asked for. A last line
 * without its end is left out: the process may have died while writing it. Never fails; what is
 * wrong is in tampered. */
void records_parse(records *r, const char *bytes, size_t length, const char *name);
const record *records_find(const records *r, record_kind kind); /* the first, or NULL */
void records_free(records *r);

/* Fills says, real_clock, tolerance, cost_small, cost_large and expected of s from the text of an
 * expected trace file; name is left alone. path is for messages. Returns NULL, or a message, the
 * caller's, about what is wrong. */
char *trace_parse_expected(scenario *s, const char *path, const char *string);

/* The text of the expected trace file of s, added to out. */
void trace_format_expected(text *out, const scenario *s);

/* Writes that text to path. Returns 0, or a negative errno. */
int trace_write_expected(const char *path, const scenario *s);

/* Gives back what trace_parse_expected filled in; s itself and its name are the caller's. */
void trace_free_expected(scenario *s);

/* Adds a line to t; task and words are copied. */
void trace_add(trace *t, int kind, int64_t ms, const char *task, const char *words);

#endif
