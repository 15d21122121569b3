/* command-starters.c - writes chapters/ from solutions/, or says what differs. */
#include "authoring.h"
#include "commands.h"
#include "starters.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Where files go that are about to be replaced: a student who says `make starters` loses
 * nothing. */
static const char *const REPLACED = "build/replaced";

typedef struct work {
    plan *plan;
    int check; /* only say what differs */
    int written;
    list begun; /* the exercises that have a region with not_done() */
    checks checks;
} work;

static int keep_old(const work *w, const char *path, const char *old) {
    char *kept = formatted("%s/%s/%s", w->plan->root, REPLACED, path);
    int error = write_file(kept, old, strlen(old));
    free(kept);
    return error;
}

/* path is below chapters/. */
static void write_starter(work *w, const char *path, const char *starter, const char *old) {
    char *full = formatted("%s/%s", w->plan->root, path);
    int error = old ? keep_old(w, path, old) : 0;
    if (!error)
        error = write_file(full, starter, strlen(starter));
    if (error)
        check_failed(&w->checks, strerror(-error), "%s  cannot be written", path);
    else
        check_passed(&w->checks, "%s  written%s%s", path, old ? "; the old one is in " : "",
                     old ? REPLACED : "");
    w->written += !error;
    free(full);
}

static void compare_starter(work *w, const char *from, const char *path, const char *starter,
                            const char *old) {
    if (old && strcmp(old, starter) == 0) {
        check_passed(&w->checks, "%s", path);
        return;
    }
    char *difference = old ? first_difference(starter, old) : duplicate("the file is missing");
    char *reason = formatted("%s\nmake starters writes it", difference);
    check_failed(&w->checks, reason, "%s  is not the starter of %s", path, from);
    free(difference);
    free(reason);
}

/* What the marks of one file must keep to. Returns what is wrong, or NULL. */
static char *check_region(work *w, const chapter *c, const char *file, const region *r) {
    chapter *of = NULL;
    exercise *e = plan_exercise(w->plan, r->exercise, &of);
    if (!e)
        return formatted("unknown exercise '%s'", r->exercise);
    if (of != c)
        return formatted("exercise '%s' belongs to %s", r->exercise, of->name);
    if (!list_has(&c->graded, file))
        return formatted("%s is not in the 'files:' of chapter.txt: students do not write it",
                         file);
    if (!r->at_file_level)
        list_add(&w->begun, r->exercise);
    return NULL;
}

static int regions_are_right(work *w, const chapter *c, const char *from, const char *file,
                             const char *source) {
    regions r = {0};
    int failed = w->checks.failed;
    regions_find(&r, source);
    for (int i = 0; i < r.count; i++) {
        char *problem = check_region(w, c, file, &r.items[i]);
        if (problem)
            check_failed(&w->checks, NULL, "%s:%d: %s", from, r.items[i].line, problem);
        free(problem);
    }
    if (r.count && !strstr(source, "#include \"workbook.h\""))
        check_failed(&w->checks, NULL, "%s:%d: has regions and does not include \"workbook.h\"",
                     from, r.items[0].line);
    regions_free(&r);
    return w->checks.failed == failed;
}

/* file: its path below solutions/NN-name/. */
static void make_starter(work *w, const chapter *c, const char *file) {
    char *from = formatted("solutions/%s/%s", c->name, file);
    char *path = formatted("chapters/%s/%s", c->name, file);
    char *source = file_text(w->plan->root, from), *old = file_text(w->plan->root, path);
    char *problem = source ? NULL : formatted("%s: cannot be read", from);
    char *starter = source ? starter_of(from, source, &problem) : NULL;
    if (problem)
        check_failed(&w->checks, NULL, "%s", problem);
    else if (!regions_are_right(w, c, from, file, source))
        ; /* has been said */
    else if (w->check)
        compare_starter(w, from, path, starter, old);
    else if (!old || strcmp(old, starter) != 0)
        write_starter(w, path, starter, old);
    free(starter);
    free(problem);
    free(old);
    free(source);
    free(path);
    free(from);
}

/* The .h and .c files of root/folder/NN-name and its demo/, by their paths below NN-name. */
static void sources_in(list *names, const char *root, const char *folder, const char *chapter) {
    static const char *const PLACES[] = {"", "demo/"};
    for (int i = 0; i < 2; i++) {
        char *directory = formatted("%s/%s/%s", folder, chapter, PLACES[i]);
        list all = {0};
        files_in(&all, root, directory, "");
        for (int j = 0; j < all.count; j++)
            if (ends_with(all.items[j], ".c") || ends_with(all.items[j], ".h"))
                list_addf(names, "%s%s", PLACES[i], all.items[j]);
        list_free(&all);
        free(directory);
    }
}

static void remove_stale(work *w, const char *path) {
    char *full = formatted("%s/%s", w->plan->root, path);
    char *old = file_text(w->plan->root, path);
    if (w->check)
        check_failed(&w->checks, "make starters removes it", "%s  is not in the reference", path);
    else if (!old || keep_old(w, path, old) < 0 || unlink(full) < 0)
        check_failed(&w->checks, NULL, "%s  cannot be removed", path);
    else
        check_passed(&w->checks, "%s  removed; the old one is in %s", path, REPLACED);
    w->written++;
    free(old);
    free(full);
}

static void remove_empty(const work *w, const char *chapter) {
    char *demo = formatted("%s/chapters/%s/demo", w->plan->root, chapter);
    char *folder = formatted("%s/chapters/%s", w->plan->root, chapter);
    rmdir(demo); /* each fails if something is left in it: then it stays */
    rmdir(folder);
    free(demo);
    free(folder);
}

static void find_stale(work *w) {
    list chapters = {0};
    folders_in(&chapters, w->plan->root, "chapters");
    for (int i = 0; i < chapters.count; i++) {
        list starters = {0}, sources = {0};
        const char *chapter = chapters.items[i];
        sources_in(&starters, w->plan->root, "chapters", chapter);
        sources_in(&sources, w->plan->root, "solutions", chapter);
        for (int j = 0; j < starters.count; j++)
            if (!list_has(&sources, starters.items[j])) {
                char *path = formatted("chapters/%s/%s", chapter, starters.items[j]);
                remove_stale(w, path);
                free(path);
            }
        if (!w->check)
            remove_empty(w, chapter);
        list_free(&starters);
        list_free(&sources);
    }
    list_free(&chapters);
}

/* An exercise on behaviour alone, with nothing to write of its own, says `region: none`. */
static int needs_region(const plan *p, const chapter *c, const exercise *e) {
    char *path = formatted("harness/exercises/%s/%s/exercise.txt", c->name, e->id);
    char *head = file_text(p->root, path);
    fields f = {0};
    free(fields_parse(&f, path, head ? head : ""));
    const char *region = fields_get(&f, "region");
    int needs = !region || strcmp(region, "none") != 0;
    fields_free(&f);
    free(head);
    free(path);
    return needs;
}

static void make_chapter(work *w, const chapter *c) {
    list sources = {0};
    sources_in(&sources, w->plan->root, "solutions", c->name);
    for (int i = 0; i < sources.count; i++)
        make_starter(w, c, sources.items[i]);
    for (int i = 0; i < c->exercise_count; i++) {
        const exercise *e = &c->exercises[i];
        int begun = list_has(&w->begun, e->id), needs = needs_region(w->plan, c, e);
        if (begun != needs)
            check_failed(&w->checks, NULL, "harness/exercises/%s/%s/exercise.txt:1: %s", c->name,
                         e->id,
                         needs ? "no region of this exercise in a function of the reference"
                               : "'region: none', but the reference has one");
    }
    list_free(&sources);
}

static void find_unknown(work *w) {
    list folders = {0};
    folders_in(&folders, w->plan->root, "solutions");
    for (int i = 0; i < folders.count; i++) {
        const chapter *c = plan_chapter(w->plan, folders.items[i]);
        if (!c || strcmp(c->name, folders.items[i]) != 0)
            check_failed(&w->checks, NULL, "solutions/%s  has no chapter.txt in harness/exercises/",
                         folders.items[i]);
    }
    list_free(&folders);
}

int command_starters(plan *p, const options *o) {
    work w = {.plan = p, .check = o->check};
    for (int i = 0; i < p->chapter_count; i++)
        make_chapter(&w, &p->chapters[i]);
    find_stale(&w);
    find_unknown(&w);
    list_free(&w.begun);
    if (!w.check && !w.written && !w.checks.failed)
        printf("chapters/ is what the reference gives; nothing to write\n");
    return checks_end(&w.checks);
}
