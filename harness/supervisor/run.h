/* run.h - one finished run of a scenario program, as the supervisor saw it. */
#ifndef RUN_H
#define RUN_H

#include "text.h"

typedef struct run {
    char *program;     /* path of the program, to look up addresses in */
    text trace;        /* all that came through descriptor 3 */
    text report;       /* descriptor 4: the sanitizers */
    text output;       /* standard output and error, as they came, capped */
    int output_cut;    /* the cap was reached and the rest was not kept */
    int output_flood;  /* it was ended because it printed more than OUTPUT_LIMIT bytes */
    int trace_flood;   /* it was ended because its trace had more than TRACE_LIMIT bytes */
    int out_of_time;   /* it was ended by the wall clock */
    int status;        /* exit status, or -1 */
    int signal;        /* the signal that ended it, or 0 */
    int adverse;       /* things were made to go wrong around it */
    char *spawn_error; /* it could not be started: the grader's own fault; else NULL */
} run;

enum {
    OUTPUT_KEPT = 16 * 1024,        /* bytes of output that are kept to be shown */
    OUTPUT_LIMIT = 1024 * 1024,     /* bytes of output that end a scenario */
    TRACE_LIMIT = 16 * 1024 * 1024, /* bytes of trace that end a scenario */
    WALL_SECONDS = 30,              /* the last resort */
};

struct process;

/* What a process that has ended left becomes the run's; the process is cleared. */
void run_take(run *r, struct process *p, const char *program);
void run_free(run *r);

#endif
