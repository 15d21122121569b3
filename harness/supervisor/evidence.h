/* evidence.h - what is known about a run, and those who can explain a part of it. */
#ifndef EVIDENCE_H
#define EVIDENCE_H

#include "compare.h"
#include "run.h"
#include "sanitizer.h"
#include "symbolize.h"
#include "trace.h"
#include "verdict.h"

typedef struct evidence {
    const exercise *exercise;
    const scenario *scenario;
    const run *run;
    records records;
    difference difference;
    sanitizer_report sanitizer;
} evidence;

/* Each looks for one kind of end. If it finds it, it fills kind, headline and details of o and
 * returns 1; else it returns 0 and leaves o alone. */

/* endings.c: how the run ended before the scenario did. */
int explain_signal(const evidence *e, outcome *o);
int explain_cpu(const evidence *e, outcome *o);
int explain_waits(const evidence *e, outcome *o);
int explain_out_of_time(const evidence *e, outcome *o);
int explain_blocked(const evidence *e, outcome *o);
int explain_endless(const evidence *e, outcome *o);
int explain_deadlock(const evidence *e, outcome *o);
int explain_exit(const evidence *e, outcome *o);
int explain_died(const evidence *e, outcome *o);

/* faults.c: what the sanitizers and the watch over resources have found. */
int explain_memory(const evidence *e, outcome *o);
int explain_leak(const evidence *e, outcome *o);
int explain_handles(const evidence *e, outcome *o);

/* differences.c: the trace is not what the contract wants. */
int explain_difference(const evidence *e, outcome *o);
int explain_flood(const evidence *e, outcome *o);
int explain_cost(const evidence *e, outcome *o);

/* Adds to the details where the trace stands: what the contract wants next, or both timelines if
 * they parted before. stopped: what ended the run, for the timeline; ms: when. */
void explain_progress(const evidence *e, const char *stopped, int64_t ms, outcome *o);

/* endings.c: adds to the details the calls that led there, without those that the student cannot
 * know. A function that calls itself is shown once. */
void add_calls(const frames *f, outcome *o);

/* words.c: pieces of sentences. New strings, the caller's, safe to show. */
char *words_event(const trace_line *line); /* "B finished", "main: resume yields 1" */
char *words_frame(const frame *f);         /* "future_get (chapters/03-futures/future.c:7)" */
char *words_path(const char *file, int64_t line); /* "chapters/03-futures/future.c:7" */
char *words_text(const char *string);             /* anybody's, on one line, not too long */
char *words_count(int64_t n, const char *thing);  /* "1 stack", "3 stacks" */
void words_wrap(text *out, const char *sentence); /* adds it on lines as wide as a report's */
int64_t last_ms(const evidence *e);               /* the time of the last event */

#endif
