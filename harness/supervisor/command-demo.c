/* command-demo.c - builds a demo program of a chapter and becomes it. */
#include "authoring.h"
#include "build.h"
#include "commands.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The demo that is meant: the one of that name, or the first. The caller's. */
static char *choose(const plan *p, const chapter *c, const char *name) {
    list files = {0}, names = {0};
    text all = {0};
    char *directory = formatted("solutions/%s/demo", c->name);
    files_in(&files, p->root, directory, ".c");
    for (int i = 0; i < files.count; i++) {
        list_addf(&names, "%.*s", (int)(strlen(files.items[i]) - 2), files.items[i]);
        text_addf(&all, "\n  %s", names.items[i]);
    }
    if (!names.count)
        die("%s has no demo program", c->name);
    if (name && !list_has(&names, name))
        die("%s has no demo program '%s'. There are:%s", c->name, name, text_string(&all));
    if (!name && names.count > 1)
        fprintf(stderr, "(%s has more than one demo; this is %s. NAME=... chooses:%s)\n", c->name,
                names.items[0], text_string(&all));
    char *chosen = duplicate(name ? name : names.items[0]);
    text_free(&all);
    list_free(&names);
    list_free(&files);
    free(directory);
    return chosen;
}

static void make(const plan *p, build *b) {
    pool pool;
    builder builder;
    pool_open(&pool);
    builder_open(&builder, p, &pool);
    build_start(&builder, b);
    pool_close(&pool);
    builder_close(&builder);
}

int command_demo(plan *p, const options *o) {
    if (!o->chapter)
        die("demo needs a chapter (make demo CH=01)");
    const chapter *c = plan_chapter(p, o->chapter);
    char *name = choose(p, c, o->name);
    code *own = o->own ? options_code(o, p) : NULL;
    build b = {.code = own,
               .chapter = c,
               .base = o->base,
               .demo = name,
               .virtual_clock = o->clock && strcmp(o->clock, "virtual") == 0,
               .strict = 1};
    make(p, &b);
    if (!b.program) {
        fprintf(stderr, "%s\n%s", b.headline, b.words ? b.words : "");
        return 1;
    }
    list command = {0};
    list_add(&command, b.program);
    for (int i = 0; o->arguments[i]; i++)
        list_add(&command, o->arguments[i]);
    execv(b.program, command.items);
    die("%s: %s", b.program, strerror(errno));
}
