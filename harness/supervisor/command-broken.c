/* command-broken.c - each kind of fault gets its own verdict, says what it should, and costs
 * nothing else. */
#include "authoring.h"
#include "commands.h"
#include "judge.h"
#include "patch.h"
#include "report.h"

#include <stdlib.h>
#include <string.h>

static const char *const FOLDER = "harness/tests/broken";

/* The faults that must have a broken submission. */
static const verdict_kind SHOWN[] = {
    MISSING_FILE, COMPILE_ERROR, LINK_ERROR, FAIL,    CRASH,   STACK_OVERFLOW, MEMORY, UNDEFINED,
    LEAK,         DEADLOCK,      ENDLESS,    TIMEOUT, BLOCKED, EXIT,           LIMIT,
};

typedef struct broken {
    char *name;
    patch patch;
    chapter *chapter;
    code *code;
    list exercises; /* those that the fault touches */
    list excused;   /* those and the ones that may fail too */
    verdict_kind kind;
    char *problem;
    int request;
} broken;

/* Reads what the head of the file says. Returns what is wrong with it, or NULL. */
static char *broken_head(broken *b, plan *p) {
    const fields *head = &b->patch.head;
    const char *name = fields_get(head, "chapter"), *kind = fields_get(head, "verdict");
    b->chapter = name ? plan_chapter(p, name) : NULL;
    if (!b->chapter)
        return formatted("'chapter: %s' names no chapter", name ? name : "");
    if (!kind || verdict_from_name(kind, &b->kind) < 0 || b->kind == PASS)
        return formatted("'verdict: %s' is no kind of failure", kind ? kind : "");
    fields_words(head, "exercise", &b->exercises);
    fields_words(head, "exercise", &b->excused);
    fields_words(head, "also", &b->excused);
    if (!b->exercises.count)
        return duplicate("no 'exercise:', which must get this verdict");
    for (int i = 0; i < b->excused.count; i++) {
        chapter *of = NULL;
        if (!plan_exercise(p, b->excused.items[i], &of) || of != b->chapter)
            return formatted("%s has no exercise '%s'", b->chapter->name, b->excused.items[i]);
    }
    return NULL;
}

static char *take_away(broken *b, const char *file) {
    code_file *f = code_find(b->code, b->chapter, file);
    if (!f)
        return formatted("'remove: %s' names no graded file of %s", file, b->chapter->name);
    code_remove(f);
    return NULL;
}

static char *change(broken *b) {
    const char *file = fields_get(&b->patch.head, "file");
    code_file *f = file ? code_find(b->code, b->chapter, file) : NULL;
    if (!f)
        return formatted("'file: %s' names no graded file of %s", file ? file : "",
                         b->chapter->name);
    char *problem;
    char *source = patch_apply(&b->patch, file, text_string(&f->source), &problem);
    if (source)
        code_set(b->code, b->chapter, file, source);
    free(source);
    return problem;
}

static void broken_read(broken *b, plan *p, const code *reference, const char *file) {
    char *path = formatted("%s/%s", FOLDER, file);
    b->name = formatted("%.*s", (int)(strlen(file) - strlen(".broken")), file);
    b->problem = patch_read(&b->patch, p->root, path);
    free(path);
    if (!b->problem)
        b->problem = broken_head(b, p);
    if (b->problem)
        return;
    char *id = code_name("broken", b->chapter->name, b->name);
    const char *removed = fields_get(&b->patch.head, "remove");
    b->code = code_copy(reference, id);
    free(id);
    if (removed)
        b->problem = take_away(b, removed);
    if (!b->problem && (!removed || b->patch.lines.count))
        b->problem = change(b);
}

static const result *result_of(const request *r, const char *id) {
    for (int i = 0; i < r->chapter->exercise_count; i++)
        if (strcmp(r->chapter->exercises[i].id, id) == 0)
            return &r->results[i];
    return NULL;
}

static void check_kinds(const broken *b, const request *r, text *reason) {
    for (int i = 0; i < b->exercises.count; i++) {
        const result *got = result_of(r, b->exercises.items[i]);
        if (got->kind == b->kind)
            continue;
        char *words = got->kind == PASS ? duplicate("pass") : trouble_of(got);
        text_addf(reason, "%s  must be %s, but is %s\n", b->exercises.items[i],
                  verdict_name(b->kind), words);
        free(words);
    }
}

/* Is it in the block that a student reads? That has what the program printed, made harmless. */
static int is_shown(const result *r, const char *words) {
    text block = {0};
    if (r->kind != PASS)
        report_block(&block, r);
    int found = strstr(text_string(&block), words) != NULL;
    text_free(&block);
    return found;
}

/* Does a scenario of an exercise that the fault touches say it, or what is shown of its output? */
static int says(const broken *b, const request *r, const char *words) {
    for (int i = 0; i < b->exercises.count; i++) {
        const result *got = result_of(r, b->exercises.items[i]);
        if (is_shown(got, words))
            return 1;
        for (int j = 0; got->outcomes && j < got->exercise->scenario_count; j++) {
            const outcome *o = &got->outcomes[j];
            if (o->kind != PASS && ((o->headline && strstr(o->headline, words)) ||
                                    strstr(text_string(&o->details), words)))
                return 1;
        }
    }
    return 0;
}

static void check_words(const broken *b, const request *r, text *reason) {
    const result *got = result_of(r, b->exercises.items[0]);
    const outcome *o = result_failure(got);
    for (int i = 0; i < b->patch.head.count; i++) {
        const field *f = &b->patch.head.items[i];
        if (strcmp(f->key, "says") == 0 && !says(b, r, f->value))
            text_addf(reason, "its message does not say '%s':\n%s\n%s", f->value,
                      o && o->headline ? o->headline : "", o ? text_string(&o->details) : "");
    }
}

static void broken_report(checks *k, const broken *b, const request *requests) {
    text reason = {0};
    if (b->problem) {
        text_add(&reason, b->problem);
    } else {
        const request *r = &requests[b->request];
        text others = {0};
        check_kinds(b, r, &reason);
        check_words(b, r, &reason);
        if (troubles_of(b->chapter, r->results, &b->excused, &others))
            text_addf(&reason, "it costs other exercises too:\n%s", text_string(&others));
        text_free(&others);
    }
    if (reason.length)
        check_failed(k, text_string(&reason), "%s", b->name);
    else
        check_passed(k, "%s  %s", b->name, verdict_name(b->kind));
    text_free(&reason);
}

static void shown_report(checks *k, const broken *all, int count) {
    for (size_t i = 0; i < sizeof SHOWN / sizeof *SHOWN; i++) {
        int shown = 0;
        for (int j = 0; j < count; j++)
            shown += !all[j].problem && all[j].kind == SHOWN[i];
        if (!shown)
            check_failed(k, NULL, "no broken submission shows the verdict %s",
                         verdict_name(SHOWN[i]));
    }
}

static void broken_free(broken *b) {
    free(b->name);
    free(b->problem);
    patch_free(&b->patch);
    list_free(&b->exercises);
    list_free(&b->excused);
    if (b->code)
        code_free(b->code);
}

/* Judges all at once. Returns the requests, the caller's. */
static request *judge_all(const plan *p, broken *all, int count, int *request_count) {
    request *requests = allocate((size_t)count * sizeof *requests);
    for (int i = 0; i < count; i++)
        if (!all[i].problem) {
            all[i].request = *request_count;
            requests[(*request_count)++] =
                (request){.code = all[i].code, .chapter = all[i].chapter, .base = BASE_REFERENCE};
        }
    judge(p, requests, *request_count, NULL, NULL);
    return requests;
}

int command_broken(plan *p, const options *o) {
    checks k = {0};
    list files = {0};
    code *reference = code_reference(p);
    files_in(&files, p->root, FOLDER, ".broken");
    broken *all = allocate((size_t)files.count * sizeof *all);
    for (int i = 0; i < files.count; i++)
        broken_read(&all[i], p, reference, files.items[i]);
    int request_count = 0;
    request *requests = judge_all(p, all, files.count, &request_count);
    for (int i = 0; i < files.count; i++)
        broken_report(&k, &all[i], requests);
    shown_report(&k, all, files.count);
    for (int i = 0; i < request_count; i++)
        results_free(requests[i].chapter, requests[i].results);
    for (int i = 0; i < files.count; i++)
        broken_free(&all[i]);
    free(requests);
    free(all);
    list_free(&files);
    code_free(reference);
    return checks_end(&k);
}
