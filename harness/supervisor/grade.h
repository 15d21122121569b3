/* grade.h - the grade of one submission: each chapter on the submission's own lower layers, and on
 * the reference's, so that one wrong layer costs its points only once. */
#ifndef GRADE_H
#define GRADE_H

#include "judge.h"

#include <stdio.h>

typedef struct grade_chapter {
    const chapter *chapter;
    result *own, *reference; /* the same for a chapter that has no lower layers */
    int own_points, reference_points;
} grade_chapter;

typedef struct grade {
    plan *plan;
    const code *code;
    grade_chapter *chapters;
    int count;
} grade;

/* What a chapter counts, which is the better column, and the results that explain it: the same
 * column's. If both are as good, the reference's, whose failures are this chapter's own. */
int grade_points(const grade_chapter *c);
const result *grade_results(const grade_chapter *c);
int grade_total(const grade *g);
int grade_most(const grade *g);

/* How the grader was protected from the submission. */
const char *grade_protection(void);

/* The text of results.json, with Gradescope's fields and our own, added to out. */
void grade_json(const grade *g, text *out);

/* The line of results.json that has the points of each chapter; LINE[1, 2, 3] */
#define GRADE_POINTS_LINE "\"points_by_chapter\": "

#endif
