/* jsonl.h - a file of JSON lines, as a stream of records.
 *
 * Each line is a JSON value of its own. The file may be larger than memory: it is read in buffers,
 * batches of lines are parsed on other threads, several at a time, and the records come out in the
 * order of the file. A line that cannot be read does not end anything: it is a record with an
 * error. */
#ifndef JSONL_H
#define JSONL_H

#include "async_generator.h"

#include <jansson.h>

/* A line that is not blank. */
typedef struct jsonl_record {
    long line;     /* its number, from 1; blank lines count */
    json_t *value; /* NULL if there is an error */
    int error;     /* 0; UV_EINVAL: not JSON; UV_EILSEQ: not UTF-8; UV_E2BIG: too long */
    char *problem; /* with an error: what is wrong, in words, or NULL without memory; else NULL */
} jsonl_record;

/* All zeros: what stands in brackets. */
typedef struct jsonl_options {
    size_t buffer;  /* bytes to read at a time, which make a batch [64 KiB] */
    size_t longest; /* bytes that a line may have; a longer one is an error [1 MiB] */
    int in_flight;  /* batches that are being parsed or wait for their turn [3] */
} jsonl_options;

/* Yields every line of a file that is not blank as a jsonl_record, in order. Items belong to the
 * generator and are valid until the next one is asked for; to keep a value longer: json_incref.
 * A file that cannot be opened or read ends it with that error, after all lines that were read
 * before. To close it gives up the batches that wait for a thread, waits for those on one, and
 * closes the file. The memory it uses does not depend on the size of the file: at most in_flight
 * batches and what is parsed of them. The first record comes when so many batches were read, or
 * the file has ended: of a slow source, such as a pipe, nothing is yielded before that.
 * path: copied. options: NULL is as all zeros.
 * It is used and closed in tasks: elsewhere its first request is UV_EINVAL.
 * out: receives the generator; the caller gives it back with generator_free. Returns 0, or
 * UV_ENOMEM (*out is NULL then). */
int jsonl_read(const char *path, const jsonl_options *options, generator **out);

#endif
