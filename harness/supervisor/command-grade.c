/* grade: every chapter in two columns, and the points. */
#include "cc.h"
#include "commands.h"
#include "escape.h"
#include "grade.h"
#include "report.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int grade_points(const grade_chapter *c) {
    return c->own_points > c->reference_points ? c->own_points : c->reference_points;
}

const result *grade_results(const grade_chapter *c) {
    return c->own_points > c->reference_points ? c->own : c->reference;
}

int grade_total(const grade *g) {
    int total = 0;
    for (int i = 0; i < g->count; i++)
        total += grade_points(&g->chapters[i]);
    return total;
}

int grade_most(const grade *g) {
    int most = 0;
    for (int i = 0; i < g->count; i++)
        most += exercise_points(g->chapters[i].chapter);
    return most;
}

const char *grade_protection(void) {
    return "none";
}

static int sum(const chapter *c, const result *results) {
    int points = 0;
    for (int i = 0; i < c->exercise_count; i++)
        points += results[i].points;
    return points;
}

static void progress(int done, int all, void *arg) {
    fprintf(stderr, "\r%d of %d scenarios%s", done, all, done == all ? "\r\033[K" : "");
    fflush(stderr);
}

/* Whether both columns of a chapter would be the same: it has no lower layers, or has those of the
 * reference anyway. */
static int one_column(const code *code, const chapter *c) {
    for (int i = 0; i < code->count; i++) {
        const code_file *f = &code->files[i];
        if (is_below(f->chapter, c) && strcmp(f->folder, "solutions") != 0)
            return 0;
    }
    return 1;
}

/* Judges all chapters at once, so that no processor waits for another chapter's end. */
static void grade_code(grade *g, plan *p, const code *code) {
    request *requests = allocate((size_t)(2 * p->chapter_count) * sizeof *requests);
    int count = 0;
    for (int i = 0; i < p->chapter_count; i++) {
        requests[count++] = (request){.code = code, .chapter = &p->chapters[i], .base = BASE_OWN};
        if (!one_column(code, &p->chapters[i]))
            requests[count++] =
                (request){.code = code, .chapter = &p->chapters[i], .base = BASE_REFERENCE};
    }
    judge(p, requests, count, isatty(STDERR_FILENO) ? progress : NULL, NULL);
    *g = (grade){.plan = p, .code = code, .count = p->chapter_count};
    g->chapters = allocate((size_t)g->count * sizeof *g->chapters);
    const request *r = requests;
    for (int i = 0; i < g->count; i++) {
        grade_chapter *c = &g->chapters[i];
        c->chapter = &p->chapters[i];
        c->own = r++->results;
        c->reference = one_column(code, c->chapter) ? c->own : r++->results;
        c->own_points = sum(c->chapter, c->own);
        c->reference_points = sum(c->chapter, c->reference);
    }
    free(requests);
}

static void grade_clear(grade *g) {
    for (int i = 0; i < g->count; i++) {
        grade_chapter *c = &g->chapters[i];
        if (c->reference != c->own)
            results_free(c->chapter, c->reference);
        results_free(c->chapter, c->own);
    }
    free(g->chapters);
}

static int name_columns(const grade *g) {
    int widest = 5;
    for (int i = 0; i < g->count; i++) {
        int columns = escape_columns(g->chapters[i].chapter->name);
        widest = columns > widest ? columns : widest;
    }
    return widest;
}

static void print_table(FILE *out, const grade *g) {
    int width = name_columns(g);
    fprintf(out, "  %-*s   %16s   %22s   %s\n", width, "", "own lower layers",
            "reference lower layers", "points");
    for (int i = 0; i < g->count; i++) {
        const grade_chapter *c = &g->chapters[i];
        int most = exercise_points(c->chapter);
        fprintf(out, "  %-*s   %10d of %2d   %16d of %2d   %6d\n", width, c->chapter->name,
                c->own_points, most, c->reference_points, most, grade_points(c));
    }
    fprintf(out, "  %-*s   %16s   %22s   %6d of %d\n", width, "total", "", "", grade_total(g),
            grade_most(g));
    fprintf(out, "\n  Each chapter counts with the better of its two columns.\n");
    fprintf(out, "  Protection: none, there is no sandbox. Grade only code that you would run "
                 "yourself.\n");
    char *missing = without_libraries(g->plan, "  ");
    fprintf(out, "%s", missing);
    free(missing);
}

static void print_next(FILE *out, const grade *g, int color) {
    for (int i = 0; i < g->count; i++) {
        const result *next = report_next(g->chapters[i].chapter, grade_results(&g->chapters[i]));
        if (!next)
            continue;
        text lines = {0};
        report_add_next(&lines, g->plan, next, color);
        fprintf(out, "\n%s", text_string(&lines));
        text_free(&lines);
        return;
    }
}

static void print_warnings(FILE *out, const code *code) {
    for (int i = 0; i < code->warnings.count; i++) {
        char *warning = escaped(code->warnings.items[i]);
        fprintf(out, "note: %s\n", warning);
        free(warning);
    }
    if (code->warnings.count)
        fprintf(out, "\n");
}

static void print_report(FILE *out, const grade *g, int brief, int color) {
    print_warnings(out, g->code);
    for (int i = 0; i < g->count; i++) {
        const grade_chapter *c = &g->chapters[i];
        if (brief)
            report_lines(out, c->chapter, grade_results(c), color);
        else
            report_results(out, g->plan, c->chapter, grade_results(c), color);
        fprintf(out, "\n");
    }
    print_table(out, g);
    print_next(out, g, color);
}

static void must_write(const char *path, const char *data, size_t length) {
    int error = write_file(path, data, length);
    if (error)
        die("%s: cannot be written: %s", path, strerror(-error));
}

static void write_report(const char *path, const grade *g) {
    char *data = NULL;
    size_t length = 0;
    FILE *out = open_memstream(&data, &length);
    if (!out)
        die("out of memory");
    print_report(out, g, 0, 0);
    if (fclose(out))
        die("out of memory");
    must_write(path, data, length);
    free(data);
}

static void write_json(const char *path, const grade *g) {
    text json = {0};
    grade_json(g, &json);
    must_write(path, json.data, json.length);
    text_free(&json);
}

int command_grade(plan *p, const options *o) {
    code *code = options_code(o, p);
    grade g;
    grade_code(&g, p, code);
    print_report(stdout, &g, o->brief, report_color(stdout));
    if (o->report)
        write_report(o->report, &g);
    if (o->json)
        write_json(o->json, &g);
    grade_clear(&g);
    code_free(code);
    return 0;
}
