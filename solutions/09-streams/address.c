/* address.c - getaddrinfo, without anybody standing still for it. */
#include "address.h"

#include "crowd.h"
#include "workbook.h"

#include <stdio.h>
#include <stdlib.h>

/* A question to the resolver. It lives on the heap: whoever asked may be gone when the answer
 * comes. */
typedef struct lookup {
    uv_getaddrinfo_t request;
    crowd asker;
    int answered, status;
    int abandoned; /* nobody wants the answer any more */
} lookup;

static void lookup_free(lookup *l) {
    uv_freeaddrinfo(l->request.addrinfo); /* NULL is fine */
    free(l);
}

/* libuv's word that the answer is there. */
static void answered(uv_getaddrinfo_t *request, int status, struct addrinfo *list) {
    lookup *l = request->data;
    l->answered = 1;
    l->status = status;
    // >>> exercise stream/connect
    // If it is wanted, wake whoever asked; if not, nobody but you can free it.
    if (l->abandoned)
        lookup_free(l);
    else
        crowd_wake(&l->asker);
    // <<<
}

/* Waits for the answer to a question that is on its way; l belongs to this function. Returns 0 and
 * the list, or an error. */
static int wait_for_answer(lookup *l, struct addrinfo **out) {
    // >>> exercise stream/connect
    // crowd_wait. Who is woken with an error leaves, and then there are two cases: libuv still
    // works on the question (uv_cancel it, and leave a note for answered), or it has been answered
    // in the same turn. Who takes the list sets request.addrinfo to NULL before lookup_free.
    int error = 0;
    while (!l->answered && !error)
        error = crowd_wait(&l->asker);
    if (!l->answered) {
        l->abandoned = 1;
        uv_cancel((uv_req_t *)&l->request);
        return error;
    }
    if (!error)
        error = l->status;
    if (!error) {
        *out = l->request.addrinfo;
        l->request.addrinfo = NULL;
    }
    lookup_free(l);
    return error;
    // <<<
}

/* Asks the resolver. */
static int look_up(const char *host, const char *port, const struct addrinfo *hints,
                   struct addrinfo **out) {
    lookup *l = calloc(1, sizeof *l);
    if (!l)
        return UV_ENOMEM;
    l->request.data = l;
    int error = uv_getaddrinfo(loop_uv(loop_running()), &l->request, answered, host, port, hints);
    if (error < 0) {
        free(l);
        return error;
    }
    return wait_for_answer(l, out);
}

/* Understands a numeric host. Without a callback uv_getaddrinfo works on this thread; nothing
 * blocks, as there is nobody to ask. */
static int understand(const char *host, const char *port, struct addrinfo *hints,
                      struct addrinfo **out) {
    uv_getaddrinfo_t request;
    hints->ai_flags |= AI_NUMERICHOST;
    int error = uv_getaddrinfo(loop_uv(loop_running()), &request, NULL, host, port, hints);
    hints->ai_flags &= ~AI_NUMERICHOST;
    *out = error < 0 ? NULL : request.addrinfo;
    return error;
}

int address_resolve(const char *host, int port, int flags, struct addrinfo **out) {
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = flags};
    char number[12];
    *out = NULL;
    if (!loop_running() || port < 0 || port > 65535)
        return UV_EINVAL;
    snprintf(number, sizeof number, "%d", port);
    int error = understand(host, number, &hints, out);
    return error == UV_EAI_NONAME && host ? look_up(host, number, &hints, out) : error;
}

void address_of(const socket_address *from, address *out) {
    int is_ip6 = from->any.sa_family == AF_INET6;
    *out = (address){.port = ntohs(is_ip6 ? from->ip6.sin6_port : from->ip4.sin_port)};
    if (is_ip6)
        uv_ip6_name(&from->ip6, out->host, sizeof out->host);
    else if (from->any.sa_family == AF_INET)
        uv_ip4_name(&from->ip4, out->host, sizeof out->host);
}
