/* address.c - a variant: the answer is the result of a future; the request and the future hold on
 * to each other until libuv has called back, whoever still waits. */
#include "address.h"

#include "future.h"

#include <stdio.h>
#include <stdlib.h>

typedef struct question {
    uv_getaddrinfo_t request;
    future *answer;
    struct addrinfo *list;
} question;

static void forget(void *owner, future *f) {
    question *q = owner;
    uv_freeaddrinfo(q->list);
    free(q);
}

static const future_owner owner = {.destroy = forget};

static void answered(uv_getaddrinfo_t *request, int status, struct addrinfo *list) {
    question *q = (question *)request;
    q->list = list;
    if (status < 0 && status != UV_EAI_CANCELED)
        future_set_error(q->answer, status);
    else
        future_set_result(q->answer, q);
    future_release(q->answer);
}

int address_resolve(const char *host, int port, int flags, struct addrinfo **out) {
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = flags | AI_NUMERICHOST};
    char number[8];
    *out = NULL;
    if (!loop_running() || port < 0 || port > 65535)
        return UV_EINVAL;
    snprintf(number, sizeof number, "%d", port);
    uv_loop_t *uv = loop_uv(loop_running());
    uv_getaddrinfo_t now;
    int error = uv_getaddrinfo(uv, &now, NULL, host, number, &hints);
    if (!error)
        *out = now.addrinfo;
    if (error != UV_EAI_NONAME || !host)
        return error;
    question *q = calloc(1, sizeof *q);
    if (!q)
        return UV_ENOMEM;
    error = future_new_owned(loop_running(), &owner, q, &q->answer);
    if (error) {
        free(q);
        return error;
    }
    hints.ai_flags = flags;
    error = uv_getaddrinfo(uv, &q->request, answered, host, number, &hints);
    if (!error) {
        future_retain(q->answer); /* for answered */
        error = future_await(q->answer, NULL);
        if (!future_done(q->answer) || error)
            uv_cancel((uv_req_t *)&q->request);
        if (!error) {
            *out = q->list;
            q->list = NULL;
        }
    }
    future_release(q->answer);
    return error;
}

void address_of(const socket_address *from, address *out) {
    *out = (address){.port = 0};
    if (from->any.sa_family == AF_INET) {
        uv_inet_ntop(AF_INET, &from->ip4.sin_addr, out->host, sizeof out->host);
        out->port = ntohs(from->ip4.sin_port);
    } else if (from->any.sa_family == AF_INET6) {
        uv_inet_ntop(AF_INET6, &from->ip6.sin6_addr, out->host, sizeof out->host);
        out->port = ntohs(from->ip6.sin6_port);
    }
}
