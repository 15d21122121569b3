/* process.h - children: what they print is captured, and nothing of them is left when they are
 * over.
 *
 * A child gets /dev/null to read, a pipe for its output, and if it is a scenario, one for its trace
 * and one for the sanitizers' reports. It leads a process group of its own; when it has ended, was
 * too slow or printed too much, the whole group is killed. */
#ifndef PROCESS_H
#define PROCESS_H

#include "text.h"

#include <uv.h>

enum { CHANNEL_OUTPUT, CHANNEL_TRACE, CHANNEL_REPORT, CHANNELS };

/* What comes out of a child on one descriptor. */
typedef struct channel {
    size_t keep;  /* this many bytes are kept, the rest is read and forgotten */
    size_t limit; /* more than this ends the child; 0: the channel is not opened */
    text bytes;
    size_t seen; /* so many came */
    int cut;     /* some were not kept */
    int flooded; /* the limit was reached */
} channel;

typedef struct process process;
struct process {
    /* Filled in by the caller. */
    list command;
    char *directory;  /* where it runs; NULL: here */
    list environment; /* all that it gets of one */
    int seconds;      /* of real time, the last resort */
    channel channels[CHANNELS];
    void (*ended)(process *p, void *arg); /* called once; may free p */
    void *arg;
    /* Filled in when it has ended. */
    int status, signal; /* status: -1 if a signal ended it */
    int out_of_time;
    char *spawn_error; /* it never ran; else NULL */
    /* For process.c alone. */
    process *next;
};

/* Processes that wait for their turn, first come, first served. When the tool itself is ended by a
 * signal, it ends those that run first. */
typedef struct pool {
    uv_loop_t loop;
    int running, most;
    process *first, *last;   /* those that wait */
    struct running *started; /* those that run */
    uv_signal_t signals[3];
} pool;

void pool_open(pool *p); /* one more at a time than there are processors */
void pool_start(pool *p, process *one);
void pool_run(pool *p); /* until nothing runs and nothing waits */
void pool_close(pool *p);

/* Gives back what the process holds, not the process. */
void process_clear(process *p);

/* The environment of compilers: where to find programs, messages in English, nothing else. */
void environment_add_tools(list *environment);

/* Runs a tool and waits. Returns its exit status and its output in out; -1 if it could not run. */
int run_tool(list *command, text *out);

#endif
