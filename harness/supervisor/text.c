#include "text.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

void die(const char *format, ...) {
    va_list args;
    va_start(args, format);
    fputs("workbook: ", stderr);
    vfprintf(stderr, format, args);
    fputc('\n', stderr);
    va_end(args);
    exit(2);
}

void *allocate(size_t size) {
    void *memory = calloc(1, size ? size : 1);
    if (!memory)
        die("out of memory");
    return memory;
}

void *reallocate(void *memory, size_t size) {
    memory = realloc(memory, size ? size : 1);
    if (!memory)
        die("out of memory");
    return memory;
}

char *duplicate(const char *string) {
    char *copy = strdup(string);
    if (!copy)
        die("out of memory");
    return copy;
}

static char *vformatted(const char *format, va_list args) {
    char *string;
    if (vasprintf(&string, format, args) < 0)
        die("out of memory");
    return string;
}

char *formatted(const char *format, ...) {
    va_list args;
    va_start(args, format);
    char *string = vformatted(format, args);
    va_end(args);
    return string;
}

void text_add_bytes(text *t, const void *bytes, size_t length) {
    if (t->length + length + 1 > t->capacity) {
        t->capacity = (t->length + length + 1) * 2;
        t->data = reallocate(t->data, t->capacity);
    }
    if (length)
        memcpy(t->data + t->length, bytes, length);
    t->length += length;
    t->data[t->length] = '\0';
}

void text_add(text *t, const char *string) {
    text_add_bytes(t, string, strlen(string));
}

void text_addf(text *t, const char *format, ...) {
    va_list args;
    va_start(args, format);
    char *string = vformatted(format, args);
    va_end(args);
    text_add(t, string);
    free(string);
}

const char *text_string(const text *t) {
    return t->data ? t->data : "";
}

void text_free(text *t) {
    free(t->data);
    *t = (text){0};
}

static void list_take(list *l, char *string) {
    l->items = reallocate(l->items, (size_t)(l->count + 2) * sizeof *l->items);
    l->items[l->count++] = string;
    l->items[l->count] = NULL;
}

void list_add(list *l, const char *string) {
    list_take(l, duplicate(string));
}

void list_addf(list *l, const char *format, ...) {
    va_list args;
    va_start(args, format);
    list_take(l, vformatted(format, args));
    va_end(args);
}

int list_has(const list *l, const char *string) {
    for (int i = 0; i < l->count; i++)
        if (strcmp(l->items[i], string) == 0)
            return 1;
    return 0;
}

static int by_name(const void *a, const void *b) {
    return strcmp(*(char *const *)a, *(char *const *)b);
}

void list_sort(list *l) {
    if (l->count)
        qsort(l->items, (size_t)l->count, sizeof *l->items, by_name);
}

void list_free(list *l) {
    for (int i = 0; i < l->count; i++)
        free(l->items[i]);
    free(l->items);
    *l = (list){0};
}

void split(list *l, const char *string, const char *separators) {
    while (*(string += strspn(string, separators))) {
        size_t length = strcspn(string, separators);
        list_addf(l, "%.*s", (int)length, string);
        string += length;
    }
}

int read_file(const char *path, text *t) {
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return -errno;
    char buffer[16384];
    ssize_t n;
    while ((n = read(fd, buffer, sizeof buffer)) > 0)
        text_add_bytes(t, buffer, (size_t)n);
    int error = n < 0 ? -errno : 0;
    close(fd);
    if (!error)
        text_add(t, ""); /* an empty file is an empty string, not NULL */
    return error;
}

int make_directories(const char *path) {
    char *copy = duplicate(path);
    int error = 0;
    for (char *slash = strchr(copy + 1, '/'); !error; slash = strchr(slash + 1, '/')) {
        if (slash)
            *slash = '\0';
        if (mkdir(copy, 0777) < 0 && errno != EEXIST)
            error = -errno;
        if (!slash)
            break;
        *slash = '/';
    }
    free(copy);
    return error;
}

static int write_all(int fd, const char *data, size_t length) {
    while (length) {
        ssize_t n = write(fd, data, length);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return -errno;
        data += n;
        length -= (size_t)n;
    }
    return 0;
}

int write_file(const char *path, const char *data, size_t length) {
    const char *slash = strrchr(path, '/');
    if (slash && slash != path) {
        char *directory = formatted("%.*s", (int)(slash - path), path);
        int error = make_directories(directory);
        free(directory);
        if (error)
            return error;
    }
    char *fresh = formatted("%s.%d.new", path, (int)getpid());
    int fd = open(fresh, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    int error = fd < 0 ? -errno : write_all(fd, data, length);
    if (fd >= 0 && close(fd) < 0 && !error)
        error = -errno;
    if (!error && rename(fresh, path) < 0)
        error = -errno;
    if (error && fd >= 0)
        unlink(fresh);
    free(fresh);
    return error;
}

int list_directory(const char *path, list *names) {
    DIR *directory = opendir(path);
    if (!directory)
        return -errno;
    for (struct dirent *entry; (entry = readdir(directory));)
        if (entry->d_name[0] != '.')
            list_add(names, entry->d_name);
    closedir(directory);
    list_sort(names);
    return 0;
}

int starts_with(const char *string, const char *prefix) {
    return strncmp(string, prefix, strlen(prefix)) == 0;
}

int ends_with(const char *string, const char *suffix) {
    size_t length = strlen(string), tail = strlen(suffix);
    return length >= tail && strcmp(string + length - tail, suffix) == 0;
}

unsigned long long hash_bytes(unsigned long long hash, const void *bytes, size_t length) {
    for (const unsigned char *p = bytes; length--; p++)
        hash = (hash ^ *p) * 0x100000001b3ull;
    return hash;
}

static void fields_add(fields *f, char *key, char *value) {
    f->items = reallocate(f->items, (size_t)(f->count + 1) * sizeof *f->items);
    f->items[f->count++] = (field){key, value};
}

static void trim_end(char *string) {
    size_t length = strlen(string);
    while (length && isspace((unsigned char)string[length - 1]))
        string[--length] = '\0';
}

static void fields_continue(fields *f, const char *line) {
    field *last = &f->items[f->count - 1];
    char *joined =
        formatted("%s%s%s", last->value, *last->value ? " " : "", line + strspn(line, " \t"));
    trim_end(joined);
    free(last->value);
    last->value = joined;
}

char *fields_parse(fields *f, const char *path, const char *string) {
    const char *at = string;
    for (int number = 1; *at; number++) {
        size_t length = strcspn(at, "\n");
        char *line = formatted("%.*s", (int)length, at);
        at += length + (at[length] == '\n');
        trim_end(line);
        int ends = strcmp(line, "---") == 0;
        char *colon = strchr(line, ':');
        char *wrong = NULL;
        if (ends || *line == '\0' || *line == '#')
            ; /* nothing to keep */
        else if (isspace((unsigned char)*line) && f->count)
            fields_continue(f, line);
        else if (!colon || isspace((unsigned char)*line))
            wrong = formatted("%s:%d: expected 'key: value', found '%s'", path, number, line);
        else
            fields_add(f, formatted("%.*s", (int)(colon - line), line),
                       duplicate(colon + 1 + strspn(colon + 1, " \t")));
        free(line);
        if (wrong)
            return wrong;
        if (ends)
            break;
    }
    f->body = (size_t)(at - string);
    return NULL;
}

const char *fields_get(const fields *f, const char *key) {
    for (int i = 0; i < f->count; i++)
        if (strcmp(f->items[i].key, key) == 0)
            return f->items[i].value;
    return NULL;
}

void fields_free(fields *f) {
    for (int i = 0; i < f->count; i++) {
        free(f->items[i].key);
        free(f->items[i].value);
    }
    free(f->items);
    *f = (fields){0};
}
