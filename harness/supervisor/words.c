#include "escape.h"
#include "evidence.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum {
    LONGEST = 160,
    LINE = 98, /* columns: a report has 100, and indents by two */
};

char *words_text(const char *string) {
    text out = {0};
    escape_bytes(&out, string, strlen(string), 0, LONGEST);
    return out.data;
}

/* Whether a task's name and what happened make a sentence as they stand: "B finished", "A
 * starts". */
static int begins_with_verb(const char *words) {
    static const char *const past[] = {"done", "got", "ran", "began", "saw", "woke", "left"};
    size_t length = strcspn(words, " :,;(=");
    if (words[length] != ' ' && words[length] != '\0')
        return 0;
    for (size_t i = 0; i < sizeof past / sizeof *past; i++)
        if (strlen(past[i]) == length && memcmp(words, past[i], length) == 0)
            return 1;
    if (length < 3)
        return 0;
    const char *end = words + length;
    return memcmp(end - 2, "ed", 2) == 0 || (end[-1] == 's' && end[-2] != 's');
}

char *words_event(const trace_line *line) {
    char *task = words_text(line->task), *words = words_text(line->words);
    char *phrase = formatted("%s%s %s", task, begins_with_verb(words) ? "" : ":", words);
    free(task);
    free(words);
    return phrase;
}

char *words_path(const char *file, int64_t line) {
    frames f = {0};
    frames_add(&f, "", file, 0); /* it shortens paths */
    char *path = words_text(f.items[0].file);
    char *place = line > 0 ? formatted("%s:%" PRId64, path, line) : duplicate(path);
    free(path);
    frames_free(&f);
    return place;
}

char *words_frame(const frame *f) {
    char *place = words_path(f->file, f->line), *function = words_text(f->function);
    char *words = *function && f->line ? formatted("%s (%s)", function, place)
                                       : duplicate(*function ? function : place);
    free(place);
    free(function);
    return words;
}

char *words_count(int64_t n, const char *thing) {
    return formatted("%" PRId64 " %s%s", n, thing, n == 1 ? "" : "s");
}

void words_wrap(text *out, const char *sentence) {
    list words = {0};
    split(&words, sentence, " ");
    int columns = 0;
    for (int i = 0; i < words.count; i++) {
        int wide = escape_columns(words.items[i]), fits = columns + 1 + wide <= LINE;
        text_addf(out, "%s%s", i == 0 ? "" : fits ? " " : "\n", words.items[i]);
        columns = i > 0 && fits ? columns + 1 + wide : wide;
    }
    text_add(out, "\n");
    list_free(&words);
}

int64_t last_ms(const evidence *e) {
    const trace *t = &e->records.events;
    return t->count ? t->lines[t->count - 1].ms : 0;
}
