#include "cc.h"

#include "process.h"
#include "under.h"

#include <errno.h>
#include <ftw.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { MOST_LIBRARIES = 32 };

typedef struct library {
    char *name;
    int is_there;
    list compile, link; /* pkg-config's words on it */
} library;

/* What does not change while the tool runs. */
typedef struct toolchain {
    list compiler;                 /* cc, or what CC says, which may have several words */
    library known[MOST_LIBRARIES]; /* those that were asked for so far */
    int known_count;
    unsigned long long start; /* the hash of the compiler and of all headers */
} toolchain;

static toolchain tools;

static void add_all(list *l, const list *more) {
    for (int i = 0; i < more->count; i++)
        list_add(l, more->items[i]);
}

static void find_compiler(void) {
    const char *name = under_what()->compiler ? under_what()->compiler : getenv("CC");
    text version = {0};
    list command = {0};
    split(&tools.compiler, name && *name ? name : "cc", " \t");
    for (int i = 0; i < tools.compiler.count; i++)
        list_add(&command, tools.compiler.items[i]);
    list_add(&command, "--version");
    if (run_tool(&command, &version) != 0)
        die("the C compiler '%s' does not work (./setup installs one)", tools.compiler.items[0]);
    tools.start = hash_bytes(tools.start, version.data, version.length);
    text_free(&version);
    list_free(&command);
}

static int is_for_linker(const char *flag) {
    return starts_with(flag, "-l") || starts_with(flag, "-L") || starts_with(flag, "-Wl,");
}

/* "-lwslay": has no file for pkg-config, so the linker is asked. */
static int linker_knows(const char *flag) {
    text words = {0};
    list command = {0};
    add_all(&command, &tools.compiler);
    split(&command, "-shared -o /dev/null -x c /dev/null", " ");
    list_add(&command, flag);
    int status = run_tool(&command, &words);
    text_free(&words);
    list_free(&command);
    return status == 0;
}

static int pkg_config_knows(const char *name, text *flags) {
    list command = {0};
    if (under_what()->libraries) {
        list_add(&command, "env");
        list_addf(&command, "PKG_CONFIG_LIBDIR=%s", under_what()->libraries);
    }
    split(&command, "pkg-config --cflags --libs", " ");
    list_add(&command, name);
    int status = run_tool(&command, flags);
    list_free(&command);
    return status == 0;
}

static void find_library(library *l, const char *name) {
    text flags = {0};
    list words = {0};
    l->name = duplicate(name);
    if (is_for_linker(name)) {
        l->is_there = linker_knows(name);
        text_add(&flags, name);
    } else {
        l->is_there = pkg_config_knows(name, &flags);
    }
    split(&words, l->is_there ? text_string(&flags) : "", " \n");
    for (int i = 0; i < words.count; i++)
        list_add(is_for_linker(words.items[i]) ? &l->link : &l->compile, words.items[i]);
    text_free(&flags);
    list_free(&words);
}

static const library *library_of(const char *name) {
    for (int i = 0; i < tools.known_count; i++)
        if (strcmp(tools.known[i].name, name) == 0)
            return &tools.known[i];
    if (tools.known_count == MOST_LIBRARIES)
        die("more than %d libraries", MOST_LIBRARIES);
    library *l = &tools.known[tools.known_count++];
    find_library(l, name);
    return l;
}

static void find_libuv(void) {
    if (!library_of("libuv")->is_there)
        die("pkg-config does not find libuv (./setup installs it)");
    tools.start = hash_bytes(tools.start, uv_version_string(), strlen(uv_version_string()));
}

static void hash_headers(const char *directory) {
    list names = {0};
    list_directory(directory, &names);
    for (int i = 0; i < names.count; i++) {
        text t = {0};
        char *path = formatted("%s/%s", directory, names.items[i]);
        if (ends_with(path, ".h") && read_file(path, &t) == 0) {
            tools.start = hash_bytes(tools.start, path, strlen(path) + 1);
            tools.start = hash_bytes(tools.start, t.data, t.length + 1);
        }
        text_free(&t);
        free(path);
    }
    list_free(&names);
}

static void hash_all_headers(const plan *p) {
    for (int i = -2; i < p->chapter_count; i++) {
        char *directory = i == -2   ? formatted("%s/harness/include", p->root)
                          : i == -1 ? formatted("%s/harness/runtime", p->root)
                                    : formatted("%s/solutions/%s", p->root, p->chapters[i].name);
        hash_headers(directory);
        free(directory);
    }
}

static const toolchain *toolchain_of(const plan *p) {
    if (!tools.start) {
        tools.start = HASH_START;
        find_compiler();
        find_libuv();
        hash_all_headers(p);
    }
    return &tools;
}

int missing_library(const plan *p, const chapter *c) {
    toolchain_of(p);
    for (int i = 0; i < c->libraries.count; i++)
        if (!library_of(c->libraries.items[i])->is_there)
            return i;
    return -1;
}

char *without_libraries(const plan *p, const char *indent) {
    text lines = {0};
    text_add(&lines, "");
    for (int i = 0; i < p->chapter_count; i++) {
        const chapter *c = &p->chapters[i];
        int missing = missing_library(p, c);
        if (missing >= 0)
            text_addf(&lines, "%sNot judged: %s needs %s, which is not installed (Debian: %s).\n",
                      indent, c->name, c->libraries.items[missing], c->packages.items[missing]);
    }
    if (lines.length)
        text_addf(&lines, "%s./setup libraries installs what is missing.\n", indent);
    return lines.data;
}

#define FRAMES "-fno-omit-frame-pointer -fno-optimize-sibling-calls"

static const char *const optimisations[] = {
    [CHECKED] = ("-O1 " FRAMES),
    [BESIDE] = ("-O1 " FRAMES),
    [FAST] = ("-O2"),
};

static void add_flavour(list *l, flavour f) {
    split(l, optimisations[f], " ");
    if (f == CHECKED)
        split(l, under_what()->sanitizers, " ");
}

/* The mistakes that newer compilers refuse and older ones only mention: the verdict must not depend
 * on whose machine it is. */
static const char *const refused =
    "-Werror=implicit-function-declaration -Werror=implicit-int -Werror=int-conversion "
    "-Werror=incompatible-pointer-types";

/* Callbacks have parameters that they do not use. With fortified headers, which some systems turn on,
 * a read would not be seen by the runtime. */
static const char *const tolerated = "-Wno-unused-parameter -U_FORTIFY_SOURCE";

/* Starters have helpers that nobody calls yet. */
static const char *const tolerated_in_submissions =
    "-Wno-unused-function -Wno-unused-const-variable";

static void add_flags(list *l, const plan *p, flavour f, int ours, const chapter *chapter,
                      const char *exercise) {
    add_all(l, &toolchain_of(p)->compiler);
    split(l, "-std=gnu11 -D_GNU_SOURCE -g -Wall -Wextra", " ");
    split(l, tolerated, " ");
    if (!ours)
        split(l, tolerated_in_submissions, " ");
    split(l, refused, " ");
    add_flavour(l, f);
    if (exercise)
        list_addf(l, "-DEXERCISE=\"%s\"", exercise);
    list_addf(l, "-I%s/harness/include", p->root);
    if (f == BESIDE)
        list_addf(l, "-I%s/harness/runtime", p->root);
    for (int i = 0; i < p->chapter_count; i++) {
        const struct chapter *c = &p->chapters[i];
        if (!chapter || c == chapter || is_below(c, chapter))
            list_addf(l, "-I%s/solutions/%s", p->root, c->name);
    }
    add_all(l, &library_of("libuv")->compile);
    for (int i = 0; chapter && i < chapter->libraries.count; i++)
        add_all(l, &library_of(chapter->libraries.items[i])->compile);
}

static unsigned long long hash_list(unsigned long long hash, const list *l) {
    for (int i = 0; i < l->count; i++)
        hash = hash_bytes(hash, l->items[i], strlen(l->items[i]) + 1);
    return hash;
}

static const char *whose(int ours) {
    return ours ? "workbook" : "submitted";
}

unit *unit_new(const plan *p, flavour f, int ours, const chapter *chapter, const char *path,
               const text *source, const char *exercise) {
    unit *u = allocate(sizeof *u);
    add_flags(&u->command, p, f, ours, chapter, exercise);
    unsigned long long hash = hash_list(toolchain_of(p)->start, &u->command);
    hash = hash_bytes(hash, path, strlen(path) + 1);
    hash = hash_bytes(hash, source->data, source->length);
    u->path = duplicate(path);
    u->object = formatted("%s/build/objects/%s/%016llx.o", p->root, whose(ours), hash);
    u->words = formatted("%s/build/objects/%s/%016llx.txt", p->root, whose(ours), hash);
    u->stage = formatted("%s/build/stage/%d-%016llx", p->root, (int)getpid(), hash);
    u->fresh = formatted("%s.%d.new", u->object, (int)getpid());
    /* Debuggers look for the source where it lies, not where it was staged. */
    list_addf(&u->command, "-fdebug-prefix-map=%s=%s", u->stage, p->root);
    list_add(&u->command, "-c");
    list_add(&u->command, path);
    list_add(&u->command, "-o");
    list_add(&u->command, u->fresh);
    return u;
}

void unit_free(unit *u) {
    free(u->path);
    free(u->object);
    free(u->words);
    free(u->stage);
    free(u->fresh);
    list_free(&u->command);
    free(u);
}

int unit_stage(const unit *u, const text *source) {
    char *path = formatted("%s/%s", u->stage, u->path);
    int error = write_file(path, text_string(source), source->length);
    char *slash = strrchr(u->object, '/');
    char *directory = formatted("%.*s", (int)(slash - u->object), u->object);
    if (!error)
        error = make_directories(directory);
    free(directory);
    free(path);
    return error;
}

void unit_unstage(const unit *u) {
    char *path = formatted("%s/%s", u->stage, u->path);
    unlink(path);
    for (char *slash; (slash = strrchr(path, '/')) > path + strlen(u->stage);) {
        *slash = '\0';
        rmdir(path);
    }
    rmdir(u->stage);
    free(path);
}

void program_command(const plan *p, flavour f, const chapter *chapter, const char *wraps,
                     const list *objects, const char *fresh, list *command) {
    list wrapped = {0};
    add_all(command, &toolchain_of(p)->compiler);
    add_flavour(command, f);
    split(&wrapped, wraps ? wraps : "", " ");
    for (int i = 0; i < wrapped.count; i++)
        list_addf(command, "-Wl,--wrap=%s", wrapped.items[i]);
    list_free(&wrapped);
    add_all(command, objects);
    for (int i = 0; i < chapter->libraries.count; i++)
        add_all(command, &library_of(chapter->libraries.items[i])->link);
    add_all(command, &library_of("libuv")->link);
    split(command, "-lpthread -ldl -lm -o", " ");
    list_add(command, fresh);
}

char *program_path(const plan *p, flavour f, int ours, const chapter *chapter, const char *wraps,
                   const list *objects) {
    list command = {0};
    program_command(p, f, chapter, wraps, objects, "", &command);
    unsigned long long hash = hash_list(toolchain_of(p)->start, &command);
    list_free(&command);
    return formatted("%s/build/programs/%s/%016llx", p->root, whose(ours), hash);
}

/* Words. */

/* Adds line to out without what no reader can use: the linker's own path, the names of objects,
 * where the workbook lies. */
static void clean_line(text *out, const plan *p, const char *line, size_t length) {
    char *copy = formatted("%.*s", (int)length, line), *at = copy;
    char *ld = strstr(at, "ld: ");
    if (ld && strcspn(at, " ") >= (size_t)(ld - at))
        at = ld + strlen("ld: ");
    size_t root = strlen(p->root);
    while (*at) {
        size_t object = strcspn(at, ": ");
        int ours = strncmp(at, p->root, root) == 0 && at[root] == '/';
        if (ours && object > 2 && strncmp(at + object - 2, ".o", 2) == 0)
            at += object + strspn(at + object, ": ");
        else if (ours)
            at += root + 1;
        else
            text_add_bytes(out, at++, 1);
    }
    text_add(out, "\n");
    free(copy);
}

static int is_chatter(const char *line) {
    return starts_with(line, "collect2: ") || starts_with(line, "cc1: some ") ||
           starts_with(line, "clang: error: linker");
}

char *clean_words(const plan *p, const char *words, int lines) {
    text out = {0};
    int left_out = 0;
    while (*words) {
        size_t length = strcspn(words, "\n");
        if (is_chatter(words))
            ;
        else if (lines > 0)
            clean_line(&out, p, words, length), lines--;
        else
            left_out++;
        words += length + (words[length] == '\n');
    }
    if (left_out)
        text_addf(&out, "... and %d more lines\n", left_out);
    text_add(&out, "");
    return out.data;
}

/* The cache. */

enum {
    CACHE_BYTES = 1024 * 1024 * 1024,
    CACHE_SECONDS = 15 * 60, /* what was used since then may be in use now, by another process */
};

typedef struct cached {
    char *path;
    off_t bytes;
    time_t used;
} cached;

typedef struct cache {
    cached *items;
    int count;
    long long bytes;
} cache;

int cache_use(const char *path) {
    return utimensat(AT_FDCWD, path, NULL, 0) == 0;
}

static void cache_list(cache *c, const plan *p, const char *folder) {
    list names = {0};
    char *directory = formatted("%s/build/%s", p->root, folder);
    list_directory(directory, &names);
    for (int i = 0; i < names.count; i++) {
        struct stat about;
        char *path = formatted("%s/%s", directory, names.items[i]);
        if (stat(path, &about) < 0 || !S_ISREG(about.st_mode)) {
            free(path);
            continue;
        }
        c->items = reallocate(c->items, (size_t)(c->count + 1) * sizeof *c->items);
        c->items[c->count++] = (cached){path, about.st_size, about.st_mtime};
        c->bytes += about.st_size;
    }
    free(directory);
    list_free(&names);
}

static int by_use(const void *a, const void *b) {
    time_t x = ((const cached *)a)->used, y = ((const cached *)b)->used;
    return x < y ? -1 : x > y;
}

static int remove_one(const char *path, const struct stat *about, int kind, struct FTW *where) {
    return remove(path);
}

/* What processes have left behind that were ended in the middle. */
static void sweep_stages(const plan *p) {
    list names = {0};
    char *directory = formatted("%s/build/stage", p->root);
    list_directory(directory, &names);
    for (int i = 0; i < names.count; i++) {
        char *path = formatted("%s/%s", directory, names.items[i]);
        if (kill(atoi(names.items[i]), 0) < 0 && errno == ESRCH)
            nftw(path, remove_one, 8, FTW_DEPTH | FTW_PHYS);
        free(path);
    }
    free(directory);
    list_free(&names);
}

void cache_sweep(const plan *p) {
    cache c = {0};
    sweep_stages(p);
    cache_list(&c, p, "objects/submitted");
    cache_list(&c, p, "objects/workbook");
    cache_list(&c, p, "programs/submitted");
    cache_list(&c, p, "programs/workbook");
    if (c.count)
        qsort(c.items, (size_t)c.count, sizeof *c.items, by_use);
    time_t recent = time(NULL) - CACHE_SECONDS;
    for (int i = 0; i < c.count; i++) {
        if (c.bytes > CACHE_BYTES && c.items[i].used < recent && unlink(c.items[i].path) == 0)
            c.bytes -= c.items[i].bytes;
        free(c.items[i].path);
    }
    free(c.items);
}
