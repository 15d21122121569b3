/* jsonl.c - the JSON lines of chapter 10 beside a plain blocking program that does the same parsing,
 * and what an item of a generator costs. One measurement for each call; harness/bench/jsonl calls it.
 *
 *     jsonl generate FILE MEGABYTES    writes a file of JSON lines
 *     jsonl blocking FILE              getline, json_loadb, json_decref
 *     jsonl ours FILE                  jsonl_read
 *     jsonl items                      ns for an item
 *
 * blocking and ours print: seconds, processor seconds, records, kilobytes of memory at most. */
#include "jsonl.h"
#include "pipe.h"
#include "sources.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

static double now(clockid_t clock) {
    struct timespec t;
    clock_gettime(clock, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* ---- the file ---- */

static int generate(const char *path, long megabytes) {
    FILE *f = fopen(path, "w");
    if (!f) {
        perror(path);
        return 1;
    }
    long i = 0;
    for (int64_t left = (int64_t)megabytes * 1000000; left > 0; i++)
        left -= fprintf(f,
                        "{\"id\":%ld,\"name\":\"item %ld\",\"category\":\"%c\",\"price\":%ld.%02ld,"
                        "\"tags\":[\"a\",\"b\",\"c\"],\"ok\":true}\n",
                        i, i, "ABC"[i % 3], i * 7919 % 1000, i % 100);
    int failed = ferror(f);
    if (fclose(f) || failed) {
        perror(path);
        return 1;
    }
    return 0;
}

/* ---- the two programs ---- */

static long blocking(const char *path) {
    FILE *f = fopen(path, "r");
    if (!f) {
        perror(path);
        exit(1);
    }
    char *line = NULL;
    size_t capacity = 0;
    ssize_t size;
    long records = 0;
    while ((size = getline(&line, &capacity, f)) >= 0) {
        json_error_t error;
        json_t *value = json_loadb(line, (size_t)size, JSON_DECODE_ANY, &error);
        records += value != NULL;
        json_decref(value);
    }
    free(line);
    fclose(f);
    return records;
}

typedef struct reading {
    const char *path;
    long records;
} reading;

static int read_all(void *arg, void **result) {
    reading *r = arg;
    generator *g;
    int error = jsonl_read(r->path, NULL, &g);
    if (error)
        return error;
    async_for (item, g, error)
        r->records += ((const jsonl_record *)item)->value != NULL;
    generator_free(g);
    return error;
}

static long ours(const char *path) {
    reading r = {.path = path};
    int error = async_run(read_all, &r, NULL);
    if (error) {
        fprintf(stderr, "%s: %s\n", path, uv_strerror(error));
        exit(1);
    }
    return r.records;
}

static int measure(long (*program)(const char *path), const char *path) {
    double begin = now(CLOCK_MONOTONIC), cpu = now(CLOCK_PROCESS_CPUTIME_ID);
    long records = program(path);
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    printf("%.3f %.3f %ld %ld\n", now(CLOCK_MONOTONIC) - begin, now(CLOCK_PROCESS_CPUTIME_ID) - cpu,
           records, usage.ru_maxrss);
    return 0;
}

/* ---- what an item costs ---- */

enum { ITEMS = 5 * 1000 * 1000, RUNS = 5 };

static int count_body(generator *g, void *arg) {
    int error = 0;
    for (intptr_t i = 0; i < ITEMS && !error; i++)
        error = generator_yield(g, (void *)i);
    return error;
}

static int next_item(void *arg, void *item, void **out) {
    *out = (void *)((intptr_t)item + 1);
    return 0;
}

static int loop_over(int stages) {
    generator *g;
    intptr_t sum = 0;
    int error = generator_new(count_body, NULL, &g);
    for (int i = 0; i < stages && !error; i++)
        error = pipe_map(&g, next_item, NULL);
    if (stages < 0)
        error = pipe_buffer(&g, 128, NULL);
    async_for (item, g, error)
        sum += (intptr_t)item;
    generator_free(g);
    return sum ? error : UV_EINVAL;
}

/* A callback for each item: the least that a pipeline could do. */
static __attribute__((noinline)) int visit(void *arg, void *item) {
    *(intptr_t *)arg += (intptr_t)item;
    return 0;
}

static int call_back(int unused) {
    int (*volatile fn)(void *arg, void *item) = visit;
    intptr_t sum = unused;
    for (intptr_t i = 0; i < ITEMS; i++)
        fn(&sum, (void *)i);
    return sum ? 0 : UV_EINVAL;
}

static void time_items(const char *name, const char *words, int (*fn)(int how), int how) {
    double best = 1e9;
    for (int i = 0; i < RUNS; i++) {
        double begin = now(CLOCK_PROCESS_CPUTIME_ID);
        if (fn(how) < 0)
            exit(1);
        double ns = (now(CLOCK_PROCESS_CPUTIME_ID) - begin) * 1e9 / ITEMS;
        best = ns < best ? ns : best;
    }
    printf("%s\t%.1f\t%s\n", name, best, words);
}

static int items(void *arg, void **result) {
    time_items("callback", "a callback for each item", call_back, 0);
    time_items("item", "an item of a generator", loop_over, 0);
    time_items("stage", "an item through a pipe_map as well", loop_over, 1);
    time_items("buffered", "an item through a pipe_buffer of 128", loop_over, -1);
    return 0;
}

int main(int argc, char **argv) {
    const char *what = argc > 1 ? argv[1] : "";
    if (!strcmp(what, "generate") && argc == 4)
        return generate(argv[2], atol(argv[3]));
    if (!strcmp(what, "blocking") && argc == 3)
        return measure(blocking, argv[2]);
    if (!strcmp(what, "ours") && argc == 3)
        return measure(ours, argv[2]);
    if (!strcmp(what, "items") && argc == 2)
        return async_run(items, NULL, NULL) != 0;
    fprintf(stderr, "usage: jsonl generate FILE MEGABYTES | blocking FILE | ours FILE | items\n");
    return 2;
}
