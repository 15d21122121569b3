/* client.c - the other side of the servers in rows/: connections that send 64 bytes and wait until
 * they are back. Arguments: port, connections, ms. Prints how many times that was done. */
#include "bench.h"

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>

static double now_ms(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

int main(int argc, char **argv) {
    if (argc < 4)
        return 2;
    int n = atoi(argv[2]), waiting = epoll_create1(0), one = 1;
    static int got[4096];
    char bytes[64] = "0123456789";
    struct sockaddr_in where = {.sin_family = AF_INET, .sin_port = htons(atoi(argv[1]))};
    where.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    for (int i = 0; i < n; i++) {
        int s = socket(AF_INET, SOCK_STREAM, 0);
        struct epoll_event e = {.events = EPOLLIN, .data.fd = s};
        if (s < 0 || connect(s, (struct sockaddr *)&where, sizeof where) < 0)
            return 1;
        setsockopt(s, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
        epoll_ctl(waiting, EPOLL_CTL_ADD, s, &e);
        if (write(s, bytes, sizeof bytes) != sizeof bytes)
            return 1;
    }
    long count = 0;
    for (double end = now_ms() + atoi(argv[3]); now_ms() < end;) {
        struct epoll_event events[64];
        int ready = epoll_wait(waiting, events, 64, 100);
        for (int i = 0; i < ready; i++) {
            int s = events[i].data.fd;
            ssize_t size = read(s, bytes, sizeof bytes);
            if (size <= 0)
                return 1;
            got[s] += (int)size;
            if (got[s] < 64)
                continue;
            got[s] = 0;
            count++;
            if (write(s, bytes, sizeof bytes) != sizeof bytes)
                return 1;
        }
    }
    printf("%ld\n", count);
    return 0;
}
