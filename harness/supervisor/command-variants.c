/* command-variants.c - different but right implementations must get full marks: what fails one of
 * them fixes more than the contract promises. */
#include "authoring.h"
#include "build.h"
#include "commands.h"
#include "judge.h"
#include "lint.h"

#include <stdlib.h>
#include <string.h>

typedef struct variant {
    chapter *chapter;
    char *name;
    code *code;
    char *problem; /* why it cannot be judged; NULL if it can */
    int request;
} variant;

typedef struct variants {
    variant *items;
    int count;
    request *requests;
    int request_count;
} variants;

/* Puts one file of the variant over the reference's. Returns what is wrong, or NULL. */
static char *overlay(variant *v, const plan *p, const char *directory, const char *file,
                     const code *reference) {
    code_file *original = code_find(reference, v->chapter, file);
    if (!original)
        return formatted("%s is no graded file of %s", file, v->chapter->name);
    char *path = formatted("%s/%s/%s", p->root, directory, file), *problem = NULL;
    text source = {0};
    int error = read_file(path, &source);
    if (error)
        problem = formatted("%s: %s", file, strerror(-error));
    else if (strcmp(text_string(&source), text_string(&original->source)) == 0)
        problem = formatted("%s is the reference's, not a different implementation", file);
    else
        code_set(v->code, v->chapter, file, text_string(&source));
    text_free(&source);
    free(path);
    return problem;
}

static void variant_add(variants *all, const plan *p, const code *reference, chapter *c,
                        const char *name) {
    variant v = {.chapter = c, .name = duplicate(name)};
    char *id = code_name("variant", c->name, name);
    char *directory = formatted("harness/variants/%s/%s", c->name, name);
    list files = {0};
    v.code = code_copy(reference, id);
    files_in(&files, p->root, directory, ".c");
    if (!files.count)
        v.problem = formatted("%s: no .c files", directory);
    for (int i = 0; i < files.count && !v.problem; i++)
        v.problem = overlay(&v, p, directory, files.items[i], reference);
    if (!v.problem) {
        all->requests =
            reallocate(all->requests, (size_t)(all->request_count + 1) * sizeof(request));
        v.request = all->request_count++;
        all->requests[v.request] = (request){.code = v.code, .chapter = c, .base = BASE_REFERENCE};
    }
    all->items = reallocate(all->items, (size_t)(all->count + 1) * sizeof *all->items);
    all->items[all->count++] = v;
    list_free(&files);
    free(directory);
    free(id);
}

static void variants_of(variants *all, const plan *p, const code *reference, chapter *c) {
    list names = {0};
    char *directory = formatted("harness/variants/%s", c->name);
    folders_in(&names, p->root, directory);
    for (int i = 0; i < names.count; i++)
        variant_add(all, p, reference, c, names.items[i]);
    free(directory);
    list_free(&names);
}

/* Adds what the compiler says about the variant's own files. */
static void add_warnings(const variant *v, const plan *p, text *reason) {
    for (int i = 0; i < v->code->count; i++) {
        const code_file *f = &v->code->files[i];
        char *words = strcmp(f->folder, "solutions") == 0 ? NULL : compiler_words(p, f);
        text_add(reason, words ? words : "");
        free(words);
    }
}

static void variant_report(checks *k, const plan *p, const variants *all, const variant *v) {
    text reason = {0};
    if (v->problem)
        text_add(&reason, v->problem);
    else
        troubles_of(v->chapter, all->requests[v->request].results, NULL, &reason);
    if (!v->problem)
        add_warnings(v, p, &reason);
    if (reason.length)
        check_failed(k, text_string(&reason), "%s %s  does not get full marks, or has warnings",
                     v->chapter->name, v->name);
    else
        check_passed(k, "%s %s  %d of %d points", v->chapter->name, v->name,
                     exercise_points(v->chapter), exercise_points(v->chapter));
    text_free(&reason);
}

static void count_report(checks *k, const variants *all, const chapter *c) {
    int count = 0;
    for (int i = 0; i < all->count; i++)
        count += all->items[i].chapter == c;
    if (count >= VARIANTS_WANTED)
        check_passed(k, "%s  %d variants", c->name, count);
    else
        check_failed(k, NULL, "%s  %d variants, at least %d are wanted", c->name, count,
                     VARIANTS_WANTED);
}

static void variants_free(variants *all) {
    for (int i = 0; i < all->request_count; i++)
        results_free(all->requests[i].chapter, all->requests[i].results);
    for (int i = 0; i < all->count; i++) {
        free(all->items[i].name);
        free(all->items[i].problem);
        code_free(all->items[i].code);
    }
    free(all->items);
    free(all->requests);
}

int command_variants(plan *p, const options *o) {
    checks k = {0};
    variants all = {0};
    code *reference = code_reference(p);
    chapter *only = o->chapter ? plan_chapter(p, o->chapter) : NULL;
    for (int i = 0; i < p->chapter_count; i++)
        if (!only || only == &p->chapters[i])
            variants_of(&all, p, reference, &p->chapters[i]);
    judge(p, all.requests, all.request_count, NULL, NULL);
    for (int i = 0; i < all.count; i++)
        variant_report(&k, p, &all, &all.items[i]);
    for (int i = 0; i < p->chapter_count; i++)
        if (!only || only == &p->chapters[i])
            count_report(&k, &all, &p->chapters[i]);
    variants_free(&all);
    code_free(reference);
    return checks_end(&k);
}
