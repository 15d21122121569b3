/* program.h - small programs of tasks that wait for each other: made at random, written down, and
 * made smaller. harness/include/program.h says what their text means, and runs it. */
#ifndef SUPERVISOR_PROGRAM_H
#define SUPERVISOR_PROGRAM_H

#include "text.h"

#include <stdint.h>

enum { MOST_TASKS = 5, MOST_STEPS = 12 };

/* What is done in one go: instructions, of which only the last may wait. */
typedef struct program_step {
    list instructions;
} program_step;

typedef struct program_task {
    char name; /* 'A', 'B', ... */
    int grouped, refuses, cleans_up;
    int has_lock; /* while it is being made: it will have it here */
    program_step steps[MOST_STEPS];
    int step_count;
} program_task;

typedef struct program {
    program_task tasks[MOST_TASKS];
    int task_count;
} program;

/* Adds the instructions that programs about an exercise are made of to verbs; one that is there
 * several times comes that much more often. Returns 0, or -1 if there are none for it. */
int program_verbs(const char *exercise, list *verbs);

/* Makes a program of these instructions. The same seed and instructions always make the same one.
 * p: zeroed. */
void program_generate(program *p, uint64_t seed, const list *verbs);

/* Makes p a copy of the original that is smaller by the change number k: a task, a step, an
 * instruction less, or something simpler in its place. p: zeroed.
 * Returns 0 if there are not so many changes, and then p stays empty. */
int program_smaller(program *p, const program *original, int k);

/* Adds the program as it is run to out. */
void program_write(const program *p, text *out);

void program_free(program *p);

#endif
