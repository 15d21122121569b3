/* three_guests.c - the pizza server and three clients in one program, over real sockets. */
#include "pizza.h"
#include "server.h"
#include "task.h"

#include <stdio.h>

enum { GUESTS = 3 };

static const char *orders[GUESTS] = {"margherita", "funghi", "quattro stagioni"};
static int port;

static double seconds(void) {
    static int64_t start;
    int64_t now = loop_time(loop_running());
    if (!start)
        start = now;
    return (double)(now - start) / 1000;
}

static int bake(stream *s, void *arg) {
    char order[64];
    ssize_t n = stream_read(s, order, sizeof order);
    if (n < 0)
        return (int)n;
    printf("%.1f s  server  %.*s: into the oven\n", seconds(), (int)n, order);
    int error = loop_sleep(2000);
    return error < 0 ? error : stream_write(s, "Here's your pizza!", 18);
}

static int guest(void *arg, void **result) {
    const char *order = arg;
    char pizza[64];
    int error = pizza_order("127.0.0.1", port, order, pizza, sizeof pizza);
    if (error < 0)
        return error;
    printf("%.1f s  guest   %s: %s\n", seconds(), order, pizza);
    return 0;
}

static int serve_guests(void) {
    task *guests[GUESTS] = {NULL};
    int error = 0;
    for (int i = 0; i < GUESTS && !error; i++)
        error = task_create(guest, (void *)orders[i], NULL, &guests[i]);
    for (int i = 0; i < GUESTS && !error; i++)
        error = task_await(guests[i], NULL);
    for (int i = 0; i < GUESTS; i++)
        task_release(guests[i]);
    return error;
}

static int run(void *arg, void **result) {
    server *pizzeria;
    address at;
    int error = start_server(bake, NULL, "127.0.0.1", 0, &pizzeria);
    if (error < 0)
        return error;
    server_sockname(pizzeria, 0, &at);
    port = at.port;
    printf("%.1f s  server  open\n", seconds());
    error = serve_guests();
    server_close(pizzeria);
    if (!error)
        error = server_wait_closed(pizzeria);
    printf("%.1f s  server  closed\n", seconds());
    server_release(pizzeria);
    return error;
}

int main(void) {
    int error = async_run(run, NULL, NULL);
    if (error)
        fprintf(stderr, "three_guests: %s\n", uv_strerror(error));
    return error != 0;
}
