/* sanitizer.h - what AddressSanitizer, LeakSanitizer and UndefinedBehaviorSanitizer have to say, as
 * gcc's and clang's print it. */
#ifndef SANITIZER_H
#define SANITIZER_H

#include "symbolize.h"
#include "text.h"

typedef enum sanitizer_kind {
    SANITIZER_SILENT,
    SANITIZER_MEMORY,   /* use after free, overflow, double free and their kin */
    SANITIZER_CRASH,    /* AddressSanitizer caught a signal, or a null pointer was followed */
    SANITIZER_OVERFLOW, /* of a stack */
    SANITIZER_UNDEFINED,
    SANITIZER_LEAK,
    SANITIZER_LIMIT,  /* too much memory in use; what: how much, in MiB */
    SANITIZER_BROKEN, /* the sanitizer itself could not work here */
} sanitizer_kind;

/* Memory of one kind that was not freed. */
typedef struct leak {
    long long bytes, objects;
    frames allocated;
} leak;

typedef struct sanitizer_report {
    sanitizer_kind kind;
    char *what; /* its name for it: "heap-use-after-free"; the message of an undefined behaviour */
    char *access; /* "READ of size 8"; NULL if there was none */
    frames at, freed, allocated;
    frames owner; /* whose frame on the stack it was, as far as that is known */
    leak *leaks;
    int leak_count;
    long long leaked_bytes, leaked_objects;
} sanitizer_report;

/* Finds the first report in a run's words. program: to look up addresses that the report leaves
 * without a name. sanitizer_report_free gives back what s holds. */
void sanitizer_parse(sanitizer_report *s, const char *words, const char *program);
void sanitizer_report_free(sanitizer_report *s);

#endif
