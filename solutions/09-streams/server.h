/* server.h - a socket that listens, and a task for each client.
 *
 * As in stream.h, a call that waits returns UV_ECANCELED (or another code) if its coroutine is woken
 * with it, also when what it waited for has come in the same turn.
 *
 * Ownership: start_server gives its caller a server, and server_release takes it back. */
#ifndef SERVER_H
#define SERVER_H

#include "stream.h"

typedef struct server server;

/* What serves one client: runs as a task of its own.
 * s: borrowed; the server closes it when the handler returns, whatever has been written is still
 * sent. arg: as given to start_server. Returns 0 or an error. */
typedef int (*client_handler)(stream *s, void *arg);

/* Listens on every address of host, and has handler(s, arg) run for each client that connects.
 * An error that a handler returns goes to the loop's exception handler: "a client's handler
 * failed". A handler that was cancelled (UV_ECANCELED) has its stream closed without waiting for
 * what could not be sent yet; nothing is reported.
 * host: as for address_resolve, NULL for all interfaces. An address of a kind that this machine
 * does not have is left out if there is another one. port: 0 for any that is free, which may be
 * another one for each address.
 * out: receives the server; NULL on an error.
 * Returns 0; an error of address_resolve; UV_EADDRINUSE, UV_EADDRNOTAVAIL, UV_EACCES and the like:
 * then it listens nowhere; UV_ENOMEM. Waits only for a name to be resolved.
 * asyncio: start_server(handler, host, port); there the handler must close its writer. */
int start_server(client_handler handler, void *arg, const char *host, int port, server **out);

/* Gives a server back; NULL is fine. It does not listen any more; clients that are being served go
 * on. Nobody may wait for it. */
void server_release(server *s);

/* The address that the server listens on, number 0 or one of the others. Returns 0, or UV_EINVAL if
 * there is none of that number or the server is closed.
 * asyncio: server.sockets[i].getsockname(). */
int server_sockname(const server *s, int number, address *out);

/* Stops listening: nobody can connect any more, and server_serve_forever returns. Clients that are
 * being served go on. The second call does nothing. asyncio: server.close(). */
void server_close(server *s);

/* Returns 1 until it is closed. asyncio: server.is_serving(). */
int server_is_serving(const server *s);

/* Waits until the server is closed and the connections of all its clients are, in either order.
 * Several coroutines may wait. Returns 0, or the code that the coroutine was woken with. asyncio:
 * server.wait_closed(), of 3.12.1 and later. */
int server_wait_closed(server *s);

/* Waits until server_close. If the coroutine is woken with an error, the server is closed.
 * Returns 0, or that error; UV_EINVAL if the server is closed already, UV_EBUSY if another
 * coroutine is in this call (asyncio: RuntimeError for both). asyncio: server.serve_forever(),
 * which raises CancelledError in both cases, and waits for all clients before, so that one that
 * stays can keep a program from ending (CPython's issue 123720). Whoever wants to wait calls
 * server_wait_closed. */
int server_serve_forever(server *s);

#endif
