#include "options.h"

#include "patch.h"
#include "under.h"

#include <ctype.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

/* Where an option's value goes: exactly one of the four is not NULL. */
typedef struct option {
    const char *flag;
    const char **string;
    int *number; /* at least 1 */
    int *given;  /* an option without a value */
    base *base;
} option;

static char *set_number(const option *to, const char *value) {
    char *end;
    long number = strtol(value, &end, 10);
    if (!isdigit((unsigned char)*value) || *end || number < 1 || number > INT_MAX)
        return formatted("%s needs a number of at least 1, not '%s'", to->flag, value);
    *to->number = (int)number;
    return NULL;
}

static char *set_base(const option *to, const char *value) {
    if (strcmp(value, "own") != 0 && strcmp(value, "reference") != 0)
        return formatted("%s is 'own' or 'reference', not '%s'", to->flag, value);
    *to->base = strcmp(value, "own") == 0 ? BASE_OWN : BASE_REFERENCE;
    return NULL;
}

static char *set(const option *to, const char *value) {
    if (to->number)
        return set_number(to, value);
    if (to->base)
        return set_base(to, value);
    *to->string = value;
    return NULL;
}

static const option *find(const option *known, const char *flag) {
    while (known->flag && strcmp(known->flag, flag) != 0)
        known++;
    return known->flag ? known : NULL;
}

static char *check(const options *o) {
    if (!o->command)
        return duplicate("which command?");
    if (o->clock && strcmp(o->clock, "virtual") != 0 && strcmp(o->clock, "real") != 0)
        return formatted("--clock is 'virtual' or 'real', not '%s'", o->clock);
    if (o->under && under_choose(o->under) < 0)
        return formatted("--under is 'address', 'none', 'thread', 'valgrind' or 'arm64', not '%s'",
                         o->under);
    if ((o->reference != 0) + (o->submission != NULL) + (o->mutant != NULL) > 1)
        return duplicate("--reference, --submission and --mutant exclude each other");
    return NULL;
}

/* Takes argv[*i], and its value behind it if it has one. */
static char *take(options *o, const option *known, char **argv, int *i) {
    const char *word = argv[*i];
    const option *to = find(known, word);
    if (!to && (*word == '-' || o->command))
        return formatted("what is '%s'?", word);
    if (!to)
        o->command = word;
    else if (to->given)
        *to->given = 1;
    else if (!argv[*i + 1])
        return formatted("%s needs a value", word);
    else
        return set(to, argv[++*i]);
    return NULL;
}

char *options_parse(options *o, int argc, char **argv) {
    *o = (options){.program = argv[0], .root = ".", .arguments = argv + argc};
    const option known[] = {
        {.flag = "--root", .string = &o->root},
        {.flag = "--chapter", .string = &o->chapter},
        {.flag = "--exercise", .string = &o->exercise},
        {.flag = "--scenario", .string = &o->scenario},
        {.flag = "--base", .base = &o->base},
        {.flag = "--submission", .string = &o->submission},
        {.flag = "--reference", .given = &o->reference},
        {.flag = "--mutant", .string = &o->mutant},
        {.flag = "--json", .string = &o->json},
        {.flag = "--report", .string = &o->report},
        {.flag = "--submissions", .string = &o->submissions},
        {.flag = "--out", .string = &o->out},
        {.flag = "--clock", .string = &o->clock},
        {.flag = "--under", .string = &o->under},
        {.flag = "--runs", .number = &o->runs},
        {.flag = "--number", .number = &o->number},
        {.flag = "--seed", .number = &o->seed},
        {.flag = "--mode", .string = &o->mode},
        {.flag = "--name", .string = &o->name},
        {.flag = "--own", .given = &o->own},
        {.flag = "--check", .given = &o->check},
        {.flag = "--show", .given = &o->show},
        {.flag = "--brief", .given = &o->brief},
        {0},
    };
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--") == 0) {
            o->arguments = argv + i + 1;
            break;
        }
        char *wrong = take(o, known, argv, &i);
        if (wrong)
            return wrong;
    }
    return check(o);
}

const char *options_submission(const options *o) {
    return o->submission ? o->submission : o->root;
}

/* The chapter in whose folder a mutant lies; NULL if it lies elsewhere. */
static const chapter *chapter_of(const plan *p, const char *path) {
    for (int i = 0; i < p->chapter_count; i++) {
        char *folder = formatted("harness/exercises/%s/", p->chapters[i].name);
        int found = starts_with(path, folder);
        free(folder);
        if (found)
            return &p->chapters[i];
    }
    return NULL;
}

static code *mutant_code(const plan *p, const char *path) {
    patch change;
    code *c = code_reference(p);
    const chapter *of = chapter_of(p, path);
    char *problem = patch_read(&change, p->root, path), *source = NULL;
    const char *file = problem ? NULL : fields_get(&change.head, "file");
    code_file *original = of && file ? code_find(c, of, file) : NULL;
    if (original)
        source = patch_apply(&change, file, text_string(&original->source), &problem);
    if (!source)
        die("%s: %s", path, problem ? problem : "it is no mutant of an exercise");
    code_set(c, of, file, source);
    free(source);
    patch_free(&change);
    return c;
}

code *options_code(const options *o, const plan *p) {
    if (o->reference)
        return code_reference(p);
    if (o->mutant)
        return mutant_code(p, o->mutant);
    char *problem = NULL;
    code *c = code_submission(p, options_submission(o), "submission", &problem);
    if (!c)
        die("%s: %s", options_submission(o), problem);
    return c;
}
