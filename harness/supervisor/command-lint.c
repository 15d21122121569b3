/* command-lint.c - what the chapters and exercises lack. */
#include "build.h"
#include "commands.h"
#include "lint.h"

#include <stdlib.h>
#include <string.h>

/* The scenarios that there are expected traces of, as "EXERCISE NAME". */
static void expected_scenarios(const plan *p, const chapter *c, list *names) {
    for (int i = 0; i < c->exercise_count; i++) {
        list files = {0};
        const char *id = c->exercises[i].id;
        char *directory = formatted("harness/exercises/%s/%s/expected", c->name, id);
        files_in(&files, p->root, directory, ".trace");
        for (int j = 0; j < files.count; j++)
            list_addf(names, "%s %.*s", id, (int)strcspn(files.items[j], "."), files.items[j]);
        list_free(&files);
        free(directory);
    }
}

/* The scenarios that the program itself knows. Returns its exit status. */
static int listed_scenarios(const char *program, list *names) {
    list command = {0}, lines = {0};
    text said = {0};
    list_add(&command, program);
    list_add(&command, "--list");
    int status = run_tool(&command, &said);
    lines_of(&lines, text_string(&said));
    for (int i = 0; i < lines.count; i++) {
        list parts = {0};
        split(&parts, lines.items[i], "\t");
        if (parts.count >= 2)
            list_addf(names, "%s %s", parts.items[0], parts.items[1]);
        list_free(&parts);
    }
    list_free(&lines);
    list_free(&command);
    text_free(&said);
    return status;
}

static void find_missing(text *t, const list *in, const list *all, const char *words) {
    for (int i = 0; i < all->count; i++)
        if (!list_has(in, all->items[i]))
            text_addf(t, "%s %s\n", all->items[i], words);
}

static void compare_program(checks *k, const plan *p, const build *b) {
    list expected = {0}, listed = {0};
    text reason = {0};
    expected_scenarios(p, b->chapter, &expected);
    if (!b->program)
        text_addf(&reason, "%s\n%s", b->headline ? b->headline : "no program",
                  b->words ? b->words : "");
    else if (listed_scenarios(b->program, &listed) != 0)
        text_add(&reason, "--list ends with an error");
    else {
        find_missing(&reason, &expected, &listed, "has no expected trace");
        find_missing(&reason, &listed, &expected,
                     "has an expected trace and is not in the program");
    }
    if (reason.length)
        check_failed(k, text_string(&reason), "%s  scenarios of the program", b->chapter->name);
    else
        check_passed(k, "%s  %d scenarios in the program", b->chapter->name, listed.count);
    text_free(&reason);
    list_free(&expected);
    list_free(&listed);
}

/* Builds each chapter's program and asks it for its scenarios. */
static void lint_programs(checks *k, plan *p) {
    pool pool;
    builder builder;
    code *reference = code_reference(p);
    build *builds = allocate((size_t)p->chapter_count * sizeof *builds);
    pool_open(&pool);
    builder_open(&builder, p, &pool);
    for (int i = 0; i < p->chapter_count; i++) {
        builds[i] = (build){
            .code = reference, .chapter = &p->chapters[i], .base = BASE_REFERENCE, .strict = 1};
        build_start(&builder, &builds[i]);
    }
    pool_run(&pool);
    for (int i = 0; i < p->chapter_count; i++) {
        compare_program(k, p, &builds[i]);
        build_clear(&builds[i]);
    }
    builder_close(&builder);
    pool_close(&pool);
    free(builds);
    code_free(reference);
}

/* What is missing comes first: a workbook that lacks something may have no programs, or no plan. p
 * may be NULL: the plan is read when it is sure that it can be. */
int command_lint(plan *p, const options *o) {
    checks k = {0};
    lint(&k, p ? p->root : o->root);
    if (!k.failed)
        lint_programs(&k, p ? p : plan_read(o->root, 0));
    return checks_end(&k);
}
