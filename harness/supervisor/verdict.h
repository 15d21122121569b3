/* verdict.h - what became of a scenario, and of an exercise. */
#ifndef VERDICT_H
#define VERDICT_H

#include "plan.h"

typedef enum verdict_kind {
    PASS,
    NOT_DONE,
    MISSING_FILE,
    COMPILE_ERROR,
    LINK_ERROR,
    FAIL, /* the trace differs */
    CRASH,
    STACK_OVERFLOW,
    MEMORY,
    UNDEFINED,
    LEAK,
    HANDLES,
    DEADLOCK,
    ENDLESS,
    TIMEOUT,
    BLOCKED,
    EXIT,
    LIMIT,
    SLOW,
    TAMPER,
    MISSING_LIBRARY, /* the machine lacks what the chapter is built with */
    GRADER_ERROR,
} verdict_kind;

const char *verdict_name(verdict_kind kind); /* "pass", "not-done", ... as in results.json */
int verdict_from_name(const char *name, verdict_kind *kind); /* 0, or -1 if unknown */

/* The result of one scenario: everything that a report needs to explain it. */
typedef struct outcome {
    const scenario *scenario;
    verdict_kind kind;
    const char
        *reason;    /* of FAIL: "wrong-order", "wrong-time", "missing-event", "unexpected-event",
                           "wrong-event"; a constant. Else NULL */
    char *headline; /* one sentence: what happened, with time and place. NULL if it passed */
    text details;   /* lines below it: the two timelines, the waiting tasks, compiler's words */
    text output;    /* what the program printed, as bytes, capped; and whether it was cut */
    int output_cut;
    int doubtful; /* SLOW, but not by so much that it cannot be an accident */
    int not_run;  /* another scenario of the exercise has failed, which is enough */
} outcome;

/* The result of one exercise with one base. */
typedef struct result {
    const exercise *exercise;
    verdict_kind kind; /* PASS if all scenarios passed, else of the first that did not */
    outcome *outcomes; /* one for each scenario, in their order */
    int points;        /* all or none */
} result;

/* The outcome that explains the result: the first one that did not pass and was run, if any was. NULL
 * if all have passed. */
const outcome *result_failure(const result *r);

#endif
