/* squares.c - the sum of the squares below ten million, on every processor. */
#include "process_pool.h"
#include "task.h"

#include <stdio.h>
#include <stdlib.h>

enum { NUMBERS = 10 * 1000 * 1000, PARTS = 8 };

/* It has 69 bits, so 64 are not enough. */
typedef unsigned __int128 number;

typedef struct range {
    uint64_t from, to;
} range;

/* In a worker. */
PROCESS_FUNCTION(sum_of_squares) {
    const range *r = (const range *)input;
    number sum = 0;
    for (uint64_t i = r->from; i < r->to; i++)
        sum += i * i;
    return process_answer(out, &sum, sizeof sum);
}

static process_pool *pool;
static number total;

/* A task: one part, and its share of the total. */
static int part(void *arg, void **result) {
    process_output answer;
    int error = process_pool_run(pool, "sum_of_squares", arg, sizeof(range), &answer);
    if (error < 0) {
        fprintf(stderr, "squares: %s. %s\n", uv_strerror(error), answer.reason);
        return error;
    }
    total += *(number *)answer.bytes;
    free(answer.bytes);
    return 0;
}

static int all_parts(void) {
    range ranges[PARTS];
    task *tasks[PARTS] = {NULL};
    int error = 0;
    for (uint64_t i = 0; i < PARTS && !error; i++) {
        ranges[i] = (range){NUMBERS / PARTS * i, NUMBERS / PARTS * (i + 1)};
        error = task_create(part, &ranges[i], NULL, &tasks[i]);
    }
    for (int i = 0; i < PARTS; i++) {
        int failed = tasks[i] ? task_await(tasks[i], NULL) : 0;
        error = error ? error : failed;
        task_release(tasks[i]);
    }
    return error;
}

static int run(void *arg, void **result) {
    int error = process_pool_open(0, &pool);
    if (error < 0)
        return error;
    error = all_parts();
    int closing = process_pool_close(pool);
    return error ? error : closing;
}

/* printf knows no numbers of 128 bits. */
static void print_number(number n) {
    if (n >= 10)
        print_number(n / 10);
    putchar('0' + (int)(n % 10));
}

int main(void) {
    int error = async_run(run, NULL, NULL);
    if (error < 0)
        return 1;
    printf("Result: ");
    print_number(total);
    printf("\n");
    return 0;
}
