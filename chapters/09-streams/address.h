/* address.h - from names to addresses, and back to text. */
#ifndef ADDRESS_H
#define ADDRESS_H

#include "loop.h"

/* An address as people write it. */
typedef struct address {
    char host[INET6_ADDRSTRLEN]; /* "127.0.0.1", "::1"; "" if it is not known */
    int port;
} address;

/* Any address that a TCP socket can have; all members begin with the family. */
typedef union socket_address {
    struct sockaddr any;
    struct sockaddr_in ip4;
    struct sockaddr_in6 ip6;
} socket_address;

/* Finds the addresses of a host, for stream sockets. A numeric host is understood at once; a name
 * is looked up on a thread of libuv's pool, and the running coroutine waits for it.
 * host: a name, an address, or NULL: for servers all interfaces, for clients this machine.
 * port: 0 to 65535. flags: AI_PASSIVE for servers, else 0.
 * out: receives a list, the caller's, who gives it back with uv_freeaddrinfo; NULL on an error.
 * Returns 0; UV_EINVAL for a port that is none, when no loop is running, or when somebody must wait
 * who is not a coroutine of the loop; an error UV_EAI_... if the name cannot be resolved
 * (UV_EAI_NONAME: there is no such host); UV_ECANCELED (or another code) if the coroutine was woken
 * with it. asyncio: loop.getaddrinfo(host, port), where an error is a socket.gaierror. */
int address_resolve(const char *host, int port, int flags, struct addrinfo **out);

/* Writes a socket's address as text and number. */
void address_of(const socket_address *from, address *out);

#endif
