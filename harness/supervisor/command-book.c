/* command-book.c - brings the book's listings and transcripts up to date, or says what differs. */
#include "book.h"
#include "commands.h"
#include "page.h"
#include "transcript.h"

#include <stdlib.h>
#include <string.h>

static void write_page(book *b, const char *path, const char *fresh) {
    char *full = formatted("%s/%s", b->root, path);
    int error = write_file(full, fresh, strlen(fresh));
    if (error)
        check_failed(&b->checks, strerror(-error), "%s  cannot be written", path);
    free(full);
}

static void do_page(book *b, const char *path, int strict) {
    char *markdown = file_text(b->root, path);
    if (!markdown)
        return;
    char *fresh = book_page(b, path, markdown, strict);
    if (!b->check && strcmp(fresh, markdown) != 0)
        write_page(b, path, fresh);
    book_links(b, path, fresh);
    free(fresh);
    free(markdown);
}

static void do_sections(book *b, const chapter *c) {
    for (int i = 0; i < c->exercise_count; i++) {
        const exercise *e = &c->exercises[i];
        char *target = formatted("book/%s", e->book ? e->book : "");
        char *problem = section_problem(b->root, target);
        if (!problem && !strchr(target, '#'))
            problem = duplicate("it names a page and no section");
        if (problem)
            check_failed(&b->checks, problem, "%s  section %s", e->id, e->book ? e->book : "");
        else
            check_passed(&b->checks, "%s  section %s", e->id, e->book);
        free(problem);
        free(target);
    }
}

static void do_chapter(book *b, const chapter *c) {
    char *path = formatted("book/%s.md", c->name);
    char *problem = section_problem(b->root, path);
    if (problem)
        check_failed(&b->checks, NULL, "%s", problem);
    else
        do_page(b, path, 1);
    do_sections(b, c);
    free(problem);
    free(path);
}

/* The pages in book/ that belong to no chapter, and those at the root. */
static void do_others(book *b, plan *p) {
    list pages = {0};
    files_in(&pages, p->root, "book", ".md");
    for (int i = 0; i < pages.count; i++) {
        char *name = formatted("%.*s", (int)(strlen(pages.items[i]) - 3), pages.items[i]);
        char *path = formatted("book/%s", pages.items[i]);
        chapter *c = plan_chapter(p, name);
        if (!c || strcmp(c->name, name) != 0)
            do_page(b, path, 1);
        free(path);
        free(name);
    }
    do_page(b, "README.md", 0);
    do_page(b, "CONTRIBUTING.md", 0);
    list_free(&pages);
}

int command_book(plan *p, const options *o) {
    book b = {.root = p->root, .check = o->check};
    chapter *only = o->chapter ? plan_chapter(p, o->chapter) : NULL;
    if (getenv(TRANSCRIPT_MARK))
        die("a transcript cannot show the command that runs the transcripts");
    for (int i = 0; i < p->chapter_count; i++)
        if (!only || only == &p->chapters[i])
            do_chapter(&b, &p->chapters[i]);
    if (!only)
        do_others(&b, p);
    book_free(&b);
    return checks_end(&b.checks);
}
