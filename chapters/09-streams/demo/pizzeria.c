/* pizzeria.c - the pizza server: real clients, as many as come, until Ctrl-C.
 *
 *     make demo CH=09 [ARGS=PORT]      port 8000 if none is given, 0 for any that is free */
#include "pizza.h"
#include "server.h"
#include "task.h"

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

static void print_addresses(const server *pizzeria) {
    address at;
    for (int i = 0; server_sockname(pizzeria, i, &at) == 0; i++)
        printf("Pizza server running on %s:%d\n", at.host, at.port);
}

/* Ctrl-C: main is cancelled where it waits. */
static void interrupted(uv_signal_t *signal, int number) {
    task_cancel(signal->data);
}

static void signal_closed(uv_handle_t *signal) {
    free(signal);
}

static int serve_until_interrupted(server *pizzeria) {
    uv_signal_t *ctrl_c = malloc(sizeof *ctrl_c);
    if (!ctrl_c)
        return UV_ENOMEM;
    uv_signal_init(loop_uv(loop_running()), ctrl_c);
    ctrl_c->data = task_current();
    int error = uv_signal_start(ctrl_c, interrupted, SIGINT);
    if (!error)
        error = server_serve_forever(pizzeria);
    uv_close((uv_handle_t *)ctrl_c, signal_closed);
    return error == UV_ECANCELED ? 0 : error;
}

static int run(void *arg, void **result) {
    int port = *(const int *)arg;
    server *pizzeria;
    int error = start_server(pizza_handler, NULL, "localhost", port, &pizzeria);
    if (error < 0)
        return error;
    print_addresses(pizzeria);
    error = serve_until_interrupted(pizzeria);
    if (!error)
        printf("Closed.\n");
    server_release(pizzeria);
    return error; /* async_run ends the clients that are still here */
}

/* Returns the port, or -1 for words that are none. */
static int port_of(const char *words) {
    char *end;
    errno = 0;
    long port = strtol(words, &end, 10);
    return *words && !*end && !errno && port >= 0 && port <= 65535 ? (int)port : -1;
}

int main(int argc, char **argv) {
    int port = argc > 1 ? port_of(argv[1]) : 8000;
    if (argc > 2 || port < 0) {
        fprintf(stderr, "usage: pizzeria [PORT]\n");
        return 2;
    }
    setvbuf(stdout, NULL, _IOLBF, 0); /* whoever reads along sees every line at once */
    int error = async_run(run, &port, NULL);
    if (error)
        fprintf(stderr, "pizzeria: port %d: %s\n", port, uv_strerror(error));
    return error != 0;
}
