#include "lint.h"

#include "page.h"
#include "starters.h"

#include <stdlib.h>
#include <string.h>

static const char *const FOLDER = "harness/exercises";

/* What one chapter or exercise lacks, as lines; and where its files are. */
typedef struct subject {
    const char *root;
    char *directory; /* below root */
    fields head;     /* chapter.txt or exercise.txt */
    text lacks;
} subject;

typedef struct chapter_lint {
    subject about;
    const char *name;
    list files, exercises; /* what chapter.txt lists */
    list regions;          /* the exercises that have a region with not_done() in the reference */
    int mutants;
} chapter_lint;

static void lacks(subject *s, const char *words) {
    text_addf(&s->lacks, "%s\n", words);
}

/* Reads the head of a subject; what cannot be read is what it lacks. */
static void subject_read(subject *s, const char *file) {
    char *path = formatted("%s/%s", s->directory, file);
    char *head = file_text(s->root, path);
    char *problem = head ? fields_parse(&s->head, path, head) : formatted("there is no %s", path);
    if (problem)
        lacks(s, problem);
    free(problem);
    free(head);
    free(path);
}

static void subject_report(subject *s, checks *k, const char *name) {
    if (s->lacks.length)
        check_failed(k, text_string(&s->lacks), "%s", name);
    else
        check_passed(k, "%s", name);
    text_free(&s->lacks);
    fields_free(&s->head);
    free(s->directory);
}

static void want_key(subject *s, const char *key) {
    const char *value = fields_get(&s->head, key);
    if (!value || !*value)
        text_addf(&s->lacks, "no '%s:'\n", key);
}

static int count_key(const subject *s, const char *key) {
    int count = 0;
    for (int i = 0; i < s->head.count; i++)
        count += strcmp(s->head.items[i].key, key) == 0 && *s->head.items[i].value;
    return count;
}

static void find_twice(subject *s, const list *words, const char *what) {
    list seen = {0};
    for (int i = 0; i < words->count; i++) {
        if (list_has(&seen, words->items[i]))
            text_addf(&s->lacks, "%s %s is listed twice\n", what, words->items[i]);
        list_add(&seen, words->items[i]);
    }
    list_free(&seen);
}

/* macro: where SCENARIO( stands. */
static void add_scenario(list *names, const char *macro) {
    const char *start = strchr(macro, '(') + 1;
    start += strspn(start, " \t\n");
    char *name = formatted("%.*s", (int)strcspn(start, " \t\n,)"), start);
    for (char *p = name; *p; p++)
        *p = *p == '_' ? '-' : *p;
    list_add(names, name);
    free(name);
}

void scenario_names(const char *source, list *names) {
    for (const char *line = source; line; line = strchr(line, '\n')) {
        line += *line == '\n';
        if (starts_with(line, "SCENARIO(") || starts_with(line, "COST_SCENARIO("))
            add_scenario(names, line);
    }
}

/* The names of the files in directory/below that end with suffix, without it. */
static void stems(const subject *s, const char *below, const char *suffix, list *names) {
    list files = {0};
    char *path = formatted("%s/%s", s->directory, below);
    files_in(&files, s->root, path, suffix);
    for (int i = 0; i < files.count; i++)
        list_addf(names, "%.*s", (int)(strlen(files.items[i]) - strlen(suffix)), files.items[i]);
    list_free(&files);
    free(path);
}

static void lint_scenarios(subject *s) {
    list scenarios = {0}, traces = {0};
    char *path = formatted("%s/scenarios.c", s->directory);
    char *source = file_text(s->root, path);
    scenario_names(source ? source : "", &scenarios);
    stems(s, "expected", ".trace", &traces);
    if (!scenarios.count)
        text_addf(&s->lacks, "no scenario in %s\n", path);
    find_twice(s, &scenarios, "scenario");
    for (int i = 0; i < scenarios.count; i++)
        if (!list_has(&traces, scenarios.items[i]))
            text_addf(&s->lacks, "no expected trace of scenario %s: make expected records it\n",
                      scenarios.items[i]);
    for (int i = 0; i < traces.count; i++)
        if (!list_has(&scenarios, traces.items[i]))
            text_addf(&s->lacks, "stale expected trace %s.trace: there is no such scenario\n",
                      traces.items[i]);
    list_free(&scenarios);
    list_free(&traces);
    free(source);
    free(path);
}

static void lint_points(subject *s) {
    const char *value = fields_get(&s->head, "points");
    char *end = NULL;
    long points = value ? strtol(value, &end, 10) : 0;
    if (points <= 0 || *end)
        lacks(s, "no 'points:', a number above 0");
}

static void lint_hints(subject *s) {
    int hints = count_key(s, "hint");
    if (hints != HINTS_WANTED)
        text_addf(&s->lacks, "%d hints; %d are wanted, from a nudge to nearly the code\n", hints,
                  HINTS_WANTED);
}

static void lint_book(subject *s) {
    const char *value = fields_get(&s->head, "book");
    if (!value || !strchr(value, '#')) {
        lacks(s, "no 'book:', PAGE.md#SECTION");
        return;
    }
    char *target = formatted("book/%s", value);
    char *problem = section_problem(s->root, target);
    if (problem)
        text_addf(&s->lacks, "no book section: %s\n", problem);
    free(problem);
    free(target);
}

static void lint_region(subject *s, const chapter_lint *c, const char *id) {
    const char *value = fields_get(&s->head, "region");
    int none = value && strcmp(value, "none") == 0, begun = list_has(&c->regions, id);
    if (!none && !begun)
        text_addf(&s->lacks,
                  "no region in a function of solutions/%s ('region: none' if there is nothing of "
                  "its own to write)\n",
                  c->name);
    if (none && begun)
        text_addf(&s->lacks, "'region: none', but solutions/%s has one\n", c->name);
}

static void lint_exercise(checks *k, chapter_lint *c, const char *id) {
    subject s = {.root = c->about.root};
    list mutants = {0};
    s.directory = formatted("%s/%s/%s", FOLDER, c->name, id);
    subject_read(&s, "exercise.txt");
    want_key(&s, "title");
    want_key(&s, "contract");
    lint_points(&s);
    lint_hints(&s);
    lint_book(&s);
    lint_scenarios(&s);
    lint_region(&s, c, id);
    stems(&s, "mutants", ".mutant", &mutants);
    c->mutants += mutants.count;
    if (!mutants.count)
        lacks(&s, "no mutant");
    char *name = formatted("%s %s", c->name, id);
    subject_report(&s, k, name);
    list_free(&mutants);
    free(name);
}

/* The exercises that there are folders of. */
static void folders_of_exercises(const chapter_lint *c, list *ids) {
    list topics = {0};
    folders_in(&topics, c->about.root, c->about.directory);
    for (int i = 0; i < topics.count; i++) {
        list names = {0};
        char *topic = formatted("%s/%s", c->about.directory, topics.items[i]);
        folders_in(&names, c->about.root, topic);
        for (int j = 0; j < names.count; j++)
            list_addf(ids, "%s/%s", topics.items[i], names.items[j]);
        list_free(&names);
        free(topic);
    }
    list_free(&topics);
}

static void lint_list(chapter_lint *c) {
    list folders = {0};
    folders_of_exercises(c, &folders);
    find_twice(&c->about, &c->exercises, "exercise");
    for (int i = 0; i < folders.count; i++)
        if (!list_has(&c->exercises, folders.items[i]))
            text_addf(&c->about.lacks, "chapter.txt does not list exercise %s\n", folders.items[i]);
    for (int i = 0; i < c->exercises.count; i++)
        if (!list_has(&folders, c->exercises.items[i]))
            text_addf(&c->about.lacks, "no folder of exercise %s, which chapter.txt lists\n",
                      c->exercises.items[i]);
    list_free(&folders);
}

/* Reads the graded files of the reference and remembers which exercises begin in them. */
static void lint_files(chapter_lint *c) {
    for (int i = 0; i < c->files.count; i++) {
        regions r = {0};
        char *path = formatted("solutions/%s/%s", c->name, c->files.items[i]);
        char *source = file_text(c->about.root, path);
        if (!source)
            text_addf(&c->about.lacks, "no %s, which chapter.txt lists\n", path);
        regions_find(&r, source ? source : "");
        for (int j = 0; j < r.count; j++)
            if (!r.items[j].at_file_level)
                list_add(&c->regions, r.items[j].exercise);
        regions_free(&r);
        free(source);
        free(path);
    }
}

static void lint_counts(chapter_lint *c) {
    list variants = {0};
    char *directory = formatted("harness/variants/%s", c->name);
    folders_in(&variants, c->about.root, directory);
    if (variants.count < VARIANTS_WANTED)
        text_addf(&c->about.lacks, "%d variants in %s; at least %d are wanted\n", variants.count,
                  directory, VARIANTS_WANTED);
    if (c->mutants < MUTANTS_WANTED)
        text_addf(&c->about.lacks, "%d mutants; at least %d are wanted\n", c->mutants,
                  MUTANTS_WANTED);
    list_free(&variants);
    free(directory);
}

static void lint_page(chapter_lint *c) {
    char *page = formatted("book/%s.md", c->name);
    char *problem = section_problem(c->about.root, page);
    if (problem)
        lacks(&c->about, problem);
    free(problem);
    free(page);
}

/* ids: of the chapters before; an exercise is named by its id alone. */
static void lint_ids(chapter_lint *c, list *ids) {
    list mine = {0};
    for (int i = 0; i < c->exercises.count; i++)
        if (list_has(ids, c->exercises.items[i]))
            text_addf(&c->about.lacks, "another chapter has an exercise %s, too\n",
                      c->exercises.items[i]);
        else
            list_add(&mine, c->exercises.items[i]);
    for (int i = 0; i < mine.count; i++)
        list_add(ids, mine.items[i]);
    list_free(&mine);
}

static void lint_chapter(checks *k, const char *root, const char *name, list *ids) {
    static const char *const KEYS[] = {"title", "part", "files", "exercises", "summary"};
    chapter_lint c = {.about = {.root = root}, .name = name};
    c.about.directory = formatted("%s/%s", FOLDER, name);
    subject_read(&c.about, "chapter.txt");
    for (size_t i = 0; i < sizeof KEYS / sizeof *KEYS; i++)
        want_key(&c.about, KEYS[i]);
    fields_words(&c.about.head, "files", &c.files);
    fields_words(&c.about.head, "exercises", &c.exercises);
    lint_files(&c);
    lint_list(&c);
    lint_ids(&c, ids);
    lint_page(&c);
    for (int i = 0; i < c.exercises.count; i++)
        lint_exercise(k, &c, c.exercises.items[i]);
    lint_counts(&c);
    subject_report(&c.about, k, name);
    list_free(&c.files);
    list_free(&c.exercises);
    list_free(&c.regions);
}

static void lint_solutions(checks *k, const char *root, const list *chapters) {
    list solutions = {0};
    folders_in(&solutions, root, "solutions");
    for (int i = 0; i < solutions.count; i++)
        if (!list_has(chapters, solutions.items[i]))
            check_failed(k, NULL, "solutions/%s  has no %s/%s/chapter.txt", solutions.items[i],
                         FOLDER, solutions.items[i]);
    list_free(&solutions);
}

void lint(checks *k, const char *root) {
    list chapters = {0}, ids = {0};
    folders_in(&chapters, root, FOLDER);
    for (int i = 0; i < chapters.count; i++)
        lint_chapter(k, root, chapters.items[i], &ids);
    lint_solutions(k, root, &chapters);
    list_free(&chapters);
    list_free(&ids);
}
