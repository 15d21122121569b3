/* command-compile-commands.c - how each C file is compiled, as editors and clangd want to know
 * it. */
#include "authoring.h"
#include "cc.h"
#include "commands.h"
#include "escape.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The command as it is, but for the place where the object goes: editors make none. */
static void add_arguments(text *out, const unit *u) {
    for (int i = 0; i < u->command.count; i++) {
        const char *word = u->command.items[i];
        if (strcmp(word, "-o") == 0)
            break;
        if (starts_with(word, "-fdebug-prefix-map="))
            continue;
        text_add(out, i ? ", " : "");
        escape_json(out, word, strlen(word));
    }
}

static void add_file(text *out, const plan *p, flavour f, const chapter *c, const char *path,
                     const char *exercise) {
    text source = {0};
    text_add(&source, "");
    unit *u = unit_new(p, f, 1, c, path, &source, exercise);
    text_add(out, out->length ? ",\n {\"directory\": " : " {\"directory\": ");
    escape_json(out, p->root, strlen(p->root));
    text_add(out, ", \"file\": ");
    escape_json(out, path, strlen(path));
    text_add(out, ", \"arguments\": [");
    add_arguments(out, u);
    text_add(out, "]}");
    unit_free(u);
    text_free(&source);
}

static void add_folder(text *out, const plan *p, flavour f, const chapter *c, const char *folder) {
    list files = {0};
    files_in(&files, p->root, folder, ".c");
    for (int i = 0; i < files.count; i++) {
        char *path = formatted("%s/%s", folder, files.items[i]);
        add_file(out, p, f, c, path, NULL);
        free(path);
    }
    list_free(&files);
}

static void add_chapter(text *out, const plan *p, const chapter *c) {
    static const char *const places[][2] = {
        {"chapters", ""}, {"chapters", "/demo"}, {"solutions", ""}, {"solutions", "/demo"}};
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        char *folder = formatted("%s/%s%s", places[i][0], c->name, places[i][1]);
        add_folder(out, p, CHECKED, c, folder);
        free(folder);
    }
    for (int i = 0; i < c->exercise_count; i++) {
        const exercise *e = &c->exercises[i];
        char *path = formatted("harness/exercises/%s/%s/scenarios.c", c->name, e->id);
        add_file(out, p, CHECKED, c, path, e->id);
        free(path);
    }
}

int command_compile_commands(plan *p, const options *o) {
    text out = {0};
    for (int i = 0; i < p->chapter_count; i++)
        add_chapter(&out, p, &p->chapters[i]);
    add_folder(&out, p, BESIDE, NULL, "harness/runtime");
    add_folder(&out, p, FAST, NULL, "harness/supervisor");
    add_folder(&out, p, FAST, NULL, "harness/bench");
    printf("[\n%s\n]\n", text_string(&out));
    text_free(&out);
    return 0;
}
