/* site.c - a site to try a scraper on, or curl, or a browser, until Ctrl-C.
 *
 *     make demo CH=11 NAME=site [ARGS=PORT]      port 8000 if none is given, 0 for any that is free
 */
#include "task.h"
#include "test_site.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

static void visited(void *arg, const char *path) {
    printf("GET %s\n", path);
}

/* Ctrl-C: main is cancelled where it waits. */
static void interrupted(uv_signal_t *signal, int number) {
    task_cancel(signal->data);
}

static void signal_closed(uv_handle_t *signal) {
    free(signal);
}

static int wait_for_ctrl_c(void) {
    uv_signal_t *ctrl_c = malloc(sizeof *ctrl_c);
    if (!ctrl_c)
        return UV_ENOMEM;
    uv_signal_init(loop_uv(loop_running()), ctrl_c);
    ctrl_c->data = task_current();
    int error = uv_signal_start(ctrl_c, interrupted, SIGINT);
    while (!error)
        error = loop_sleep(INT64_MAX);
    uv_close((uv_handle_t *)ctrl_c, signal_closed);
    return error == UV_ECANCELED ? 0 : error;
}

static int run(void *arg, void **result) {
    int port = *(const int *)arg;
    site *site;
    int error = site_start("127.0.0.1", port, visited, NULL, &site);
    if (error < 0)
        return error;
    printf("A site to try a scraper on: %s\n", site_url(site));
    error = wait_for_ctrl_c();
    int code = site_close(site);
    if (!error)
        printf("Closed.\n");
    return error < 0 ? error : code;
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
        fprintf(stderr, "usage: site [PORT]\n");
        return 2;
    }
    setvbuf(stdout, NULL, _IOLBF, 0); /* whoever reads along sees every line at once */
    int error = async_run(run, &port, NULL);
    if (error)
        fprintf(stderr, "site: port %d: %s\n", port, uv_strerror(error));
    return error != 0;
}
