/* three_files.c - three files are read at once, and what is in them is written into a fourth. */
#include "files.h"
#include "task.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { FILES = 3 };

static const char *const names[FILES] = {"file1.txt", "file2.txt", "file3.txt"};

static int write_file(const char *name, const char *text, size_t size) {
    scope s;
    uv_file f;
    scope_enter(&s);
    int error = file_open_in(&s, name, O_CREAT | O_WRONLY | O_TRUNC, 0644, &f);
    if (!error)
        error = (int)file_write(f, text, size, -1);
    return scope_exit(&s, error);
}

/* A task: the result is what is in the file. */
static int read_file(void *name, void **result) {
    char *text;
    int error = file_read_all(name, &text, NULL);
    *result = text;
    return error;
}

/* Adds what a task has read, and a newline between two files. */
static int add(char **all, task *t) {
    void *text = NULL;
    char *longer;
    int error = task_await(t, &text);
    if (!error && asprintf(&longer, "%s%s%s", *all, **all ? "\n" : "", (char *)text) < 0)
        error = UV_ENOMEM;
    free(text);
    if (error < 0)
        return error;
    free(*all);
    *all = longer;
    return 0;
}

static int combine(const char *into) {
    task *tasks[FILES] = {NULL};
    char *all = calloc(1, 1);
    int error = all ? 0 : UV_ENOMEM;
    for (int i = 0; i < FILES && !error; i++)
        error = task_create(read_file, (void *)names[i], NULL, &tasks[i]);
    for (int i = 0; i < FILES && !error; i++)
        error = add(&all, tasks[i]);
    if (!error)
        error = write_file(into, all, strlen(all));
    if (!error)
        printf("%s:\n%s\n", into, all);
    for (int i = 0; i < FILES; i++)
        task_release(tasks[i]);
    free(all);
    return error;
}

static int remove_all(void *arg, int error) {
    for (int i = 0; i < FILES; i++)
        file_unlink(names[i]);
    file_unlink("combined.txt");
    return error;
}

static int run(void *arg, void **result) {
    scope s;
    int error = 0;
    scope_enter(&s);
    scope_defer(&s, remove_all, NULL); /* room for the first few is always there */
    for (int i = 0; i < FILES && !error; i++) {
        char text[32];
        int size = snprintf(text, sizeof text, "This was file %d.", i + 1);
        error = write_file(names[i], text, (size_t)size);
    }
    if (!error)
        error = combine("combined.txt");
    return scope_exit(&s, error);
}

int main(void) {
    char place[] = "/tmp/three-files-XXXXXX";
    if (!mkdtemp(place) || chdir(place) < 0) {
        perror(place);
        return 1;
    }
    int error = async_run(run, NULL, NULL);
    if (error < 0)
        fprintf(stderr, "three_files: %s\n", uv_strerror(error));
    rmdir(place);
    return error < 0;
}
