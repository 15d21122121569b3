/* demo.c - what an exercise that nobody has done yet says, in a demo program. */
#include "workbook.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* The directory that the file lies in, which names the chapter and its page: "03-futures". */
static void chapter_of(const char *file, char *name, size_t size) {
    const char *end = strrchr(file, '/');
    const char *start = end;
    while (start && start > file && start[-1] != '/')
        start--;
    snprintf(name, size, "%.*s", end ? (int)(end - start) : 0, end ? start : "");
}

/* Weak: where the harness has its own, that one counts. */
__attribute__((weak)) void not_done_at(const char *exercise, const char *file, int line) {
    char chapter[100];
    chapter_of(file, chapter, sizeof chapter);
    fflush(stdout);
    fprintf(stderr, "%s:%d: %s is not done yet.\n", file, line, exercise);
    if (chapter[0])
        fprintf(stderr, "  Read   book/%s.md\n", chapter);
    fprintf(stderr, "  Hint   make hint EX=%s\n", exercise);
    _exit(3); /* what is left behind is nobody's leak */
}
