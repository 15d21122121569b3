#include "report.h"
#include "escape.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    WIDTH = 100,         /* columns that sentences are wrapped at */
    OUTPUT_SHOWN = 1500, /* bytes of what the program printed */
    LINES_SHOWN = 15,
    OTHERS_SHOWN = 3, /* scenarios that failed as well */
};

#define RED "31"
#define GREEN "32"
#define BOLD "1"
#define DIM "2"

int report_color(FILE *out) {
    const char *no_color = getenv("NO_COLOR"), *terminal = getenv("TERM");
    return isatty(fileno(out)) && !(no_color && *no_color) && terminal &&
           strcmp(terminal, "dumb") != 0;
}

static void add_colored(text *out, const char *string, const char *style, int color) {
    if (color)
        text_addf(out, "\033[%sm%s\033[0m", style, string);
    else
        text_add(out, string);
}

static void pad(text *out, int columns) {
    while (columns-- > 0)
        text_add(out, " ");
}

/* Adds label, padded, and string behind it, on as many lines as it needs. */
static void add_wrapped(text *out, const char *label, int label_width, const char *string,
                        const char *style, int color) {
    char *safe = escaped(string);
    list words = {0};
    split(&words, safe, " ");
    text line = {0};
    text_addf(out, "  %s", label);
    pad(out, label_width - escape_columns(label));
    for (int i = 0; i < words.count; i++) {
        int columns = escape_columns(text_string(&line)) + escape_columns(words.items[i]) + 1;
        if (line.length && 2 + label_width + columns > WIDTH) {
            add_colored(out, line.data, style, color);
            text_add(out, "\n  ");
            pad(out, label_width);
            text_free(&line);
        }
        text_addf(&line, "%s%s", line.length ? " " : "", words.items[i]);
    }
    add_colored(out, text_string(&line), style, color);
    text_add(out, "\n");
    text_free(&line);
    list_free(&words);
    free(safe);
}

/* Adds each line of string, safe to show, behind prefix; at most most_lines. Returns 1 if that was
 * not all. */
static int add_lines(text *out, const char *string, size_t length, size_t limit, int most_lines,
                     const char *prefix) {
    text safe = {0};
    escape_bytes(&safe, string, length, ESCAPE_LINES, limit);
    const char *at = safe.data;
    for (int n = 0; *at && n < most_lines; n++) {
        size_t columns = strcspn(at, "\n");
        text_addf(out, "%s%.*s\n", columns ? prefix : "", (int)columns, at);
        at += columns + (at[columns] == '\n');
    }
    int more = *at != '\0' || (limit && length > limit);
    text_free(&safe);
    return more;
}

static int is_build_error(verdict_kind kind) {
    return kind == MISSING_FILE || kind == COMPILE_ERROR || kind == LINK_ERROR ||
           kind == MISSING_LIBRARY || kind == GRADER_ERROR;
}

/* The other scenarios that failed in another way, a line each: one explained in full is enough to
 * work on. */
static void add_others(text *out, const result *r, const outcome *first, int color) {
    int shown = 0, more = 0;
    for (const outcome *o = first + 1; o < r->outcomes + r->exercise->scenario_count; o++) {
        if (o->kind == PASS || o->not_run || !o->headline ||
            strcmp(o->headline, first->headline) == 0)
            continue;
        if (shown++ >= OTHERS_SHOWN) {
            more++;
            continue;
        }
        const char *says = o->scenario && o->scenario->says ? o->scenario->says : "";
        int length = (int)strlen(says) - ends_with(says, ".");
        char *line = formatted("%.*s: %s", length, says, o->headline);
        add_wrapped(out, "Also", 10, line, DIM, color);
        free(line);
    }
    if (more) {
        char *line = formatted("%d more of its scenarios failed", more);
        add_wrapped(out, "Also", 10, line, DIM, color);
        free(line);
    }
}

static void add_output(text *out, const outcome *o) {
    if (!o->output.length)
        return;
    text_add(out, "  It printed\n");
    if (add_lines(out, o->output.data, o->output.length, OUTPUT_SHOWN, LINES_SHOWN, "    | ") ||
        o->output_cut)
        text_add(out, "    | ... and more\n");
    text_add(out, "\n");
}

static void add_again(text *out, const exercise *x, int color) {
    char *again = formatted("make test EX=%s", x->id);
    add_wrapped(out, "Again", 10, again, DIM, color);
    free(again);
}

static void add_commands(text *out, const exercise *x, int color) {
    char *read = formatted("book/%s", x->book ? x->book : "");
    char *step = formatted("make debug EX=%s", x->id), *hint = formatted("make hint EX=%s", x->id);
    add_wrapped(out, "Read", 10, read, DIM, color);
    add_again(out, x, color);
    add_wrapped(out, "Step", 10, step, DIM, color);
    add_wrapped(out, "Hint", 10, hint, DIM, color);
    free(read);
    free(step);
    free(hint);
}

/* Its name, where it is written, and what it says. */
static void add_scenario(text *out, const exercise *x, const scenario *s, int color) {
    char *place =
        formatted("%s (%s/scenarios.c:%d)", s->name, x->directory ? x->directory : "", s->line);
    add_wrapped(out, "Scenario", 10, place, DIM, color);
    add_wrapped(out, "", 10, s->says, DIM, color);
    free(place);
}

static void add_block(text *out, const result *r, int color) {
    const outcome *o = result_failure(r);
    if (!o)
        return;
    add_wrapped(out, "", 0, o->headline ? o->headline : verdict_name(o->kind), BOLD, color);
    if (o->details.length) {
        text_add(out, "\n");
        add_lines(out, o->details.data, o->details.length, 0, 200, "  ");
    }
    text_add(out, "\n");
    if (is_build_error(o->kind)) {
        add_again(out, r->exercise, color);
        return;
    }
    add_output(out, o);
    if (o->scenario && o->scenario->says)
        add_scenario(out, r->exercise, o->scenario, color);
    if (r->exercise->contract)
        add_wrapped(out, "Contract", 10, r->exercise->contract, DIM, color);
    add_others(out, r, o, color);
    add_commands(out, r->exercise, color);
}

void report_block(text *out, const result *r) {
    const outcome *o = result_failure(r);
    if (r->kind == NOT_DONE && o)
        add_wrapped(out, "", 0, o->headline, BOLD, 0);
    else
        add_block(out, r, 0);
}

/* The exercise that has to be done before this one can run: explain.c says "needs ID first". NULL
 * if it is this one itself that is not done. The caller's. */
static char *blocking_id(const result *r) {
    const outcome *o = result_failure(r);
    const char *needs = "needs ";
    if (r->kind != NOT_DONE || !o || !o->headline || !starts_with(o->headline, needs))
        return NULL;
    const char *id = o->headline + strlen(needs);
    return formatted("%.*s", (int)strcspn(id, " "), id);
}

/* One quiet piece of a line: what is not done yet. */
static char *not_done_reason(const result *r) {
    char *id = blocking_id(r);
    if (!id)
        return duplicate("not done yet");
    char *words = formatted("%s is not done yet", id), *safe = escaped(words);
    free(words);
    free(id);
    return safe;
}

/* The widest id and title of the chapter's exercises, so that all lines have the same columns. */
static void columns_of(const chapter *c, int *id, int *title) {
    for (int i = 0; i < c->exercise_count; i++) {
        int wide = escape_columns(c->exercises[i].id),
            wider = escape_columns(c->exercises[i].title);
        *id = wide > *id ? wide : *id;
        *title = wider > *title ? wider : *title;
    }
}

/* reason: why not, if it is worth no more than a piece of the line, or NULL; it is freed. */
static void add_line(text *out, const chapter *c, const result *r, char *reason, int color) {
    const exercise *x = r->exercise;
    int passed = r->kind == PASS, not_done = r->kind == NOT_DONE, id = 0, title = 0;
    columns_of(c, &id, &title);
    const char *style = passed ? GREEN : not_done ? DIM : RED;
    add_colored(out, passed ? "✓" : not_done ? "·" : "✗", style, color);
    text_add(out, " ");
    add_colored(out, x->id, style, color);
    pad(out, id - escape_columns(x->id) + 3);
    text_add(out, x->title);
    pad(out, title - escape_columns(x->title) + 3);
    text_addf(out, "%2d of %d point%s", r->points, x->points, x->points == 1 ? "" : "s");
    if (reason) {
        text_add(out, x->points == 1 ? "    " : "   ");
        add_colored(out, reason, DIM, color);
        free(reason);
    }
    text_add(out, "\n");
}

/* A mistake that fails many exercises, such as a file that does not compile or a handle that is
 * never closed, is explained in full only once. */
static int same_explanation(const result *a, const result *b) {
    const outcome *x = a->exercise ? result_failure(a) : NULL, *y = result_failure(b);
    return x && y && x->kind == y->kind && x->headline && y->headline &&
           strcmp(x->headline, y->headline) == 0 &&
           strcmp(text_string(&x->details), text_string(&y->details)) == 0;
}

/* Why r needs no block of its own, the caller's; NULL if it does. */
static char *quiet_reason(const result *results, const result *r) {
    if (r->kind == NOT_DONE)
        return not_done_reason(r);
    for (const result *before = results; before < r; before++)
        if (same_explanation(before, r))
            return formatted("as in %s", before->exercise->id);
    return NULL;
}

static void add_result(text *out, const chapter *c, const result *results, const result *r,
                       int color) {
    char *quiet = quiet_reason(results, r);
    int is_quiet = quiet != NULL;
    add_line(out, c, r, quiet, color);
    if (r->kind == PASS || is_quiet)
        return;
    add_block(out, r, color);
    text_add(out, "\n");
}

static void add_heading(text *out, const chapter *c, int color) {
    char *heading = formatted("%s  %s", c->name, c->title);
    add_colored(out, heading, BOLD, color);
    text_add(out, "\n");
    free(heading);
}

void report_results(FILE *out, const plan *p, const chapter *c, const result *results, int color) {
    text lines = {0};
    add_heading(&lines, c, color);
    for (int i = 0; i < c->exercise_count; i++)
        if (results[i].exercise)
            add_result(&lines, c, results, &results[i], color);
    fwrite(lines.data, 1, lines.length, out);
    text_free(&lines);
}

static char *brief_reason(const result *r) {
    if (r->kind == NOT_DONE)
        return not_done_reason(r);
    return r->kind == PASS ? NULL : duplicate(verdict_name(r->kind));
}

/* The verdict that every exercise of the chapter has, if nothing of it was judged; else NULL. */
static const char *nothing_of(const chapter *c, const result *results) {
    verdict_kind kind = results[0].kind;
    if (kind != NOT_DONE && kind != MISSING_FILE && kind != MISSING_LIBRARY)
        return NULL;
    for (int i = 1; i < c->exercise_count; i++)
        if (results[i].kind != kind)
            return NULL;
    return kind == NOT_DONE ? "not done yet" : verdict_name(kind);
}

void report_lines(FILE *out, const chapter *c, const result *results, int color) {
    text lines = {0};
    add_heading(&lines, c, color);
    const char *nothing = nothing_of(c, results);
    if (nothing) {
        fprintf(out, "%s· %d exercises   %s\n", text_string(&lines), c->exercise_count, nothing);
        text_free(&lines);
        return;
    }
    for (int i = 0; i < c->exercise_count; i++)
        add_line(&lines, c, &results[i], brief_reason(&results[i]), color);
    fwrite(lines.data, 1, lines.length, out);
    text_free(&lines);
}

const result *report_next(const chapter *c, const result *results) {
    for (int i = 0; i < c->exercise_count; i++)
        if (results[i].exercise && results[i].kind != PASS)
            return &results[i];
    return NULL;
}

/* Where to begin: the place of the call of not_done, which the headline ends with. */
static const char *place_of(const result *r) {
    const outcome *o = result_failure(r);
    if (r->kind != NOT_DONE || !o || !o->headline)
        return NULL;
    const char *last = strstr(o->headline, ": ");
    return last ? last + 2 : NULL;
}

/* What to do next is the exercise that stands in the way, if there is one. */
static const exercise *next_exercise(plan *p, const result *next, chapter **of) {
    char *id = blocking_id(next);
    const exercise *x = id ? plan_exercise(p, id, of) : NULL;
    free(id);
    return x ? x : plan_exercise(p, next->exercise->id, of);
}

static void add_next_line(text *out, const char *label, char *words, const char *style, int color) {
    add_wrapped(out, label, 10, words, style, color);
    free(words);
}

void report_add_next(text *out, plan *p, const result *next, int color) {
    chapter *of = NULL, *blocked = NULL;
    const exercise *x = next_exercise(p, next, &of);
    plan_exercise(p, next->exercise->id, &blocked);
    add_next_line(out, "Next", formatted("%s, %s", x->id, x->title), BOLD, color);
    if (place_of(next))
        add_wrapped(out, "Write", 10, place_of(next), "", 0);
    add_next_line(out, "Read", formatted("book/%s", x->book ? x->book : ""), "", 0);
    add_next_line(out, "Test", formatted("make test EX=%s", x->id), "", 0);
    if (of != blocked)
        add_next_line(
            out, "Or",
            formatted("make test CH=%02d BASE=reference, on our lower layers", blocked->number), "",
            0);
}

void report_not_done(FILE *out, plan *p, const request *r, int color) {
    text lines = {0};
    const result *next = report_next(r->chapter, r->results);
    if (next && next->kind == NOT_DONE)
        report_add_next(&lines, p, next, color);
    fprintf(out, "%s", text_string(&lines));
    text_free(&lines);
}

/* After all points of chapter c: its program, and the next chapter if there is one. */
static void add_way_on(text *out, const plan *p, const chapter *c, int color) {
    const chapter *next = c + 1 < p->chapters + p->chapter_count ? c + 1 : NULL;
    add_next_line(out, "Run",
                  formatted("make run CH=%02d, the chapter's program on your code", c->number), "",
                  0);
    if (!next)
        return;
    add_next_line(out, "Next", formatted("%s, %s", next->name, next->title), BOLD, color);
    add_next_line(out, "Read", formatted("book/%s.md", next->name), "", 0);
}

static int points_of(const chapter *c, const result *results, int *most) {
    int points = 0;
    for (int i = 0; i < c->exercise_count; i++)
        if (results[i].exercise) {
            points += results[i].points;
            *most += results[i].exercise->points;
        }
    return points;
}

static void add_points(text *out, const char *name, int width, int points, int most, int color) {
    text_add(out, "  ");
    text_add(out, name);
    pad(out, width - escape_columns(name));
    char *words = formatted("%4d of %d points", points, most);
    add_colored(out, words, points == most ? GREEN : BOLD, color);
    text_add(out, "\n");
    free(words);
}

void report_summary(FILE *out, plan *p, const request *requests, int count, int color) {
    text lines = {0};
    const result *next = NULL;
    int all = 0, all_most = 0, width = 0;
    for (int i = 0; i < count; i++)
        width = escape_columns(requests[i].chapter->name) > width
                    ? escape_columns(requests[i].chapter->name)
                    : width;
    for (int i = 0; i < count; i++) {
        int most = 0, points = points_of(requests[i].chapter, requests[i].results, &most);
        add_points(&lines, requests[i].chapter->name, width, points, most, color);
        all += points;
        all_most += most;
        next = next ? next : report_next(requests[i].chapter, requests[i].results);
    }
    if (count > 1)
        add_points(&lines, "all", width, all, all_most, color);
    if (next)
        report_add_next(&lines, p, next, color);
    else if (count)
        add_way_on(&lines, p, requests[count - 1].chapter, color);
    fprintf(out, "%s", text_string(&lines));
    text_free(&lines);
}
