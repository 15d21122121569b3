/* options.h - the command line. */
#ifndef OPTIONS_H
#define OPTIONS_H

#include "judge.h"
#include "text.h"

/* What was not given is NULL or 0. The strings are borrowed from argv. */
typedef struct options {
    const char *program; /* argv[0]: grade-all starts it again */
    const char *root;    /* the workbook's directory; "." by default */
    const char *command;
    const char *chapter;  /* --chapter: as the user wrote it, checked against the plan */
    const char *exercise; /* --exercise: an id, checked against the plan */
    const char *scenario; /* --scenario */
    base base;            /* --base own|reference; own by default */
    const char *submission;
    int reference;      /* the reference's code instead of a submission */
    const char *mutant; /* --mutant: the reference as the mutant of this path changes it */
    const char *json, *report;
    const char *submissions, *out;
    const char *clock; /* --clock virtual|real; NULL: what each scenario says */
    const char *under; /* --under: see under.h */
    int runs;          /* --runs N, at least 1 if given */
    int number;        /* --number N, at least 1 if given */
    int seed;          /* --seed N, at least 1 if given */
    const char *mode;  /* --mode: of adversity */
    const char *name;
    int own, check;
    int show;         /* --show: explore prints the programs instead of running them */
    int brief;        /* --brief: a line an exercise, no explanations */
    char **arguments; /* what comes after --; ends with NULL */
} options;

/* Parses the command line into o. Returns NULL, or what is wrong with it, the caller's. */
char *options_parse(options *o, int argc, char **argv);

/* The directory that holds the chapters/ to be graded: --submission, or else the root. */
const char *options_submission(const options *o);

/* The code that the options ask for: --reference, --mutant, or that of options_submission. Ends the program
 * with a message if there is none. The caller's. */
code *options_code(const options *o, const plan *p);

#endif
