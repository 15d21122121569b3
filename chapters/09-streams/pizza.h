/* pizza.h - the pizza server's side of the counter, and the client's. */
#ifndef PIZZA_H
#define PIZZA_H

#include "stream.h"

/* Serves one client: reads an order, of at most 1024 bytes, bakes for 2 seconds, sends
 * "Here's your pizza!", and closes the connection. A client who sends nothing and ends gets a
 * pizza, too. Prints on standard output "Connection from HOST:PORT" and "Order received: ORDER",
 * each with a newline. For start_server; arg is not used.
 * Returns 0; an error of the connection, also if it is lost while the pizza is baked; or UV_ECANCELED
 * (or another code) if it is woken with it, and then there is no pizza. Python: handle_client of the
 * asyncio program. */
int pizza_handler(stream *s, void *arg);

/* Orders a pizza from a server and waits for it: reads until the end of the connection.
 * order: what is sent. pizza: receives what came, and one 0 behind it; cut if it is longer than
 * size - 1. size: 1 or more.
 * Returns 0 or an error of open_connection or of the connection; then pizza is "". */
int pizza_order(const char *host, int port, const char *order, char *pizza, size_t size);

#endif
