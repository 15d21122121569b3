/* command-mutants.c - every wrong implementation must be caught by a scenario of the exercise that it
 * belongs to; the one that it names is tried first.
 *
 * What a trace tells needs no sanitizers, and without them a program is made and run in half the time.
 * So those that are not caught without sanitizers are judged once more, with them. */
#include "authoring.h"
#include "commands.h"
#include "judge.h"
#include "lint.h"
#include "patch.h"
#include "under.h"

#include <stdlib.h>
#include <string.h>

/* One mutant on its way to the judge. */
typedef struct mutant {
    chapter *chapter;
    exercise *exercise;
    char *name;
    patch patch;
    const scenario *catcher; /* the scenario that should not pass */
    char *problem;           /* why it cannot be judged; NULL if it can */
    code *code;
    struct round *round; /* the last one in which it was judged; NULL: none */
    int request;         /* which one there is its */
} mutant;

/* What is judged under the same sanitizers. */
typedef struct round {
    const char *under;
    request *requests; /* one for each mutant */
    int request_count;
    request *originals; /* one for each chapter: the reference as it is */
    int original_count;
} round;

typedef struct mutants {
    mutant *items;
    int count;
    round plain, sanitized;
} mutants;

static const scenario *scenario_of(const exercise *e, const char *name) {
    for (int i = 0; i < e->scenario_count; i++)
        if (strcmp(e->scenarios[i].name, name) == 0)
            return &e->scenarios[i];
    return NULL;
}

/* Returns NULL, or what is wrong with the name; the caller's. */
static char *find_catcher(mutant *m) {
    const char *name = fields_get(&m->patch.head, "scenario");
    if (!name)
        return NULL;
    m->catcher = scenario_of(m->exercise, name);
    return m->catcher ? NULL : formatted("%s has no scenario '%s'", m->exercise->id, name);
}

static char *changed_reference(mutant *m, const code *reference) {
    const char *file = fields_get(&m->patch.head, "file");
    const char *why = fields_get(&m->patch.head, "misconception");
    verdict_kind kind;
    if (!why || !*why)
        return duplicate("no 'misconception:', what the student believes");
    const char *wanted = fields_get(&m->patch.head, "verdict");
    if (wanted && verdict_from_name(wanted, &kind) < 0)
        return formatted("unknown verdict '%s'", wanted);
    code_file *original = file ? code_find(reference, m->chapter, file) : NULL;
    if (!original)
        return formatted("'file: %s' names no graded file of %s", file ? file : "",
                         m->chapter->name);
    if (original->problem)
        return formatted("%s: %s", file, original->problem);
    char *problem;
    char *source = patch_apply(&m->patch, file, text_string(&original->source), &problem);
    if (!source)
        return problem;
    char *name = code_name("mutant", m->exercise->id, m->name);
    m->code = code_copy(reference, name);
    code_set(m->code, m->chapter, file, source);
    free(name);
    free(source);
    return NULL;
}

/* Adds a request to an array of so many. */
static void request_add(request **requests, int *count, request r) {
    *requests = reallocate(*requests, (size_t)(*count + 1) * sizeof(request));
    r.base = BASE_REFERENCE;
    (*requests)[(*count)++] = r;
}

static void mutant_add(mutants *all, const plan *p, const code *reference, mutant m,
                       const char *file) {
    char *path =
        formatted("harness/exercises/%s/%s/mutants/%s", m.chapter->name, m.exercise->id, file);
    m.name = formatted("%.*s", (int)(strlen(file) - strlen(".mutant")), file);
    m.problem = patch_read(&m.patch, p->root, path);
    if (!m.problem)
        m.problem = find_catcher(&m);
    if (!m.problem)
        m.problem = changed_reference(&m, reference);
    all->items = reallocate(all->items, (size_t)(all->count + 1) * sizeof *all->items);
    all->items[all->count++] = m;
    free(path);
}

static void mutants_of(mutants *all, const plan *p, const code *reference, chapter *c,
                       exercise *e) {
    list files = {0};
    char *directory = formatted("harness/exercises/%s/%s/mutants", c->name, e->id);
    files_in(&files, p->root, directory, ".mutant");
    for (int i = 0; i < files.count; i++)
        mutant_add(all, p, reference, (mutant){.chapter = c, .exercise = e}, files.items[i]);
    free(directory);
    list_free(&files);
}

/* ---- judging ---- */

static void round_add(round *r, mutant *m) {
    m->round = r;
    m->request = r->request_count;
    request_add(&r->requests, &r->request_count,
                (request){.code = m->code,
                          .chapter = m->chapter,
                          .only = m->exercise,
                          .until_failure = 1,
                          .first = m->catcher});
}

static const result *result_of(const request *r, const exercise *e) {
    return &r->results[e - r->chapter->exercises];
}

static const result *mutant_result(const mutant *m) {
    return result_of(&m->round->requests[m->request], m->exercise);
}

/* NULL if no mutant of that chapter was caught. */
static request *original_of(const round *r, const chapter *c) {
    for (int i = 0; i < r->original_count; i++)
        if (r->originals[i].chapter == c)
            return &r->originals[i];
    return NULL;
}

static char **nothing_asked(const chapter *c) {
    char **asked = allocate((size_t)c->exercise_count * sizeof *asked);
    for (int i = 0; i < c->exercise_count; i++)
        asked[i] = allocate((size_t)c->exercises[i].scenario_count);
    return asked;
}

/* Asks for what has caught the mutant. */
static void ask_reference(const mutant *m, const code *reference) {
    const outcome *o = result_failure(mutant_result(m));
    round *r = m->round;
    if (!o)
        return;
    if (!original_of(r, m->chapter))
        request_add(&r->originals, &r->original_count,
                    (request){.code = reference,
                              .chapter = m->chapter,
                              .asked = nothing_asked(m->chapter)});
    original_of(r, m->chapter)
        ->asked[m->exercise - m->chapter->exercises][o->scenario - m->exercise->scenarios] = 1;
}

/* What catches mutants, the reference must pass: if it were broken, every mutant would look caught. */
static void round_judge(round *r, const mutants *all, const plan *p, const code *reference) {
    under_choose(r->under);
    judge(p, r->requests, r->request_count, NULL, NULL);
    for (int i = 0; i < all->count; i++)
        if (all->items[i].round == r)
            ask_reference(&all->items[i], reference);
    judge(p, r->originals, r->original_count, NULL, NULL);
}

static void original_free(request *r) {
    results_free(r->chapter, r->results);
    for (int i = 0; i < r->chapter->exercise_count; i++)
        free(r->asked[i]);
    free(r->asked);
}

static void round_free(round *r) {
    for (int i = 0; i < r->request_count; i++)
        results_free(r->requests[i].chapter, r->requests[i].results);
    for (int i = 0; i < r->original_count; i++)
        original_free(&r->originals[i]);
    free(r->requests);
    free(r->originals);
}

/* ---- the report ---- */

static char *with_trouble(const char *reason, const result *r) {
    const outcome *o = result_failure(r);
    char *words = trouble_of(r);
    char *all = formatted("%s\n%s\n%s", reason, words, o ? text_string(&o->details) : "");
    free(words);
    return all;
}

/* Why the mutant is not caught as it must be; NULL if it is. */
static char *not_caught(const mutant *m) {
    if (m->problem)
        return duplicate(m->problem);
    const result *r = mutant_result(m);
    const char *wanted = fields_get(&m->patch.head, "verdict");
    if (r->kind == PASS)
        return formatted("every scenario passes, though this student believes:\n  %s",
                         fields_get(&m->patch.head, "misconception"));
    if (r->kind == COMPILE_ERROR || r->kind == LINK_ERROR || r->kind == MISSING_FILE ||
        r->kind == MISSING_LIBRARY || r->kind == GRADER_ERROR)
        return with_trouble("a mutant must run", r);
    const result *original = result_of(original_of(m->round, m->chapter), m->exercise);
    if (original->kind != PASS)
        return with_trouble("the reference itself does not pass this exercise", original);
    if (wanted && strcmp(wanted, verdict_name(r->kind)) != 0)
        return with_trouble("it has another verdict than its 'verdict:'", r);
    if (r->kind == TIMEOUT && !wanted) /* the machine may just have been slow */
        return with_trouble("only the real time has caught it, and there is no 'verdict: timeout'",
                            r);
    if (!m->catcher)
        return formatted("it does not say 'scenario: %s', which has caught it",
                         result_failure(r)->scenario->name);
    return NULL;
}

static void mutant_report(checks *k, const mutant *m) {
    char *reason = not_caught(m);
    if (reason) {
        check_failed(k, reason, "%s/%s %s  not caught", short_name(m->chapter), m->exercise->id,
                     m->name);
    } else {
        const outcome *o = result_failure(mutant_result(m));
        /* A scenario about threads may catch it on one day and not on another. */
        char *other = o && o->scenario != m->catcher
                          ? formatted("by %s, while its 'scenario: %s' passes: ", o->scenario->name,
                                      m->catcher->name)
                          : duplicate("");
        check_passed(k, "%s/%s %s  caught: %s%s", short_name(m->chapter), m->exercise->id, m->name,
                     other, o && o->headline ? o->headline : "");
        free(other);
    }
    free(reason);
}

static void count_report(checks *k, const mutants *all, const chapter *c) {
    int count = 0;
    for (int i = 0; i < all->count; i++)
        count += all->items[i].chapter == c;
    if (count >= MUTANTS_WANTED)
        check_passed(k, "%s  %d mutants", c->name, count);
    else
        check_failed(k, NULL, "%s  %d mutants, at least %d are wanted", c->name, count,
                     MUTANTS_WANTED);
}

static void mutants_free(mutants *all) {
    for (int i = 0; i < all->count; i++) {
        mutant *m = &all->items[i];
        free(m->name);
        free(m->problem);
        patch_free(&m->patch);
        if (m->code)
            code_free(m->code);
    }
    free(all->items);
    round_free(&all->plain);
    round_free(&all->sanitized);
}

static void judge_all(mutants *all, const plan *p, const code *reference) {
    for (int i = 0; i < all->count; i++)
        if (!all->items[i].problem)
            round_add(&all->plain, &all->items[i]);
    round_judge(&all->plain, all, p, reference);
    for (int i = 0; i < all->count; i++) {
        char *reason = not_caught(&all->items[i]);
        if (reason && !all->items[i].problem)
            round_add(&all->sanitized, &all->items[i]);
        free(reason);
    }
    round_judge(&all->sanitized, all, p, reference);
}

/* e: NULL for the chapter as a whole. */
static int wanted(plan *p, const options *o, const chapter *c, const exercise *e) {
    chapter *of = o->chapter ? plan_chapter(p, o->chapter) : NULL;
    const exercise *only = o->exercise ? plan_exercise(p, o->exercise, &of) : NULL;
    return (!of || of == c) && (!only || !e || only == e);
}

int command_mutants(plan *p, const options *o) {
    checks k = {0};
    mutants all = {.plain.under = "none", .sanitized.under = "address"};
    code *reference = code_reference(p);
    for (int i = 0; i < p->chapter_count; i++)
        for (int j = 0; j < p->chapters[i].exercise_count; j++)
            if (wanted(p, o, &p->chapters[i], &p->chapters[i].exercises[j]))
                mutants_of(&all, p, reference, &p->chapters[i], &p->chapters[i].exercises[j]);
    judge_all(&all, p, reference);
    for (int i = 0; i < all.count; i++)
        mutant_report(&k, &all.items[i]);
    for (int i = 0; i < p->chapter_count; i++)
        if (wanted(p, o, &p->chapters[i], NULL) && !o->exercise)
            count_report(&k, &all, &p->chapters[i]);
    mutants_free(&all);
    code_free(reference);
    return checks_end(&k);
}
