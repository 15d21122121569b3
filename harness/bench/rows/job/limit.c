/* uv_queue_work with a callback that queues the next one. Prints us of real time for one. */
#include "bench.h"

#include <uv.h>

static uv_work_t job;
static int left;

static void nothing(uv_work_t *w) {
}

static void done(uv_work_t *w, int status) {
    if (--left > 0)
        uv_queue_work(uv_default_loop(), &job, nothing, done);
}

int main(void) {
    int n = left = work(50000);
    double start = real_ns();
    uv_queue_work(uv_default_loop(), &job, nothing, done);
    uv_run(uv_default_loop(), UV_RUN_DEFAULT);
    printf("%.3f\n", (real_ns() - start) / 1e3 / n);
    return 0;
}
