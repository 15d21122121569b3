/* take_away.c - a client of any pizza server, ours or Python's.
 *
 *     make demo CH=09 NAME=take_away [ARGS='PORT [ORDER]'] */
#include "pizza.h"
#include "task.h"

#include <stdio.h>
#include <stdlib.h>

typedef struct wish {
    int port;
    const char *order;
} wish;

static int run(void *arg, void **result) {
    const wish *w = arg;
    char pizza[1024];
    int64_t start = loop_time(loop_running());
    int error = pizza_order("localhost", w->port, w->order, pizza, sizeof pizza);
    if (error < 0)
        return error;
    printf("%s\n", pizza);
    printf("(after %.1f s)\n", (double)(loop_time(loop_running()) - start) / 1000);
    return 0;
}

int main(int argc, char **argv) {
    wish w = {.port = argc > 1 ? atoi(argv[1]) : 8000, .order = argc > 2 ? argv[2] : "margherita"};
    int error = async_run(run, &w, NULL);
    if (error)
        fprintf(stderr, "take_away: port %d: %s\n", w.port, uv_strerror(error));
    return error != 0;
}
