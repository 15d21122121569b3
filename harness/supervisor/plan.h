/* plan.h - what there is to grade: chapters, exercises, scenarios, as the workbook's own files say
 * it.
 *
 * Nothing here comes from a submission or from a program that contains one. */
#ifndef PLAN_H
#define PLAN_H

#include "text.h"

#include <stdint.h>

enum { TRACE_EVENT, TRACE_ORDER };

/* One line of an expected trace, or of the trace of a run. */
typedef struct trace_line {
    int kind;
    int64_t ms;
    char *task;
    char *words; /* of an event; of an order line: "total" or "per-task" */
} trace_line;

typedef struct trace {
    trace_line *lines;
    int count;
    int per_task; /* the order it begins with: 0 is total */
} trace;

typedef struct scenario {
    char *name, *says;
    int line; /* of the exercise's scenarios.c */
    int real_clock;
    int64_t tolerance;          /* ms, of a scenario on the real clock */
    int cost_small, cost_large; /* both 0 unless it measures cost */
    trace expected;
} scenario;

typedef struct exercise {
    char *id, *title, *book, *contract;
    list hints;
    list pieces; /* scenarios whose events show in which pieces bytes move */
    list calm;   /* "MODE SCENARIO" for those that do not stand such adversity themselves */
    int points;
    char *directory; /* harness/exercises/NN-name/TOPIC/EXERCISE */
    scenario *scenarios;
    int scenario_count;
} exercise;

typedef struct chapter chapter;
struct chapter {
    int number;
    char *name, *title, *part, *summary;
    list graded;     /* file names of the layer that a student writes */
    list given;      /* .c files of the layer that come from the workbook */
    chapter **below; /* those it is linked with, in their order: what it uses, and what that uses */
    int below_count;
    list libraries; /* beside libuv, its own and those below: names for pkg-config, or "-lNAME" */
    list packages;  /* the Debian package of each */
    exercise *exercises;
    int exercise_count;
};

typedef struct plan {
    char *root; /* the workbook's directory, absolute */
    chapter *chapters;
    int chapter_count;
} plan;

/* Reads the plan below root. Dies with the file's name and line when the workbook itself is
 * damaged.
 * with_traces: 0 leaves out the expected traces (for those who are about to record them). */
plan *plan_read(const char *root, int with_traces);
chapter *plan_chapter(plan *p,
                      const char *name_or_number);    /* "04", "4", "04-tasks"; NULL if unknown */
int is_below(const chapter *lower, const chapter *c); /* is c linked with lower? */
exercise *plan_exercise(plan *p, const char *id, chapter **of); /* NULL if unknown */
int exercise_points(const chapter *c);                          /* the sum of a chapter */

#endif
