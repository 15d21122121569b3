/* command-test.c - the verdicts on one exercise, one chapter or everything, for a student at
 * work. */
#include "build.h"
#include "commands.h"
#include "escape.h"
#include "report.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { REAL_TOLERANCE = 300 }; /* ms, of scenarios that are meant for the virtual clock */

static void show_progress(int done, int all, void *arg) {
    fprintf(stderr, done < all ? "\r%d of %d " : "\r                    \r", done, all);
    fflush(stderr);
}

/* --clock: what is expected stays the same, only how exactly. */
static void set_clock(plan *p, const char *clock) {
    int real = strcmp(clock, "real") == 0;
    for (int i = 0; i < p->chapter_count; i++)
        for (int j = 0; j < p->chapters[i].exercise_count; j++) {
            exercise *e = &p->chapters[i].exercises[j];
            for (int k = 0; k < e->scenario_count; k++) {
                scenario *s = &e->scenarios[k];
                if (real && !s->real_clock)
                    s->tolerance = REAL_TOLERANCE;
                s->real_clock = real;
                s->tolerance = real ? s->tolerance : 0;
            }
        }
}

static request *make_requests(plan *p, const options *o, const code *code, int *count) {
    request *requests = allocate((size_t)p->chapter_count * sizeof *requests);
    chapter *of = o->chapter ? plan_chapter(p, o->chapter) : NULL;
    exercise *only = o->exercise ? plan_exercise(p, o->exercise, &of) : NULL;
    for (int i = 0; i < p->chapter_count; i++)
        if (!of || of == &p->chapters[i])
            requests[(*count)++] =
                (request){.code = code, .chapter = &p->chapters[i], .base = o->base, .only = only};
    return requests;
}

/* What the student may not know: files that do not count, and what the compiler says about those
 * that do. */
static void print_warnings(const plan *p, const code *code, const chapter *c) {
    for (int i = 0; i < code->count; i++) {
        const code_file *f = &code->files[i];
        if (f->chapter != c || f->problem)
            continue;
        char *words = compiler_words(p, f), *path = file_path(f);
        text shown = {0};
        escape_bytes(&shown, words, strlen(words), ESCAPE_LINES, 0);
        if (*words)
            printf("The compiler about %s:\n%s\n", path, text_string(&shown));
        text_free(&shown);
        free(words);
        free(path);
    }
}

static int all_passed(const request *r) {
    for (int i = 0; i < r->chapter->exercise_count; i++)
        if (r->results[i].exercise && r->results[i].kind != PASS)
            return 0;
    return 1;
}

static int grader_failed(const request *r) {
    for (int i = 0; i < r->chapter->exercise_count; i++)
        if (r->results[i].exercise && r->results[i].kind == GRADER_ERROR)
            return 1;
    return 0;
}

int command_test(plan *p, const options *o) {
    int count = 0, failed = 0, broken = 0, color = report_color(stdout);
    code *code = options_code(o, p);
    request *requests = make_requests(p, o, code, &count);
    if (o->clock)
        set_clock(p, o->clock);
    judge(p, requests, count, isatty(STDERR_FILENO) ? show_progress : NULL, NULL);
    for (int i = 0; i < count; i++) {
        print_warnings(p, code, requests[i].chapter);
        report_results(stdout, p, requests[i].chapter, requests[i].results, color);
        failed |= !all_passed(&requests[i]);
        broken |= grader_failed(&requests[i]);
    }
    for (int i = 0; i < code->warnings.count; i++)
        printf("Note: %s.\n", code->warnings.items[i]);
    if (!o->exercise)
        report_summary(stdout, p, requests, count, color);
    else
        report_not_done(stdout, p, &requests[0], color);
    for (int i = 0; i < count; i++)
        results_free(requests[i].chapter, requests[i].results);
    free(requests);
    code_free(code);
    return broken ? 2 : failed;
}
