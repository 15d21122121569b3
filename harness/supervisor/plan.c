#include "plan.h"

#include "trace.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

static const char *const FOLDER = "harness/exercises";

/* Reads root/path; without it there is no plan. The text is the caller's. */
static char *read_or_die(const plan *p, const char *path) {
    text t = {0};
    char *full = formatted("%s/%s", p->root, path);
    int error = read_file(full, &t);
    if (error)
        die("%s: %s", path, strerror(-error));
    free(full);
    return t.data;
}

static void fields_or_die(const plan *p, const char *path, fields *f) {
    char *string = read_or_die(p, path);
    char *wrong = fields_parse(f, path, string);
    if (wrong)
        die("%s", wrong);
    free(string);
}

/* The value of a key that must be there; the caller's. */
static char *wanted(const fields *f, const char *path, const char *key) {
    const char *value = fields_get(f, key);
    if (!value || !*value)
        die("%s: '%s:' is missing", path, key);
    return duplicate(value);
}

/* Scenarios, in the order of scenarios.c. */

static void scenario_add(exercise *e, const char *name, size_t length, int line) {
    scenario *s;
    e->scenarios = reallocate(e->scenarios, (size_t)(e->scenario_count + 1) * sizeof *s);
    s = &e->scenarios[e->scenario_count++];
    *s = (scenario){.name = formatted("%.*s", (int)length, name), .line = line};
    for (char *c = s->name; *c; c++)
        if (*c == '_')
            *c = '-';
}

/* The name in SCENARIO(name, or COST_SCENARIO(name, at the left margin; NULL if line has none. */
static const char *scenario_name(const char *line, size_t *length) {
    if (starts_with(line, "COST_"))
        line += strlen("COST_");
    if (!starts_with(line, "SCENARIO("))
        return NULL;
    line += strlen("SCENARIO(");
    line += strspn(line, " \t\n");
    *length = 0;
    while (isalnum((unsigned char)line[*length]) || line[*length] == '_')
        ++*length;
    return *length ? line : NULL;
}

static void read_scenarios(const plan *p, exercise *e) {
    char *path = formatted("%s/scenarios.c", e->directory);
    char *source = read_or_die(p, path);
    int number = 1;
    for (const char *line = source; line; line = strchr(line, '\n'), number++) {
        size_t length;
        line += *line == '\n';
        const char *name = scenario_name(line, &length);
        if (name)
            scenario_add(e, name, length, number);
    }
    if (!e->scenario_count)
        die("%s: no SCENARIO(...) at the left margin", path);
    free(source);
    free(path);
}

static void read_trace(const plan *p, const exercise *e, scenario *s) {
    text t = {0};
    char *path = formatted("%s/expected/%s.trace", e->directory, s->name);
    char *full = formatted("%s/%s", p->root, path);
    int error = read_file(full, &t);
    if (error)
        die("%s: %s (make expected records it)", path, strerror(-error));
    char *wrong = trace_parse_expected(s, path, text_string(&t));
    if (wrong)
        die("%s", wrong);
    text_free(&t);
    free(full);
    free(path);
}

/* Exercises. */

static int read_points(const fields *f, const char *path) {
    char *value = wanted(f, path, "points"), *end;
    long points = strtol(value, &end, 10);
    if (*end || points < 1 || points > 1000)
        die("%s: 'points: %s' is no number from 1 to 1000", path, value);
    free(value);
    return (int)points;
}

/* `calm: cancel one two memory one`: the names of modes, and behind each scenarios. */
static void read_calm(exercise *e, const char *value) {
    static const char *const modes[] = {"order",        "cut",    "reset", "cancel",
                                        "cancel-woken", "memory", NULL};
    list words = {0};
    const char *mode = NULL;
    split(&words, value ? value : "", " ");
    for (int i = 0; i < words.count; i++) {
        const char *found = NULL;
        for (int m = 0; modes[m]; m++)
            if (strcmp(modes[m], words.items[i]) == 0)
                found = modes[m];
        if (found)
            mode = found;
        else
            list_addf(&e->calm, "%s %s", mode ? mode : "?", words.items[i]);
    }
    list_free(&words);
}

static void read_exercise(const plan *p, const chapter *c, exercise *e, const char *id,
                          int with_traces) {
    fields f = {0};
    e->id = duplicate(id);
    e->directory = formatted("%s/%s/%s", FOLDER, c->name, id);
    char *path = formatted("%s/exercise.txt", e->directory);
    fields_or_die(p, path, &f);
    e->title = wanted(&f, path, "title");
    e->book = wanted(&f, path, "book");
    e->contract = wanted(&f, path, "contract");
    e->points = read_points(&f, path);
    for (int i = 0; i < f.count; i++)
        if (strcmp(f.items[i].key, "hint") == 0)
            list_add(&e->hints, f.items[i].value);
    split(&e->pieces, fields_get(&f, "pieces") ? fields_get(&f, "pieces") : "", " ");
    read_calm(e, fields_get(&f, "calm"));
    read_scenarios(p, e);
    for (int i = 0; with_traces && i < e->scenario_count; i++)
        read_trace(p, e, &e->scenarios[i]);
    fields_free(&f);
    free(path);
}

/* Chapters. */

static void split_field(list *l, const fields *f, const char *path, const char *key) {
    char *value = wanted(f, path, key);
    split(l, value, " \t,");
    free(value);
}

/* What lies in the layer's folder and is not for the student to write is given. */
static void find_given(const plan *p, chapter *c) {
    list names = {0};
    char *directory = formatted("%s/solutions/%s", p->root, c->name);
    list_directory(directory, &names);
    for (int i = 0; i < names.count; i++)
        if (ends_with(names.items[i], ".c") && !list_has(&c->graded, names.items[i]))
            list_add(&c->given, names.items[i]);
    list_free(&names);
    free(directory);
}

/* What a chapter stands on. */

static void add_library(chapter *c, const char *library, const char *package) {
    if (list_has(&c->libraries, library))
        return;
    list_add(&c->libraries, library);
    list_add(&c->packages, package);
}

/* "libcurl=libcurl4-openssl-dev": the name for pkg-config, and the Debian package. */
static void add_libraries(chapter *c, const fields *f, const char *path) {
    list words = {0};
    const char *value = fields_get(f, "libraries");
    split(&words, value ? value : "", " \t,");
    for (int i = 0; i < words.count; i++) {
        char *equals = strchr(words.items[i], '=');
        if (!equals)
            die("%s: 'libraries: %s' does not say which package brings it: LIBRARY=PACKAGE", path,
                words.items[i]);
        *equals = '\0';
        add_library(c, words.items[i], equals + 1);
    }
    list_free(&words);
}

int is_below(const chapter *lower, const chapter *c) {
    for (int i = 0; i < c->below_count; i++)
        if (c->below[i] == lower)
            return 1;
    return 0;
}

static void use(char *used, const plan *p, const chapter *lower) {
    used[lower - p->chapters] = 1;
    for (int i = 0; i < lower->below_count; i++)
        used[lower->below[i] - p->chapters] = 1;
}

/* Marks the chapters that c uses. Without a word about it, that is all before it. */
static void find_used(char *used, plan *p, const chapter *c, const fields *f, const char *path) {
    list names = {0};
    const char *value = fields_get(f, "uses");
    split(&names, value ? value : "", " \t,");
    for (int i = 0; i < names.count; i++) {
        const chapter *lower = plan_chapter(p, names.items[i]);
        if (!lower || lower >= c)
            die("%s: 'uses: %s' names no chapter before this one", path, names.items[i]);
        use(used, p, lower);
    }
    for (const chapter *lower = p->chapters; !value && lower < c; lower++)
        use(used, p, lower);
    list_free(&names);
}

static void find_below(plan *p, chapter *c, const fields *f, const char *path) {
    int before = (int)(c - p->chapters);
    char *used = allocate((size_t)before + 1);
    find_used(used, p, c, f, path);
    c->below = allocate((size_t)before * sizeof(chapter *) + 1);
    for (int i = 0; i < before; i++) {
        chapter *lower = &p->chapters[i];
        if (!used[i])
            continue;
        c->below[c->below_count++] = lower;
        for (int j = 0; j < lower->libraries.count; j++)
            add_library(c, lower->libraries.items[j], lower->packages.items[j]);
    }
    free(used);
}

static void read_chapter(plan *p, chapter *c, const char *name, int with_traces) {
    fields f = {0};
    list ids = {0};
    char *path = formatted("%s/%s/chapter.txt", FOLDER, name);
    fields_or_die(p, path, &f);
    c->name = duplicate(name);
    c->number = atoi(name);
    c->title = wanted(&f, path, "title");
    c->part = wanted(&f, path, "part");
    c->summary = wanted(&f, path, "summary");
    split_field(&c->graded, &f, path, "files");
    split_field(&ids, &f, path, "exercises");
    find_given(p, c);
    find_below(p, c, &f, path);
    add_libraries(c, &f, path);
    c->exercises = allocate((size_t)ids.count * sizeof *c->exercises);
    c->exercise_count = ids.count;
    for (int i = 0; i < ids.count; i++)
        read_exercise(p, c, &c->exercises[i], ids.items[i], with_traces);
    list_free(&ids);
    fields_free(&f);
    free(path);
}

/* An id is all that `make test EX=...` gets: no two chapters may have the same. */
static void check_ids(const plan *p) {
    list ids = {0};
    for (int i = 0; i < p->chapter_count; i++)
        for (int j = 0; j < p->chapters[i].exercise_count; j++) {
            const char *id = p->chapters[i].exercises[j].id;
            if (list_has(&ids, id))
                die("%s/%s/chapter.txt: exercise '%s' is there twice", FOLDER, p->chapters[i].name,
                    id);
            list_add(&ids, id);
        }
    list_free(&ids);
}

plan *plan_read(const char *root, int with_traces) {
    plan *p = allocate(sizeof *p);
    p->root = realpath(root, NULL);
    if (!p->root)
        die("%s: no such directory", root);
    list names = {0};
    char *directory = formatted("%s/%s", p->root, FOLDER);
    if (list_directory(directory, &names) < 0)
        die("%s is no workbook: it has no %s/", root, FOLDER);
    p->chapters = allocate((size_t)names.count * sizeof *p->chapters);
    for (int i = 0; i < names.count; i++)
        if (isdigit((unsigned char)names.items[i][0]))
            read_chapter(p, &p->chapters[p->chapter_count++], names.items[i], with_traces);
    check_ids(p);
    list_free(&names);
    free(directory);
    return p;
}

chapter *plan_chapter(plan *p, const char *name_or_number) {
    char *end;
    long number = strtol(name_or_number, &end, 10);
    int is_number = isdigit((unsigned char)*name_or_number) && !*end;
    for (int i = 0; i < p->chapter_count; i++) {
        chapter *c = &p->chapters[i];
        if (is_number ? c->number == number : strcmp(c->name, name_or_number) == 0)
            return c;
    }
    return NULL;
}

exercise *plan_exercise(plan *p, const char *id, chapter **of) {
    for (int i = 0; i < p->chapter_count; i++)
        for (int j = 0; j < p->chapters[i].exercise_count; j++)
            if (strcmp(p->chapters[i].exercises[j].id, id) == 0) {
                if (of)
                    *of = &p->chapters[i];
                return &p->chapters[i].exercises[j];
            }
    return NULL;
}

int exercise_points(const chapter *c) {
    int points = 0;
    for (int i = 0; i < c->exercise_count; i++)
        points += c->exercises[i].points;
    return points;
}
