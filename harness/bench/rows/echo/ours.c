/* An echo server: a task for each connection. Prints its port, and serves until it is ended. */
#include "bench.h"
#include "server.h"
#include "stream.h"
#include "task.h"

static int echo(stream *s, void *arg) {
    char bytes[4096];
    ssize_t n;
    while ((n = stream_read(s, bytes, sizeof bytes)) > 0)
        if (stream_write(s, bytes, (size_t)n) < 0 || stream_drain(s) < 0)
            break;
    return 0;
}

static int serve(void *arg, void **result) {
    server *s;
    int error = start_server(echo, NULL, "127.0.0.1", 0, &s);
    if (error < 0)
        return error;
    address where;
    server_sockname(s, 0, &where);
    printf("%d\n", where.port);
    fflush(stdout);
    return loop_sleep(1000000);
}

int main(void) {
    return async_run(serve, NULL, NULL) != 0;
}
