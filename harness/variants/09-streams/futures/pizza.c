/* pizza.c - a variant: the server leaves closing to whoever called it, and the client ends his
 * order before he waits. */
#include "pizza.h"

#include <stdio.h>
#include <string.h>

int pizza_handler(stream *s, void *arg) {
    char order[1025] = "";
    address from;
    stream_peername(s, &from);
    printf("Connection from %s:%d\n", from.host, from.port);
    int error = (int)stream_read(s, order, 1024);
    if (error < 0 && error != UV_EOF)
        return error;
    printf("Order received: %s\n", order);
    error = loop_sleep(2000);
    if (error < 0)
        return error;
    error = stream_write(s, "Here's your pizza!", 18);
    return error ? error : stream_drain(s);
}

int pizza_order(const char *host, int port, const char *order, char *pizza, size_t size) {
    stream *s;
    size_t used = 0;
    *pizza = '\0';
    ssize_t n = open_connection(host, port, &s);
    if (n < 0)
        return (int)n;
    n = stream_write(s, order, strlen(order));
    stream_write_eof(s);
    while (n >= 0) {
        char slice[3];
        n = stream_read(s, slice, sizeof slice);
        for (ssize_t i = 0; i < n; i++)
            if (used < size - 1)
                pizza[used++] = slice[i];
    }
    pizza[n == UV_EOF ? used : 0] = '\0';
    stream_release(s);
    return n == UV_EOF ? 0 : (int)n;
}
