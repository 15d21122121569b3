#include "build.h"

#include "refusals.h"
#include "run.h"
#include "starters.h"
#include "under.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    COMPILE_SECONDS = 60,
    WORDS_KEPT = 256 * 1024,        /* of what a compiler says */
    WORDS_LIMIT = 32 * 1024 * 1024, /* a compiler that says more is ended */
    LINES_SHOWN = 12,
    MOST_MISSING = 200, /* functions that nobody defines */
};

/* Calls of these functions go to the runtime first, which watches them. */
#define WATCHED_FUNCTIONS                                                                          \
    "context_init context_switch context_exit stack_alloc stack_free "                             \
    "uv_loop_init uv_loop_close uv_run uv_spawn"
static const char *const WATCHED = WATCHED_FUNCTIONS;

/* One object file, and the builds that wait for it. */
typedef struct object {
    unit *unit;
    enum { MAKING, MADE, FAILED } state;
    char *words; /* what the compiler said when it failed */
    process process;
    build **waiting;
    int waiting_count;
} object;

/* The place of one object in a program. */
typedef struct slot {
    object *object;
    const code_file *file; /* NULL: the workbook's own */
    int replaced;          /* it is the file's starter */
} slot;

static void go_on(build *b);

/* Objects. */

static object *object_find(const builder *b, const char *path) {
    for (int i = 0; i < b->count; i++)
        if (strcmp(b->objects[i]->unit->object, path) == 0)
            return b->objects[i];
    return NULL;
}

static void object_over(object *o, int state) {
    o->state = state;
    for (int i = 0; i < o->waiting_count; i++)
        if (--o->waiting[i]->waits_for == 0)
            go_on(o->waiting[i]);
    o->waiting_count = 0;
}

/* The words first: an object that is there is complete. */
static int keep_object(const object *o, const text *words) {
    unlink(o->unit->words);
    if (words->length && write_file(o->unit->words, words->data, words->length) < 0)
        return -1;
    return rename(o->unit->fresh, o->unit->object);
}

static char *why_not(const process *p, const char *words) {
    if (p->spawn_error)
        return duplicate(p->spawn_error);
    if (p->out_of_time)
        return formatted("The compiler needed more than %d seconds.\n", COMPILE_SECONDS);
    if (p->channels[CHANNEL_OUTPUT].flooded)
        return formatted("The compiler's messages have no end. They begin:\n%s", words);
    return duplicate(words);
}

static void compiled(process *p, void *arg) {
    object *o = arg;
    const text *words = &p->channels[CHANNEL_OUTPUT].bytes;
    unit_unstage(o->unit);
    int failed = p->spawn_error || p->status != 0 || keep_object(o, words) < 0;
    if (failed) {
        unlink(o->unit->fresh);
        o->words = why_not(p, text_string(words));
    }
    process_clear(p);
    object_over(o, failed ? FAILED : MADE);
}

static void prepare_tool(process *p, const char *directory, void (*ended)(process *, void *),
                         void *arg) {
    p->directory = directory ? duplicate(directory) : NULL;
    p->seconds = COMPILE_SECONDS;
    p->channels[CHANNEL_OUTPUT] = (channel){.keep = WORDS_KEPT, .limit = WORDS_LIMIT};
    p->ended = ended;
    p->arg = arg;
    environment_add_tools(&p->environment);
}

static void compile(builder *b, object *o, const text *source) {
    int error = unit_stage(o->unit, source);
    if (error)
        die("build/: %s", strerror(-error));
    o->process.command = o->unit->command;
    o->unit->command = (list){0};
    prepare_tool(&o->process, o->unit->stage, compiled, o);
    pool_start(b->pool, &o->process);
}

/* The object of u, which becomes the builder's; it is on its way or ready. */
static object *object_want(builder *b, unit *u, const text *source) {
    object *o = object_find(b, u->object);
    if (o) {
        unit_free(u);
        return o;
    }
    o = allocate(sizeof *o);
    o->unit = u;
    b->objects = reallocate(b->objects, (size_t)(b->count + 1) * sizeof(object *));
    b->objects[b->count++] = o;
    o->state = cache_use(u->object) ? MADE : MAKING;
    if (o->state == MADE)
        cache_use(u->words);
    else
        compile(b, o, source);
    return o;
}

/* Builds. */

static void wait_for(build *b, object *o) {
    if (o->state != MAKING)
        return;
    o->waiting = reallocate(o->waiting, (size_t)(o->waiting_count + 1) * sizeof(build *));
    o->waiting[o->waiting_count++] = b;
    b->waits_for++;
}

static void add_slot(build *b, unit *u, const text *source, const code_file *file) {
    object *o = object_want(b->builder, u, source);
    b->slots = reallocate(b->slots, (size_t)(b->slot_count + 1) * sizeof(slot));
    b->slots[b->slot_count++] = (slot){.object = o, .file = file};
    wait_for(b, o);
}

/* A file of the workbook's, at path below the root. */
static void add_ours(build *b, flavour f, const chapter *chapter, const char *path,
                     const char *exercise) {
    const plan *p = b->builder->plan;
    text source = {0};
    char *full = formatted("%s/%s", p->root, path);
    int error = read_file(full, &source);
    if (error)
        die("%s: %s", path, strerror(-error));
    if (b->adverse && chapter && exercise)
        refusals_watch(p, chapter, &source);
    add_slot(b, unit_new(p, f, 1, chapter, path, &source, exercise), &source, NULL);
    text_free(&source);
    free(full);
}

char *file_path(const code_file *f) {
    return formatted("%s/%s/%s", f->folder, f->chapter->name, f->name);
}

static int is_ours(const code_file *f) {
    return strcmp(f->folder, "solutions") == 0;
}

static unit *unit_of(const plan *p, flavour f, const code_file *file) {
    char *path = file_path(file);
    unit *u = unit_new(p, f, is_ours(file), file->chapter, path, &file->source, NULL);
    free(path);
    return u;
}

static void add_fault(build *b, const code_file *file, verdict_kind kind, char *words) {
    b->faults = reallocate(b->faults, (size_t)(b->fault_count + 1) * sizeof *b->faults);
    b->faults[b->fault_count++] = (fault){file, kind, words};
}

/* The starter of a file that cannot be used, as if the student had not begun with it. */
static object *starter_object(build *b, const code_file *file) {
    const plan *p = b->builder->plan;
    const code_file *reference = code_find(b->builder->reference, file->chapter, file->name);
    char *problem = NULL, *path = formatted("chapters/%s/%s", file->chapter->name, file->name);
    char *starter = starter_of(path, text_string(&reference->source), &problem);
    if (!starter)
        die("%s", problem);
    text source = {0};
    text_add(&source, starter);
    unit *u = unit_new(p, b->flavour, 1, file->chapter, path, &source, NULL);
    object *o = object_want(b->builder, u, &source);
    text_free(&source);
    free(starter);
    free(path);
    return o;
}

static void add_file(build *b, const code_file *file) {
    if (!file->problem) {
        add_slot(b, unit_of(b->builder->plan, b->flavour, file), &file->source, file);
        return;
    }
    add_fault(b, file, MISSING_FILE, duplicate(file->problem));
    object *o = starter_object(b, file);
    b->slots = reallocate(b->slots, (size_t)(b->slot_count + 1) * sizeof(slot));
    b->slots[b->slot_count++] = (slot){.object = o, .file = file, .replaced = 1};
    wait_for(b, o);
}

static void add_layer(build *b, const code *code, const chapter *c) {
    for (int i = 0; i < c->graded.count; i++)
        add_file(b, code_find(code, c, c->graded.items[i]));
    for (int i = 0; i < c->given.count; i++) {
        char *path = formatted("solutions/%s/%s", c->name, c->given.items[i]);
        add_ours(b, b->flavour, c, path, NULL);
        free(path);
    }
}

static void add_layers(build *b) {
    const code *reference = b->builder->reference, *own = b->code ? b->code : reference;
    for (int i = 0; i < b->chapter->below_count; i++)
        add_layer(b, b->base == BASE_REFERENCE ? reference : own, b->chapter->below[i]);
    add_layer(b, own, b->chapter);
}

static void add_scenarios(build *b) {
    const chapter *c = b->chapter;
    if (b->explore)
        add_ours(b, CHECKED, c, "harness/explore/scenarios.c", "explore");
    for (int i = 0; i < c->exercise_count; i++) {
        const exercise *e = &c->exercises[i];
        if (b->explore || (b->only && b->only != e))
            continue;
        char *path = formatted("%s/scenarios.c", e->directory);
        add_ours(b, CHECKED, c, path, e->id);
        free(path);
    }
}

/* Calls of these as well, if things shall go wrong. */
static const char *const ADVERSE =
    WATCHED_FUNCTIONS " loop_suspend loop_sleep loop_wake malloc calloc realloc strdup";

/* The runtime's files that begin with demo are for demos, adversity.c for programs that things go
 * wrong around, the others for all scenarios. */
static void add_runtime(build *b) {
    list names = {0};
    char *directory = formatted("%s/harness/runtime", b->builder->plan->root);
    list_directory(directory, &names);
    for (int i = 0; i < names.count; i++) {
        if (!ends_with(names.items[i], ".c") || starts_with(names.items[i], "demo") ||
            (!b->adverse && strcmp(names.items[i], "adversity.c") == 0))
            continue;
        char *path = formatted("harness/runtime/%s", names.items[i]);
        add_ours(b, BESIDE, NULL, path, NULL);
        free(path);
    }
    free(directory);
    list_free(&names);
}

static void add_demo(build *b) {
    char *path =
        formatted("%s/%s/demo/%s.c", b->code ? "chapters" : "solutions", b->chapter->name, b->demo);
    add_ours(b, b->flavour, b->chapter, path, NULL);
    add_ours(b, BESIDE, NULL, "harness/runtime/demo.c", NULL);
    if (b->virtual_clock) {
        add_ours(b, BESIDE, NULL, "harness/runtime/clock.c", NULL);
        add_ours(b, BESIDE, NULL, "harness/runtime/demo_clock.c", NULL);
    }
    free(path);
}

static void over(build *b) {
    b->is_over = 1;
    if (b->ended)
        b->ended(b, b->arg);
}

static void fail(build *b, verdict_kind kind, char *headline, char *words) {
    b->kind = kind;
    b->headline = headline;
    b->words = words;
    over(b);
}

/* The chapter needs what this machine does not have. */
static void fail_without(build *b, const char *library, const char *package) {
    fail(b, MISSING_LIBRARY,
         formatted("%s needs %s, which is not installed here.", b->chapter->name, library),
         formatted("./setup libraries installs it. (Debian: %s)\n", package));
}

void build_start(builder *builder, build *b) {
    b->builder = builder;
    b->flavour = b->demo && !b->code ? FAST : CHECKED;
    int missing = missing_library(builder->plan, b->chapter);
    if (missing >= 0) {
        fail_without(b, b->chapter->libraries.items[missing], b->chapter->packages.items[missing]);
        return;
    }
    b->waits_for = 1; /* this function itself */
    if (b->demo)
        add_demo(b);
    else
        add_scenarios(b);
    add_layers(b);
    if (!b->demo)
        add_runtime(b);
    if (--b->waits_for == 0)
        go_on(b);
}

/* Compiled. */

static char *shown(const build *b, const char *words) {
    return clean_words(b->builder->plan, words, LINES_SHOWN);
}

static int can_be_replaced(const build *b, const slot *s) {
    return s->file && !s->replaced && !b->strict;
}

static void replace(build *b, slot *s, verdict_kind kind, char *words) {
    add_fault(b, s->file, kind, words);
    s->replaced = 1;
    s->object = starter_object(b, s->file);
    wait_for(b, s->object);
}

/* Does something about an object that could not be made. Returns 0 if nothing can be done. */
static int replace_failed(build *b, slot *s) {
    if (!can_be_replaced(b, s))
        return 0;
    replace(b, s, COMPILE_ERROR, shown(b, s->object->words));
    return 1;
}

static void compile_failed(build *b, const slot *s) {
    verdict_kind kind = s->file && !s->replaced && !is_ours(s->file) ? COMPILE_ERROR : GRADER_ERROR;
    fail(b, kind, formatted("%s does not compile.", s->object->unit->path),
         shown(b, s->object->words));
}

/* Returns 1 if all objects are there, 0 if some are being made instead, -1 if it is over. */
static int check_objects(build *b) {
    for (int i = 0; i < b->slot_count; i++)
        if (b->slots[i].object->state == FAILED && !replace_failed(b, &b->slots[i])) {
            compile_failed(b, &b->slots[i]);
            return -1;
        }
    for (int i = 0; i < b->slot_count; i++)
        if (b->slots[i].object->state == FAILED)
            return check_objects(b); /* a starter that failed long ago, for another build */
    if (b->strict && b->fault_count) {
        char *path = file_path(b->faults->file);
        fail(b, MISSING_FILE, formatted("%s cannot be used: %s.", path, b->faults->words), NULL);
        free(path);
        return -1;
    }
    return b->waits_for == 0;
}

/* Linked. */

/* The name that follows said in a linker's words; the caller's, NULL if there is none. */
static char *name_after(const char *words, const char *said) {
    const char *at = strstr(words, said);
    if (!at)
        return NULL;
    at += strlen(said);
    at += strspn(at, " `'\"");
    if (starts_with(at, "__real_"))
        at += strlen("__real_");
    size_t size = 0;
    while (isalnum((unsigned char)at[size]) || at[size] == '_')
        size++;
    return size && !isdigit((unsigned char)*at) ? formatted("%.*s", (int)size, at) : NULL;
}

/* The name that a linker's line says is undefined; NULL if it says nothing like that. */
static char *undefined_name(const char *line, size_t length) {
    char *copy = formatted("%.*s", (int)length, line);
    char *name = name_after(copy, "undefined reference to ");
    if (!name)
        name = name_after(copy, "undefined symbol:");
    free(copy);
    return name;
}

static void find_missing(build *b, const char *words) {
    while (*words) {
        size_t length = strcspn(words, "\n");
        char *name = undefined_name(words, length);
        if (name && !list_has(&b->missing, name) && b->missing.count < MOST_MISSING)
            list_add(&b->missing, name);
        free(name);
        words += length + (words[length] == '\n');
    }
}

/* A function that says that it is missing, for each that is. */
static void add_stubs(build *b) {
    text source = {0};
    text_add(&source, "_Noreturn void missing_function(const char *name);\n");
    for (int i = 0; i < b->missing.count; i++)
        text_addf(&source, "void %s(void) {\n    missing_function(\"%s\");\n}\n",
                  b->missing.items[i], b->missing.items[i]);
    unit *u = unit_new(b->builder->plan, BESIDE, 0, b->chapter, "missing.c", &source, NULL);
    add_slot(b, u, &source, NULL);
    text_free(&source);
}

/* Functions that are missing can be replaced. Returns 1 if that is on its way. */
static int link_again(build *b, const char *words) {
    if (b->missing.count || b->strict)
        return 0;
    find_missing(b, words);
    if (!b->missing.count)
        return 0;
    b->linker_words = shown(b, words);
    b->waits_for++;
    add_stubs(b);
    if (--b->waits_for == 0)
        go_on(b);
    return 1;
}

/* The name that is defined twice; the caller's, NULL if none is. */
static char *doubled_name(const char *words) {
    char *name = name_after(words, "multiple definition of ");
    return name ? name : name_after(words, "duplicate symbol:");
}

static int is_home(const build *b, const code_file *file, const char *name) {
    const code_file *home = code_home(b->builder->reference, name);
    return home && home->chapter == file->chapter && strcmp(home->name, file->name) == 0;
}

/* A file that defines what belongs elsewhere can be replaced. Returns 1 if that is on its way. */
static int replace_doubled(build *b, const char *name, const char *words) {
    int replaced = 0;
    b->waits_for++;
    for (int i = 0; i < b->slot_count; i++) {
        slot *s = &b->slots[i];
        if (!can_be_replaced(b, s) || is_ours(s->file) || is_home(b, s->file, name) ||
            !strstr(words, s->object->unit->object))
            continue;
        replace(b, s, LINK_ERROR, duplicate(name));
        replaced = 1;
    }
    if (--b->waits_for == 0 && replaced)
        go_on(b);
    return replaced;
}

static void link_failed(build *b, const char *words) {
    char *twice = doubled_name(words);
    if (twice && !replace_doubled(b, twice, words))
        fail(b, LINK_ERROR, formatted("%s is defined twice, and only one of them can stay.", twice),
             shown(b, words));
    else if (!twice && !link_again(b, words))
        fail(b, LINK_ERROR, duplicate("The program cannot be put together."), shown(b, words));
    free(twice);
}

static void linked(process *p, void *arg) {
    build *b = arg;
    char *words = why_not(p, text_string(&p->channels[CHANNEL_OUTPUT].bytes));
    int failed = p->spawn_error || p->status != 0 || rename(b->fresh, b->program) < 0;
    if (failed) {
        unlink(b->fresh);
        free(b->program);
        b->program = NULL;
    }
    free(b->fresh);
    b->fresh = NULL;
    process_clear(p);
    *p = (process){0};
    if (failed)
        link_failed(b, words);
    else
        over(b);
    free(words);
}

static const char *wraps_of(const build *b) {
    if (b->demo)
        return b->virtual_clock ? "uv_run" : NULL;
    return b->adverse ? ADVERSE : WATCHED;
}

static void start_link(build *b) {
    const plan *p = b->builder->plan;
    list objects = {0};
    int ours = b->missing.count == 0;
    for (int i = 0; i < b->slot_count; i++) {
        const slot *s = &b->slots[i];
        list_add(&objects, s->object->unit->object);
        ours &= !s->file || s->replaced || is_ours(s->file);
    }
    b->program = program_path(p, b->flavour, ours, b->chapter, wraps_of(b), &objects);
    if (cache_use(b->program)) {
        list_free(&objects);
        over(b);
        return;
    }
    /* Two builds can come to the same program at the same time: each has a file of its own. */
    b->fresh = formatted("%s.%d.%d.new", b->program, (int)getpid(), b->builder->links++);
    char *directory = formatted("%.*s", (int)(strrchr(b->program, '/') - b->program), b->program);
    int error = make_directories(directory);
    if (error)
        die("build/: %s", strerror(-error));
    program_command(p, b->flavour, b->chapter, wraps_of(b), &objects, b->fresh, &b->link.command);
    prepare_tool(&b->link, p->root, linked, b);
    pool_start(b->builder->pool, &b->link);
    free(directory);
    list_free(&objects);
}

/* The next step, whenever nothing is being waited for. */
static void go_on(build *b) {
    if (b->is_over)
        return;
    b->waits_for++;
    int ready = check_objects(b);
    b->waits_for--;
    if (ready < 0)
        return;
    if (b->waits_for == 0)
        start_link(b);
}

void build_clear(build *b) {
    for (int i = 0; i < b->fault_count; i++)
        free(b->faults[i].words);
    free(b->faults);
    free(b->slots);
    free(b->program);
    free(b->headline);
    free(b->words);
    free(b->linker_words);
    list_free(&b->missing);
}

void builder_open(builder *b, const plan *p, pool *pool) {
    *b = (builder){.plan = p, .pool = pool, .reference = code_reference(p)};
    cache_sweep(p);
}

void builder_close(builder *b) {
    for (int i = 0; i < b->count; i++) {
        unit_free(b->objects[i]->unit);
        free(b->objects[i]->words);
        free(b->objects[i]->waiting);
        free(b->objects[i]);
    }
    free(b->objects);
    code_free(b->reference);
    *b = (builder){0};
}

void scenario_process(process *p, const char *program, const char *exercise, const char *scenario,
                      const char *clock) {
    split(&p->command, under_what()->runner, " ");
    list_add(&p->command, program);
    list_add(&p->command, exercise);
    if (scenario)
        list_add(&p->command, scenario);
    list_add(&p->environment, "PATH=/usr/bin:/bin");
    list_add(&p->environment, "LC_ALL=C.UTF-8");
    list_add(&p->environment, "TZ=UTC");
    if (clock)
        list_addf(&p->environment, "WORKBOOK_CLOCK=%s", clock);
    list_addf(&p->environment, "WORKBOOK_SLOWNESS=%d", under_what()->slowness);
    if (under_what()->libraries) /* foreign: no kernel starts it */
        list_addf(&p->environment, "WORKBOOK_RUNNER=%s", under_what()->runner);
    p->seconds = WALL_SECONDS * under_what()->slowness;
    p->channels[CHANNEL_OUTPUT] = (channel){.keep = OUTPUT_KEPT, .limit = OUTPUT_LIMIT};
    p->channels[CHANNEL_TRACE] = (channel){.keep = TRACE_LIMIT, .limit = TRACE_LIMIT};
    p->channels[CHANNEL_REPORT] = (channel){.keep = OUTPUT_LIMIT, .limit = TRACE_LIMIT};
}

/* The words that lie in the cache beside an object. */
static char *words_of(const plan *p, const unit *u) {
    text words = {0};
    if (access(u->object, F_OK) == 0)
        read_file(u->words, &words);
    char *clean = clean_words(p, text_string(&words), LINES_SHOWN);
    text_free(&words);
    return clean;
}

char *compiler_words(const plan *p, const code_file *f) {
    unit *u = unit_of(p, CHECKED, f);
    char *words = f->problem ? duplicate("") : words_of(p, u);
    unit_free(u);
    return words;
}

int object_count(const builder *b) {
    return b->count;
}

const char *object_path(const builder *b, int i) {
    return b->objects[i]->unit->path;
}

char *object_words(const builder *b, int i) {
    return words_of(b->plan, b->objects[i]->unit);
}
