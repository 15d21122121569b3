#include "explore.h"

#include "compare.h"
#include "explain.h"
#include "run.h"
#include "trace.h"

#include <stdlib.h>
#include <string.h>

enum { AT_ONCE = 200 }; /* programs in one process */

#define SCENARIO "programs"

void explorer_open(explorer *e, const plan *p, const chapter *c, const code *code, base base) {
    *e = (explorer){.chapter = c, .directory = formatted("%s/build/empty", p->root)};
    make_directories(e->directory);
    pool_open(&e->pool);
    builder_open(&e->builder, p, &e->pool);
    e->own = (build){.code = code, .chapter = c, .base = base, .explore = 1};
    e->reference = (build){.chapter = c, .explore = 1, .strict = 1};
    build_start(&e->builder, &e->reference);
    pool_run(&e->pool); /* the other one may be the very same program */
    build_start(&e->builder, &e->own);
    pool_run(&e->pool);
    if (!e->reference.program)
        die("the reference: %s\n%s", e->reference.headline,
            e->reference.words ? e->reference.words : "");
}

void explorer_close(explorer *e) {
    pool_close(&e->pool);
    build_clear(&e->own);
    build_clear(&e->reference);
    builder_close(&e->builder);
    free(e->directory);
}

/* ---- runs ---- */

/* Some programs on both sides. */
typedef struct batch {
    explorer *explorer;
    char *const *texts;
    int count;
    process processes[2];
    run own, reference;
    records own_records, reference_records;
    trace *expected; /* of each program */
} batch;

static void own_ended(process *p, void *arg) {
    batch *b = arg;
    run_take(&b->own, p, b->explorer->own.program);
}

static void reference_ended(process *p, void *arg) {
    batch *b = arg;
    run_take(&b->reference, p, b->explorer->reference.program);
}

static void start(batch *b, process *p, const char *program, void (*ended)(process *p, void *arg)) {
    *p = (process){0};
    scenario_process(p, program, "explore", SCENARIO, "virtual");
    for (int i = 0; i < b->count; i++)
        list_add(&p->command, b->texts[i]);
    p->directory = duplicate(b->explorer->directory);
    p->ended = ended;
    p->arg = b;
    pool_start(&b->explorer->pool, p);
}

static void batch_start(batch *b, explorer *e, char *const *texts, int count) {
    *b = (batch){.explorer = e, .texts = texts, .count = count};
    start(b, &b->processes[0], e->own.program, own_ended);
    start(b, &b->processes[1], e->reference.program, reference_ended);
}

static void batch_free(batch *b) {
    for (int i = 0; i < b->count; i++)
        trace_free(&b->expected[i]);
    free(b->expected);
    records_free(&b->own_records);
    records_free(&b->reference_records);
    run_free(&b->own);
    run_free(&b->reference);
}

/* ---- the traces of single programs ---- */

/* Where program number i begins in the events of a run of several: behind the event that says
 * so. -1 if it is not there. */
static int beginning(const trace *t, int i) {
    for (int j = 0; j < t->count; j++)
        if (t->lines[j].kind == TRACE_EVENT && strcmp(t->lines[j].task, "program") == 0 &&
            atoi(t->lines[j].words) == i)
            return j;
    return -1;
}

/* The events of program number i, with times from its beginning on. Returns 0, or -1 if the run
 * does not have it. */
static int slice(const trace *t, int i, int count, trace *out) {
    int from = count == 1 ? -1 : beginning(t, i);
    int64_t began = from < 0 ? 0 : t->lines[from].ms;
    *out = (trace){.per_task = 1};
    if (count > 1 && from < 0)
        return -1;
    for (int j = from + 1; j < t->count; j++) {
        const trace_line *line = &t->lines[j];
        if (line->kind != TRACE_EVENT)
            continue;
        if (count > 1 && strcmp(line->task, "program") == 0)
            break;
        trace_add(out, TRACE_EVENT, line->ms - began, line->task, line->words);
    }
    return 0;
}

/* A run that came to its end, and about which nobody complains. */
static int is_clean(const run *r) {
    trace t = {0};
    int status = trace_of_run(r, &t);
    trace_free(&t);
    return status == 0;
}

/* The reference is what is right: if it does not get through, there is nothing to compare with. */
static void take_reference(batch *b) {
    const run *r = &b->reference;
    records_parse(&b->reference_records, text_string(&r->trace), r->trace.length, SCENARIO);
    b->expected = allocate((size_t)b->count * sizeof *b->expected);
    if (r->spawn_error)
        die("%s", r->spawn_error);
    for (int i = 0; i < b->count; i++)
        slice(&b->reference_records.events, i, b->count, &b->expected[i]);
    if (!is_clean(r) && b->count == 1)
        die("the reference does not get through this program:\n%s\n%s%s", b->texts[0],
            text_string(&r->trace), text_string(&r->report));
}

static int agree(const trace *expected, const trace *found) {
    scenario s = {.name = SCENARIO, .expected = *expected};
    difference d;
    compare(&s, found, &d);
    int same = d.kind == SAME;
    difference_free(&d);
    return same;
}

/* The first program of a batch whose events are not as they should be; count if all are. */
static int first_different(batch *b) {
    const run *r = &b->own;
    records_parse(&b->own_records, text_string(&r->trace), r->trace.length, SCENARIO);
    for (int i = 0; i < b->count; i++) {
        trace found;
        int same = slice(&b->own_records.events, i, b->count, &found) == 0 &&
                   agree(&b->expected[i], &found);
        trace_free(&found);
        if (!same)
            return i;
    }
    return b->count;
}

static int is_wrong(explorer *e, const char *text) {
    outcome o;
    explorer_explain(e, text, &o);
    int wrong = o.kind != PASS;
    outcome_free(&o);
    return wrong;
}

/* In a process with others before it a program may meet what is left of them, and what is lost is
 * found out only at the end. So whatever is suspicious is looked at again, alone or with fewer. */
static int first_wrong(explorer *e, char *const *texts, int count) {
    batch b;
    batch_start(&b, e, texts, count);
    pool_run(&e->pool);
    take_reference(&b);
    int first = first_different(&b), half = count / 2;
    int suspicious = first < count || !is_clean(&b.own) || !is_clean(&b.reference);
    batch_free(&b);
    if (!suspicious)
        return -1;
    if (first < count && is_wrong(e, texts[first]))
        return first;
    if (count == 1)
        return is_wrong(e, texts[0]) ? 0 : -1;
    int found = first_wrong(e, texts, half);
    if (found >= 0)
        return found;
    found = first_wrong(e, texts + half, count - half);
    return found < 0 ? -1 : half + found;
}

int explorer_first(explorer *e, char *const *texts, int count) {
    for (int from = 0; from < count; from += AT_ONCE) {
        int size = count - from < AT_ONCE ? count - from : AT_ONCE;
        int found = first_wrong(e, texts + from, size);
        if (found >= 0)
            return from + found;
    }
    return -1;
}

/* ---- one program ---- */

void explorer_explain(explorer *e, const char *text, outcome *o) {
    char *texts[] = {(char *)text};
    batch b;
    batch_start(&b, e, texts, 1);
    pool_run(&e->pool);
    take_reference(&b);
    scenario s = {.name = SCENARIO, .expected = b.expected[0]};
    exercise x = {.id = "explore"};
    explain(e->chapter, &x, &s, &b.own, o);
    o->scenario = NULL;
    batch_free(&b);
}

/* All that p can be changed to, as texts; the programs as well, in programs. */
static int all_smaller(const program *p, program **programs, list *texts) {
    program smaller;
    int count = 0;
    *programs = NULL;
    while (smaller = (program){0}, program_smaller(&smaller, p, count)) {
        text t = {0};
        program_write(&smaller, &t);
        list_add(texts, text_string(&t));
        text_free(&t);
        *programs = reallocate(*programs, (size_t)(count + 1) * sizeof **programs);
        (*programs)[count++] = smaller;
    }
    return count;
}

void explorer_shrink(explorer *e, program *p) {
    for (int found = 0; found >= 0;) {
        list texts = {0};
        program *programs;
        int count = all_smaller(p, &programs, &texts);
        found = explorer_first(e, texts.items, count);
        if (found >= 0) {
            program_free(p);
            *p = programs[found];
            programs[found] = (program){0};
        }
        for (int i = 0; i < count; i++)
            program_free(&programs[i]);
        free(programs);
        list_free(&texts);
    }
}
