/* peer.h - the other side of a connection, by hand, for scenarios about networks.
 *
 * Plain sockets on 127.0.0.1 that never wait: what a call cannot do at once it leaves undone. So
 * one coroutine can play both sides, and a scenario about reading needs no code of the student's
 * that writes. Functions that give a descriptor give -1 if there is none. */
#ifndef PEER_H
#define PEER_H

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <uv.h>

/* The name of an error; "0" for none. */
static inline const char *code_name(int code) {
    static char name[40];
    return code ? uv_err_name_r(code, name, sizeof name) : "0";
}

static inline struct sockaddr_in peer_address(const char *host, int port) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    inet_pton(AF_INET, host, &address.sin_addr);
    return address;
}

/* A socket as on a real network. On loopback a segment has 64 KiB, as much as a whole buffer: when
 * one is full, the kernel waits 200 ms for more room than there will ever be. */
static inline int peer_socket(void) {
    int size = 1400, fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    setsockopt(fd, IPPROTO_TCP, TCP_MAXSEG, &size, sizeof size);
    return fd;
}

/* Begins to connect; it has happened when the loop has made a turn. */
static inline int peer_connect(int port) {
    struct sockaddr_in address = peer_address("127.0.0.1", port);
    int fd = peer_socket();
    if (connect(fd, (struct sockaddr *)&address, sizeof address) < 0 && errno != EINPROGRESS) {
        close(fd);
        return -1;
    }
    return fd;
}

/* A socket that listens; *port receives where. */
static inline int peer_listen(int backlog, int *port) {
    struct sockaddr_in address = peer_address("127.0.0.1", 0);
    socklen_t length = sizeof address;
    int fd = peer_socket();
    *port = 0;
    if (bind(fd, (struct sockaddr *)&address, sizeof address) < 0 || listen(fd, backlog) < 0) {
        close(fd);
        return -1;
    }
    getsockname(fd, (struct sockaddr *)&address, &length);
    *port = ntohs(address.sin_port);
    return fd;
}

/* A port on which nobody listens. */
static inline int peer_free_port(void) {
    int port = 0;
    close(peer_listen(1, &port));
    return port;
}

/* The client that has connected to a socket that listens. */
static inline int peer_accept(int listening) {
    return accept4(listening, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
}

/* Sends what the kernel takes; returns how much that is, 0 if nothing. */
static inline size_t peer_send_bytes(int fd, const void *bytes, size_t size) {
    ssize_t n = send(fd, bytes, size, MSG_NOSIGNAL);
    return n < 0 ? 0 : (size_t)n;
}

static inline void peer_send(int fd, const char *text) {
    peer_send_bytes(fd, text, strlen(text));
}

/* Returns how many bytes came, 0 at the end; UV_EAGAIN if nothing is there; or another error. */
static inline int peer_receive(int fd, void *bytes, size_t size) {
    ssize_t n = recv(fd, bytes, size, 0);
    return n < 0 ? uv_translate_sys_error(errno) : (int)n;
}

/* Sends nothing more, and goes on listening. */
static inline void peer_end(int fd) {
    shutdown(fd, SHUT_WR);
}

/* Hangs up in a way that the other side gets ECONNRESET. */
static inline void peer_reset(int fd) {
    struct linger at_once = {.l_onoff = 1};
    setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    close(fd);
}

/* Returns 1 if the machine can talk to itself over IPv6. */
static inline int peer_has_ip6(void) {
    struct sockaddr_in6 address = {.sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT};
    int fd = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int has = fd >= 0 && bind(fd, (struct sockaddr *)&address, sizeof address) == 0;
    close(fd);
    return has;
}

#endif
