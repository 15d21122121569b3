#include "authoring.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

void check_passed(checks *c, const char *format, ...) {
    c->passed++;
    va_list args;
    va_start(args, format);
    fputs("ok   ", stdout);
    vprintf(format, args);
    putchar('\n');
    va_end(args);
    fflush(stdout);
}

void check_failed(checks *c, const char *reason, const char *format, ...) {
    c->failed++;
    va_list args;
    va_start(args, format);
    fputs("FAIL ", stdout);
    vprintf(format, args);
    putchar('\n');
    va_end(args);
    list lines = {0};
    lines_of(&lines, reason ? reason : "");
    for (int i = 0; i < lines.count; i++)
        printf("%s%s\n", *lines.items[i] ? "     " : "", lines.items[i]);
    list_free(&lines);
    fflush(stdout);
}

int checks_end(const checks *c) {
    printf("%d passed, %d failed\n", c->passed, c->failed);
    return c->failed ? 1 : 0;
}

void lines_of(list *l, const char *string) {
    while (*string) {
        size_t length = strcspn(string, "\n");
        list_addf(l, "%.*s", (int)length, string);
        string += length + (string[length] == '\n');
    }
}

static const char *line_or_end(const list *l, int i) {
    return i < l->count ? l->items[i] : "(the end)";
}

char *first_difference(const char *expected, const char *found) {
    list a = {0}, b = {0};
    lines_of(&a, expected);
    lines_of(&b, found);
    int i = 0;
    while (i < a.count && i < b.count && strcmp(a.items[i], b.items[i]) == 0)
        i++;
    char *words = NULL;
    if (i < a.count || i < b.count)
        words = formatted("line %d\n  expected  %s\n  found     %s", i + 1, line_or_end(&a, i),
                          line_or_end(&b, i));
    list_free(&a);
    list_free(&b);
    return words;
}

char *trouble_of(const result *r) {
    const outcome *o = result_failure(r);
    return formatted("%s: %s", verdict_name(r->kind), o && o->headline ? o->headline : "no words");
}

int troubles_of(const chapter *c, const result *results, const list *except, text *t) {
    int count = 0;
    for (int i = 0; i < c->exercise_count; i++) {
        if (results[i].kind == PASS || (except && list_has(except, c->exercises[i].id)))
            continue;
        char *words = trouble_of(&results[i]);
        text_addf(t, "%s  %s\n", c->exercises[i].id, words);
        free(words);
        count++;
    }
    return count;
}

const char *short_name(const chapter *c) {
    static char name[16];
    snprintf(name, sizeof name, "%02d", c->number);
    return name;
}

char *code_name(const char *kind, const char *of, const char *name) {
    char *joined = formatted("%s-%s-%s", kind, of, name);
    for (char *p = joined; *p; p++)
        if (!isalnum((unsigned char)*p))
            *p = '-';
    return joined;
}

void fields_words(const fields *f, const char *key, list *words) {
    for (int i = 0; i < f->count; i++)
        if (strcmp(f->items[i].key, key) == 0)
            split(words, f->items[i].value, " \t,");
}

void files_in(list *names, const char *root, const char *directory, const char *suffix) {
    list all = {0};
    char *path = formatted("%s/%s", root, directory);
    list_directory(path, &all);
    for (int i = 0; i < all.count; i++)
        if (ends_with(all.items[i], suffix))
            list_add(names, all.items[i]);
    free(path);
    list_free(&all);
}

void folders_in(list *names, const char *root, const char *directory) {
    list all = {0};
    files_in(&all, root, directory, "");
    for (int i = 0; i < all.count; i++) {
        struct stat about;
        char *path = formatted("%s/%s/%s", root, directory, all.items[i]);
        if (stat(path, &about) == 0 && S_ISDIR(about.st_mode))
            list_add(names, all.items[i]);
        free(path);
    }
    list_free(&all);
}

char *file_text(const char *root, const char *path) {
    text t = {0};
    char *full = formatted("%s/%s", root, path);
    int error = read_file(full, &t);
    free(full);
    if (error)
        text_free(&t);
    return t.data;
}
