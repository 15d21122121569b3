/* command-hint.c - one rung of the ladder of hints at a time. */
#include "commands.h"

#include <stdio.h>
#include <string.h>

enum { COLUMNS = 88 };

/* Prints words in lines of at most COLUMNS bytes, indented. */
static void print_wrapped(const char *words) {
    while (*words) {
        size_t length = strlen(words), cut = length;
        if (length > COLUMNS) {
            for (cut = COLUMNS; cut > 0 && words[cut] != ' '; cut--)
                ;
            if (cut == 0)
                cut = strcspn(words, " ");
        }
        printf("  %.*s\n", (int)cut, words);
        words += cut;
        words += strspn(words, " ");
    }
}

int command_hint(plan *p, const options *o) {
    if (!o->exercise)
        die("hint needs an exercise: make hint EX=ID");
    const exercise *e = plan_exercise(p, o->exercise, NULL);
    int number = o->number ? o->number : 1;
    if (number > e->hints.count)
        die("%s has %d hints, there is no number %d", e->id, e->hints.count, number);
    printf("%s: %s\nHint %d of %d\n\n", e->id, e->title, number, e->hints.count);
    print_wrapped(e->hints.items[number - 1]);
    if (number < e->hints.count)
        printf("\nMore     make hint EX=%s N=%d\n", e->id, number + 1);
    printf("%sRead     book/%s\n", number < e->hints.count ? "" : "\n", e->book);
    return 0;
}
