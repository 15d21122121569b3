/* explain.h - from a run to a verdict in words. */
#ifndef EXPLAIN_H
#define EXPLAIN_H

#include "run.h"
#include "verdict.h"

/* Judges one run against the expected trace and says what happened as a person would.
 * Fills o (the caller's; outcome_free gives back what it holds). */
void explain(const chapter *c, const exercise *e, const scenario *s, const run *r, outcome *o);

/* The outcome of a scenario that could not be run: kind is MISSING_FILE, COMPILE_ERROR, LINK_ERROR
 * or GRADER_ERROR; headline and details are copied. */
void explain_not_run(const scenario *s, verdict_kind kind, const char *headline,
                     const char *details, outcome *o);

void outcome_free(outcome *o);

/* Parses what a program wrote to descriptor 3 into a trace of events; for recording expectations.
 * t: per_task is as the scenario was declared; the rest is filled in.
 * Returns 0, or -1 if the run did not reach its end. */
int trace_of_run(const run *r, trace *t);

/* For cost scenarios: the same from a run's cost record. Returns 0 or -1 if there is none. */
int cost_of_run(const run *r, double *small_ns, double *large_ns);

void trace_free(trace *t);

#endif
