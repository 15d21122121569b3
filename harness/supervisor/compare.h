/* compare.h - the first place where a run is not what the contract wants. */
#ifndef COMPARE_H
#define COMPARE_H

#include "plan.h"

typedef enum difference_kind {
    SAME,
    WRONG_ORDER,      /* the run has both events at the right time, the other one comes first */
    WRONG_TIME,       /* the right event, too early or too late */
    MISSING_EVENT,    /* the run does not have it */
    UNEXPECTED_EVENT, /* the contract does not have it */
    WRONG_EVENT,      /* one instead of another */
} difference_kind;

typedef struct difference {
    difference_kind kind;
    int expected; /* the line of the expected trace that it is about, or -1 */
    int actual;   /* the line of the run that it is about, or -1 */
    int first;    /* the line of the run where they part; its count if the run has no more */
    int *pairs;   /* for each line of the run: the line of the expected trace that it is, or -1 */
    int *taken;   /* for each line of the expected trace: whether it has its pair */
} difference;

/* Compares a run with what is expected of s. Order lines of the run do not count: the workbook's
 * own say which order holds. difference_free gives back what d holds. */
void compare(const scenario *s, const trace *run, difference *d);
void difference_free(difference *d);

/* Whether two lines are the same event of the same task; and whether the time is right as well. */
int same_event(const trace_line *a, const trace_line *b);
int same_line(const scenario *s, const trace_line *expected, const trace_line *actual);

/* Adds both traces side by side to out, around the place where they part. stopped: why the run
 * ended early, shown in its column as its last event, at ms; or NULL. */
void compare_timelines(const scenario *s, const trace *run, const difference *d,
                       const char *stopped, int64_t ms, text *out);

#endif
