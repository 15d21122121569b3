/* command-warnings.c - what the compiler says about each file that the grader compiles: the
 * reference, the scenarios, what runs them, the starters. It says nothing: a student who is told of
 * a warning shall be told of his own. */
#include "authoring.h"
#include "build.h"
#include "commands.h"

#include <stdlib.h>

/* Builds each chapter's program of code. Returns the builds, one for each chapter; the caller's. */
static build *build_all(builder *builder, const code *code) {
    const plan *p = builder->plan;
    build *builds = allocate((size_t)p->chapter_count * sizeof *builds);
    for (int i = 0; i < p->chapter_count; i++) {
        builds[i] =
            (build){.code = code, .chapter = &p->chapters[i], .base = BASE_REFERENCE, .strict = 1};
        build_start(builder, &builds[i]);
    }
    return builds;
}

/* What does not compile at all comes first: there is no object that could be asked. */
static void report_failed(checks *k, const plan *p, build *builds) {
    for (int i = 0; i < p->chapter_count; i++) {
        if (!builds[i].program)
            check_failed(k, builds[i].words, "%s  %s", p->chapters[i].name, builds[i].headline);
        build_clear(&builds[i]);
    }
    free(builds);
}

/* A file may be compiled several times, for instance for two chapters: it counts once. */
static void report_objects(checks *k, const builder *b) {
    list paths = {0};
    for (int i = 0; i < object_count(b); i++) {
        char *words = object_words(b, i);
        const char *path = object_path(b, i);
        if (*words)
            check_failed(k, words, "%s  has warnings", path);
        else if (!list_has(&paths, path))
            check_passed(k, "%s  without warnings", path);
        list_add(&paths, path);
        free(words);
    }
    list_free(&paths);
}

int command_warnings(plan *p, const options *o) {
    checks k = {0};
    pool pool;
    builder builder;
    char *problem = NULL;
    code *reference = code_reference(p), *starters = code_submission(p, p->root, "root", &problem);
    if (!starters)
        die("%s", problem);
    pool_open(&pool);
    builder_open(&builder, p, &pool);
    build *of_reference = build_all(&builder, reference);
    build *of_starters = build_all(&builder, starters);
    pool_run(&pool);
    report_failed(&k, p, of_reference);
    report_failed(&k, p, of_starters);
    report_objects(&k, &builder);
    builder_close(&builder);
    pool_close(&pool);
    code_free(starters);
    code_free(reference);
    return checks_end(&k);
}
