/* command-explore.c - random programs on the code under test and on the reference. */
#include "commands.h"
#include "escape.h"
#include "explain.h"
#include "explore.h"
#include "report.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { PROGRAMS = 2000 };

/* What is explored. */
typedef struct search {
    plan *plan;
    const chapter *chapter;
    const exercise *only; /* NULL: all of the chapter */
    base base;
    list left_out;    /* exercises that are not done yet */
    int first, count; /* seeds */
    list texts;
} search;

/* The exercises that the program of this seed is about: one, or of a chapter two of those that are
 * done. */
static void verbs_for(const search *s, int seed, list *verbs) {
    list ids = {0}, some = {0};
    for (int i = 0; i < s->chapter->exercise_count; i++) {
        const exercise *e = &s->chapter->exercises[i];
        if ((!s->only || s->only == e) && !list_has(&s->left_out, e->id) &&
            program_verbs(e->id, &some) == 0)
            list_add(&ids, e->id);
    }
    list_free(&some);
    for (int i = 0; i < 2 && ids.count; i++)
        program_verbs(ids.items[(i ? seed / ids.count : seed) % ids.count], verbs);
    list_free(&ids);
}

static int program_of(const search *s, int seed, program *p) {
    list verbs = {0};
    verbs_for(s, seed, &verbs);
    *p = (program){0};
    if (verbs.count)
        program_generate(p, (uint64_t)seed, &verbs);
    int made = verbs.count > 0;
    list_free(&verbs);
    return made;
}

static void make_programs(search *s) {
    for (int i = 0; i < s->count; i++) {
        program p;
        text t = {0};
        if (!program_of(s, s->first + i, &p))
            return;
        program_write(&p, &t);
        list_add(&s->texts, t.data);
        text_free(&t);
        program_free(&p);
    }
}

/* ---- what is said ---- */

static void say_again(const search *s, int first, int count) {
    const char *base = s->base == BASE_REFERENCE ? " BASE=reference" : "";
    if (s->only)
        printf("make explore EX=%s SEED=%d N=%d%s", s->only->id, first, count, base);
    else
        printf("make explore CH=%02d SEED=%d N=%d%s", s->chapter->number, first, count, base);
}

static void print_text(const char *string, const char *indent) {
    text safe = {0};
    escape_bytes(&safe, string, strlen(string), ESCAPE_LINES, 0);
    for (const char *at = text_string(&safe); *at;) {
        size_t length = strcspn(at, "\n");
        printf("%s%.*s\n", length ? indent : "", (int)length, at);
        at += length + (at[length] == '\n');
    }
    text_free(&safe);
}

static void print_program(const program *p) {
    text t = {0};
    program_write(p, &t);
    print_text(text_string(&t), "      ");
    text_free(&t);
}

static void print_found(search *s, explorer *e, int seed) {
    program p;
    outcome o;
    text t = {0};
    program_of(s, seed, &p);
    program_write(&p, &t);
    explorer_explain(e, text_string(&t), &o);
    int endless = o.kind == TIMEOUT; /* each try would take until the limit on CPU time */
    if (!endless) {
        outcome_free(&o);
        text_free(&t);
        explorer_shrink(e, &p);
        program_write(&p, &t);
        explorer_explain(e, text_string(&t), &o);
    }
    printf("Program %d is not run as by the reference%s:\n\n", seed,
           endless ? "" : ". As short as it gets");
    print_program(&p);
    printf(
        "\n    Each line is done in one go. A acts at 1, 21, 41, ... ms, B at 2, 22, 42, ...\n\n");
    print_text(o.headline ? o.headline : "", "  ");
    printf("\n");
    print_text(text_string(&o.details), "    ");
    printf("\n  Again     ");
    say_again(s, seed, 1);
    printf("\n");
    outcome_free(&o);
    text_free(&t);
    program_free(&p);
}

static int show_all(const search *s) {
    for (int i = 0; i < s->texts.count; i++)
        printf("%s%s", i ? "\n" : "", s->texts.items[i]);
    return 0;
}

/* The exercise that a program came to and that is not done yet; NULL if it is something else. The
 * caller's. */
static char *not_done(explorer *e, const char *text) {
    outcome o;
    char *id = NULL;
    explorer_explain(e, text, &o);
    if (o.kind == NOT_DONE && o.headline && starts_with(o.headline, "needs "))
        id = formatted("%.*s", (int)strcspn(o.headline + 6, " "), o.headline + 6);
    outcome_free(&o);
    return id;
}

static int is_here(const search *s, const char *id) {
    for (int i = 0; i < s->chapter->exercise_count; i++)
        if (strcmp(s->chapter->exercises[i].id, id) == 0)
            return !list_has(&s->left_out, id) && !s->only;
    return 0;
}

/* Returns 1 if everything has to be made anew, without that exercise. */
static int leave_out(search *s, const char *id) {
    if (!is_here(s, id)) {
        printf("The programs need %s, which is not done yet.\n", id);
        return 0;
    }
    printf("%s is not done yet: it is left out.\n", id);
    list_add(&s->left_out, id);
    return 1;
}

static int not_built(const build *b) {
    printf("%s\n", b->headline);
    print_text(b->words ? b->words : "", "  ");
    return 1;
}

/* Returns the exit status. */
static int search_all(search *s, explorer *e) {
    for (;;) {
        make_programs(s);
        int found = explorer_first(e, s->texts.items, s->texts.count);
        char *id = found >= 0 ? not_done(e, s->texts.items[found]) : NULL;
        int again = id && leave_out(s, id);
        int status = id ? 1 : found >= 0;
        free(id);
        if (again) {
            list_free(&s->texts);
            continue;
        }
        if (found >= 0 && !status)
            return 1;
        if (found < 0 && s->texts.count) {
            printf("Programs %d to %d: every one is run as by the reference (", s->first,
                   s->first + s->texts.count - 1);
            say_again(s, s->first, s->count);
            printf(").\n");
        } else if (!s->texts.count) {
            printf("Nothing of it is done yet.\n");
            status = 1;
        } else if (!id) {
            print_found(s, e, s->first + found);
        }
        return status;
    }
}

int command_explore(plan *p, const options *o) {
    chapter *of = o->chapter ? plan_chapter(p, o->chapter) : NULL;
    exercise *only = o->exercise ? plan_exercise(p, o->exercise, &of) : NULL;
    if (!of)
        die("explore needs a chapter or an exercise (make explore CH=07)");
    search s = {.plan = p,
                .chapter = of,
                .only = only,
                .base = o->base,
                .first = o->seed ? o->seed : 1,
                .count = o->number ? o->number : PROGRAMS};
    if (o->show) {
        make_programs(&s);
        return show_all(&s);
    }
    code *code = options_code(o, p);
    explorer e;
    explorer_open(&e, p, of, code, o->base);
    int status = e.own.program ? search_all(&s, &e) : not_built(&e.own);
    explorer_close(&e);
    list_free(&s.texts);
    list_free(&s.left_out);
    code_free(code);
    return status;
}
