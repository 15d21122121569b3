/* category_files.c - an output for each category. */
#include "category_files.h"

#include "encode.h"
#include "executor.h"
#include "output.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ERRORS = FILES - 1 };

typedef struct one_file {
    output *output; /* NULL before there is something in it */
    encoded text;   /* what is to be written next */
    int64_t count;
} one_file;

struct category_files {
    char *prefix, *stamp;
    const batch *batch; /* the one that is being encoded */
    one_file files[FILES];
};

int category_files_new(const char *prefix, const char *stamp, category_files **out) {
    category_files *f = calloc(1, sizeof *f);
    *out = f;
    if (!f)
        return UV_ENOMEM;
    f->prefix = strdup(prefix);
    f->stamp = strdup(stamp);
    if (f->prefix && f->stamp)
        return 0;
    category_files_close(f);
    *out = NULL;
    return UV_ENOMEM;
}

/* What stands before an object: the first one begins the array. */
static int begin_object(one_file *f) {
    return encode_plain(&f->text, f->count++ ? ",\n  " : "[\n  ");
}

/* For run_in_executor: the text of a batch. */
static int encode_batch(void *arg, void **result) {
    category_files *f = arg;
    const batch *b = f->batch;
    int error = 0;
    for (int i = 0; i < b->record_count && !error; i++) {
        one_file *to = &f->files[b->records[i].category_code];
        error = begin_object(to);
        if (!error)
            error = encode_record(&to->text, b, &b->records[i]);
    }
    for (int i = 0; i < b->rejection_count && !error; i++) {
        error = begin_object(&f->files[ERRORS]);
        if (!error)
            error = encode_rejection(&f->files[ERRORS].text, &b->rejections[i]);
    }
    return error;
}

static int open_file(const category_files *f, int number, output **out) {
    char *path;
    int length = number == ERRORS
                     ? asprintf(&path, "%s_errors_%s.json", f->prefix, f->stamp)
                     : asprintf(&path, "%s_category_%d_%s.json", f->prefix, number, f->stamp);
    if (length < 0)
        return UV_ENOMEM;
    int error = output_open(path, out);
    free(path);
    return error;
}

/* Writes the text of a file, which keeps its memory for the next batch. */
static int write_text(category_files *f, int number) {
    one_file *to = &f->files[number];
    int error = 0;
    if (!to->text.size)
        return 0;
    if (!to->output)
        error = open_file(f, number, &to->output);
    if (!error)
        error = output_write(to->output, to->text.bytes, to->text.size);
    to->text.size = 0;
    return error;
}

int category_files_add(category_files *f, const batch *b) {
    f->batch = b;
    int error = run_in_executor(encode_batch, f, NULL);
    for (int i = 0; i < FILES && !error; i++)
        error = write_text(f, i);
    return error;
}

static int finish_all(category_files *f) {
    int error = 0;
    for (int i = 0; i < FILES && !error; i++) {
        output *o = f->files[i].output;
        if (!o)
            continue;
        error = output_write(o, "\n]\n", 3);
        if (!error)
            error = output_finish(o);
    }
    return error;
}

int category_files_publish(category_files *f) {
    int error = finish_all(f);
    for (int i = 0; i < FILES && !error; i++) {
        output *o = f->files[i].output;
        if (o) /* an error of a file that is there is a cancellation that came too late */
            error = output_publish(o);
        if (o && output_published(o))
            error = 0;
    }
    if (error < 0)
        category_files_withdraw(f);
    return error;
}

void category_files_withdraw(category_files *f) {
    for (int i = 0; i < FILES; i++)
        if (f->files[i].output)
            output_withdraw(f->files[i].output);
}

const char *category_files_path(const category_files *f, int number, int64_t *count) {
    const one_file *file = &f->files[number];
    *count = file->count;
    return file->output ? output_path(file->output) : NULL;
}

int category_files_close(category_files *f) {
    int first = 0;
    if (!f)
        return 0;
    for (int i = 0; i < FILES; i++) {
        int error = output_close(f->files[i].output);
        first = first ? first : error;
        encoded_clear(&f->files[i].text);
    }
    free(f->prefix);
    free(f->stamp);
    free(f);
    return first;
}
