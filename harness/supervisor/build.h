/* build.h - scenario and demo programs, from sources to something that runs.
 *
 * A file that is missing, does not compile or defines too much is replaced by its starter, and a
 * function that nobody
 * defines by one that says so when it is called: a fault costs only the scenarios that reach it. */
#ifndef BUILD_H
#define BUILD_H

#include "cc.h"
#include "judge.h"
#include "process.h"

/* A file under test that could not be used. */
typedef struct fault {
    const code_file *file;
    verdict_kind kind; /* MISSING_FILE, COMPILE_ERROR or LINK_ERROR */
    char *words;       /* what is wrong with it; LINK_ERROR: what it must not define */
} fault;

typedef struct build build;
struct build {
    /* Filled in by the caller. */
    const code *code; /* NULL: the reference */
    const chapter *chapter;
    base base;
    const exercise *only; /* NULL: the scenarios of all exercises */
    int explore;          /* the interpreter of random programs instead of scenarios */
    int adverse;          /* what can go wrong around it can be made to happen */
    const char *demo;     /* the name of a demo program instead, without .c; else NULL */
    int virtual_clock;    /* of a demo */
    int strict;           /* a fault is an end: nothing is replaced */
    void (*ended)(build *b, void *arg); /* called once when all is known; may be NULL */
    void *arg;
    /* Filled in when it has ended. */
    char *program; /* NULL if there is none */
    verdict_kind kind;
    char *headline, *words; /* why there is none */
    fault *faults;
    int fault_count;
    list missing;       /* functions that are called and that nobody defines */
    char *linker_words; /* about those */
    /* For build.c alone. */
    struct builder *builder;
    flavour flavour;
    struct slot *slots;
    int slot_count, waits_for, is_over;
    process link;
    char *fresh;
};

/* What builds share: each object is made once, whoever needs it. */
typedef struct builder {
    const plan *plan;
    pool *pool;
    code *reference;
    struct object **objects;
    int count;
    int links; /* how many were started */
} builder;

void builder_open(builder *b, const plan *p, pool *pool);
void build_start(builder *builder, build *b); /* the rest happens in pool_run */
void build_clear(build *one);                 /* gives back what it holds */
void builder_close(builder *b);

/* What was compiled, or was there already: the number of objects; the path of one's source, borrowed;
 * what the compiler said about it although it compiled, the caller's, empty if it said nothing. */
int object_count(const builder *b);
const char *object_path(const builder *b, int i);
char *object_words(const builder *b, int i);

/* Prepares p to run one scenario of a program (or "--list" and NULL), with its three channels, the
 * usual limits and a clean environment. clock: "real", "virtual", or NULL: as the scenario itself
 * says. */
void scenario_process(process *p, const char *program, const char *exercise, const char *scenario,
                      const char *clock);

/* "chapters/03-futures/future.c"; the caller's. */
char *file_path(const code_file *f);

/* What the compiler said about a file that compiled, as it is in the cache; the caller's, empty if
 * it said nothing. */
char *compiler_words(const plan *p, const code_file *f);

#endif
