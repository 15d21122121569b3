/* judge.h - builds scenario programs, runs them and collects the verdicts. */
#ifndef JUDGE_H
#define JUDGE_H

#include "code.h"
#include "verdict.h"

typedef enum base { BASE_OWN, BASE_REFERENCE } base;

/* One chapter of one code on one base. */
typedef struct request {
    const code *code;
    const chapter *chapter;
    base base;
    const exercise *only; /* NULL: all exercises of the chapter */
    int until_failure; /* when a scenario has failed, the later ones of its exercise are not run */
    const scenario *first; /* the one of `only` that is tried before the others; or NULL */
    char *
        *asked; /* for each exercise, for each scenario: 1 if it is run. NULL: all are. Borrowed */
    /* Out: one for each exercise of the chapter; with only, the others are zero. judge() makes the
     * array, results_free() frees it with all that it holds. */
    result *results;
} request;

/* Carries out all requests, with a process more at a time than there are processors: compiles what has
 * changed, links one program for each request, runs every scenario in a process of its own, tries a
 * GRADER_ERROR once more. Fills the results; results_free gives them back.
 * progress: called as scenarios end; may be NULL. */
void judge(const plan *p, request *requests, int count,
           void (*progress)(int done, int all, void *arg), void *arg);

void results_free(const chapter *c, result *results);

#endif
