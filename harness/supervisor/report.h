/* report.h - verdicts on a terminal.
 *
 * The same results always give the same text: no wall times, no temporary paths, no addresses. */
#ifndef REPORT_H
#define REPORT_H

#include "judge.h"
#include "verdict.h"

#include <stdio.h>

/* Returns 1 if text for out may be coloured: a terminal that is not dumb, and NO_COLOR is not
 * set. */
int report_color(FILE *out);

/* A heading for the chapter, then one line for each exercise, and below each that failed (other
 * than by not being done yet) a block that explains it. Exercises without a result
 * (results[i].exercise is NULL) are left out. */
void report_results(FILE *out, const plan *p, const chapter *c, const result *results, int color);

/* The points of each chapter, their sum, and the exercise to do next; or, when all is done, the
 * chapter's program and the next chapter. */
void report_summary(FILE *out, plan *p, const request *requests, int count, int color);

/* The same in a line an exercise, without explanations. */
void report_lines(FILE *out, const chapter *c, const result *results, int color);

/* What to do next if the exercise that r asks for is not done yet, as in a summary; else nothing. */
void report_not_done(FILE *out, plan *p, const request *r, int color);

/* The block that explains r, as plain text without colours: for results.json and reports. */
void report_block(text *out, const result *r);

/* Says which exercise to do next, where, and what to read first. */
void report_add_next(text *out, plan *p, const result *next, int color);

/* The first exercise of c, in the order of teaching, that did not pass; NULL if there is none. */
const result *report_next(const chapter *c, const result *results);

#endif
