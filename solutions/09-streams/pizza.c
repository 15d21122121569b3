/* pizza.c - an order, two seconds, a pizza. */
#include "pizza.h"

#include "workbook.h"

#include <stdio.h>
#include <string.h>

enum { ORDER_SIZE = 1024, BAKING_MS = 2000 };

#define PIZZA "Here's your pizza!"

int pizza_handler(stream *s, void *arg) {
    // >>> exercise server/pizza
    // The header says it all: what is printed, and when there is no pizza. Whoever sends nothing
    // and ends has ordered "".
    address client;
    char order[ORDER_SIZE];
    stream_peername(s, &client);
    printf("Connection from %s:%d\n", client.host, client.port);
    ssize_t n = stream_read(s, order, sizeof order);
    if (n < 0 && n != UV_EOF)
        return (int)n;
    printf("Order received: %.*s\n", n > 0 ? (int)n : 0, order);
    int error = loop_sleep(BAKING_MS);
    if (!error)
        error = stream_write(s, PIZZA, strlen(PIZZA));
    if (!error)
        error = stream_drain(s);
    if (error < 0)
        return error;
    stream_close(s);
    return stream_wait_closed(s);
    // <<<
}

/* Reads until the end. pizza: as pizza_order has it. */
static int wait_for_pizza(stream *s, char *pizza, size_t size) {
    // >>> exercise server/pizza
    // A pizza may come in slices: one stream_read is not enough. What does not fit is read all the
    // same.
    char rest[256];
    size_t used = 0;
    for (;;) {
        size_t room = size - 1 - used;
        ssize_t n = room ? stream_read(s, pizza + used, room) : stream_read(s, rest, sizeof rest);
        if (n == UV_EOF)
            break;
        if (n < 0)
            return (int)n;
        used += room ? (size_t)n : 0;
    }
    pizza[used] = '\0';
    return 0;
    // <<<
}

int pizza_order(const char *host, int port, const char *order, char *pizza, size_t size) {
    // >>> exercise server/pizza
    // Connect, write, wait_for_pizza; close and release whatever happened in between.
    stream *s;
    pizza[0] = '\0';
    int error = open_connection(host, port, &s);
    if (error < 0)
        return error;
    error = stream_write(s, order, strlen(order));
    if (!error)
        error = wait_for_pizza(s, pizza, size);
    if (error < 0)
        pizza[0] = '\0';
    stream_close(s);
    stream_release(s);
    return error;
    // <<<
}
