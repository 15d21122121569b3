/* summary.c - counts, rates, and words for them. */
#include "summary.h"

#include <stdlib.h>
#include <string.h>

void summary_add(summary *s, const batch *b) {
    s->batches++;
    s->processed += b->record_count;
    s->errors += b->rejection_count;
    for (int i = 0; i < b->rejection_count && s->first_count < SUMMARY_REJECTIONS; i++)
        s->first[s->first_count++] = b->rejections[i];
}

int summary_sources(summary *s, source *const *sources, int count) {
    s->sources = calloc((size_t)count + 1, sizeof *s->sources);
    if (!s->sources)
        return UV_ENOMEM;
    for (int i = 0; i < count; i++) {
        source_summary *to = &s->sources[s->source_count];
        to->name = strdup(source_name(sources[i]));
        to->reason = strdup(source_reason(sources[i]));
        to->items = source_count(sources[i]);
        to->error = source_error(sources[i]);
        if (!to->name || !to->reason) {
            free(to->name);
            free(to->reason);
            return UV_ENOMEM;
        }
        s->source_count++;
        s->failed_sources += to->error != 0;
    }
    return 0;
}

static int note_file(const category_files *f, int number, file_summary *to) {
    const char *path = category_files_path(f, number, &to->items);
    to->path = path ? strdup(path) : NULL;
    return path && !to->path ? UV_ENOMEM : 0;
}

int summary_files(summary *s, const category_files *f) {
    int error = note_file(f, FILES - 1, &s->errors_file);
    for (int i = 0; i < CATEGORIES && !error; i++) {
        error = note_file(f, i, &s->files[s->file_count]);
        s->file_count += s->files[s->file_count].path != NULL;
    }
    return error;
}

double summary_success_rate(const summary *s) {
    int64_t all = s->processed + s->errors;
    return all ? 100.0 * (double)s->processed / (double)all : 100.0;
}

double summary_per_second(const summary *s) {
    return s->ms > 0 ? 1000.0 * (double)s->processed / (double)s->ms : 0.0;
}

/* "1 item", "2 items" */
static const char *plural(int64_t n, const char *one, const char *more) {
    return n == 1 ? one : more;
}

static void print_sources(const summary *s, FILE *to) {
    for (int i = 0; i < s->source_count; i++) {
        const source_summary *from = &s->sources[i];
        fprintf(to, "  %-14s %7lld %s", from->name, (long long)from->items,
                plural(from->items, "item", "items"));
        if (from->error)
            fprintf(to, ", then it failed: %s", from->reason);
        fputc('\n', to);
    }
}

static void print_rejections(const summary *s, FILE *to) {
    for (int i = 0; i < s->first_count; i++)
        fprintf(to, "  %s, item %lld: %s\n", s->first[i].source, (long long)s->first[i].number,
                s->first[i].reason);
    if (s->errors > s->first_count)
        fprintf(to, "  and %lld more, in the file\n", (long long)(s->errors - s->first_count));
}

static void print_files(const summary *s, FILE *to) {
    for (int i = 0; i < s->file_count; i++)
        fprintf(to, "  %s  %lld %s\n", s->files[i].path, (long long)s->files[i].items,
                plural(s->files[i].items, "item", "items"));
    if (s->errors_file.path)
        fprintf(to, "  %s  %lld %s\n", s->errors_file.path, (long long)s->errors_file.items,
                plural(s->errors_file.items, "error", "errors"));
}

void summary_print(const summary *s, FILE *to) {
    fprintf(to, "Sources: %d\n", s->source_count);
    print_sources(s, to);
    fprintf(to, "Files: %d\n", s->file_count);
    print_files(s, to);
    fprintf(to, "Total time: %.2f s\n", (double)s->ms / 1000);
    fprintf(to, "Items processed: %lld, in %lld %s\n", (long long)s->processed,
            (long long)s->batches, plural(s->batches, "batch", "batches"));
    fprintf(to, "Errors: %lld\n", (long long)s->errors);
    print_rejections(s, to);
    fprintf(to, "Success rate: %.1f%%\n", summary_success_rate(s));
    if (s->ms > 0)
        fprintf(to, "Items per second: %.1f\n", summary_per_second(s));
}

void summary_clear(summary *s) {
    for (int i = 0; i < s->source_count; i++) {
        free(s->sources[i].name);
        free(s->sources[i].reason);
    }
    free(s->sources);
    for (int i = 0; i < s->file_count; i++)
        free(s->files[i].path);
    free(s->errors_file.path);
    *s = (summary){0};
}
