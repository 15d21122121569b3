/* An echo server of bare libuv: one buffer for all reads, uv_try_write. Prints its port. */
#include "bench.h"

#include <arpa/inet.h>
#include <uv.h>

static char room[65536];

static void offer(uv_handle_t *h, size_t suggested, uv_buf_t *out) {
    *out = uv_buf_init(room, sizeof room);
}

static void came(uv_stream_t *s, ssize_t n, const uv_buf_t *in) {
    uv_buf_t out = uv_buf_init(in->base, n > 0 ? (unsigned)n : 0);
    if (n < 0 || (n > 0 && uv_try_write(s, &out, 1) != n))
        uv_close((uv_handle_t *)s, (uv_close_cb)(void *)free);
}

static void connected(uv_stream_t *listening, int status) {
    uv_tcp_t *s = malloc(sizeof *s);
    uv_tcp_init(listening->loop, s);
    uv_accept(listening, (uv_stream_t *)s);
    uv_tcp_nodelay(s, 1);
    uv_read_start((uv_stream_t *)s, offer, came);
}

int main(void) {
    uv_loop_t *loop = uv_default_loop();
    uv_tcp_t server;
    struct sockaddr_in where;
    int length = sizeof where;
    uv_ip4_addr("127.0.0.1", 0, &where);
    uv_tcp_init(loop, &server);
    uv_tcp_bind(&server, (struct sockaddr *)&where, 0);
    uv_listen((uv_stream_t *)&server, 128, connected);
    uv_tcp_getsockname(&server, (struct sockaddr *)&where, &length);
    printf("%d\n", ntohs(where.sin_port));
    fflush(stdout);
    return uv_run(loop, UV_RUN_DEFAULT);
}
