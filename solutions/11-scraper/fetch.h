/* fetch.h - pages over HTTP and HTTPS, awaited.
 *
 * A fetcher is polite to the servers, and careful with its own memory: it has so many requests
 * under way at a time, opens so many connections to one host, leaves some time between two
 * requests, gives up after a while, and takes pages up to some size. What can be used again is: a
 * connection serves one request after another.
 *
 * Ownership: fetcher_new gives its caller a fetcher, fetcher_close takes it back. A response is
 * memory of the caller's; what fetch has put into it is given back with response_clear. */
#ifndef FETCH_H
#define FETCH_H

#include "loop.h"

#include <stddef.h>

typedef struct fetcher fetcher;

/* A member that is 0 or NULL has the value that is given here. Times are milliseconds. */
typedef struct fetch_options {
    int concurrent;           /* requests under way at a time: 10 */
    int connections_per_host; /* to one host and port: 6 */
    int64_t delay;            /* between the starts of two requests, at least: none */
    int64_t connect_timeout;  /* until there is a connection, and its TLS: 10,000 */
    int64_t timeout;          /* for a request as a whole, from its start: 30,000 */
    int redirects;            /* followed at most, in one request: 10; negative for none */
    size_t body_limit;        /* bytes of a page, decompressed: 8 MiB */
    const char *user_agent;   /* "FromYieldToAwait/1.0" */
    const char *ca_file;      /* certificates that are trusted, PEM: the system's */
} fetch_options;

/* What a server has answered. */
typedef struct response {
    long status;      /* 200, 404, ... of the last answer, behind all redirects */
    char *url;        /* where that came from */
    char *type;       /* Content-Type, such as "text/html; charset=utf-8"; "" if there is none */
    char *body;       /* the bytes, and one 0 behind them */
    size_t size;      /* how many, the 0 not counted */
    int redirects;    /* how many were followed */
    int64_t ms;       /* from the start of the request to its end, also after an error */
    char reason[256]; /* after an error: what has happened, for people; else "" */
} response;

/* Creates a fetcher on the running loop. options: copied; NULL for all defaults. out: receives it;
 * the caller gives it back with fetcher_close. Returns 0; UV_EINVAL if no loop is running, or a
 * number among the options is negative that may not be; UV_ENOMEM, or another error (*out is NULL
 * then). aiohttp: ClientSession(timeout=..., connector=TCPConnector(limit_per_host=...)). */
int fetcher_new(const fetch_options *options, fetcher **out);

/* Ends every request, whatever it waits for: its fetch returns UV_ECONNABORTED; waits until the
 * last of these calls has returned and all sockets are closed, a few turns, and frees f. A fetch
 * that begins meanwhile gets UV_ECONNABORTED as well.
 * Returns 0; UV_ECANCELED (or another code) if the coroutine was woken with it: f is closed and
 * freed all the same. UV_EINVAL, and f is still there, if it would have to wait for requests and no
 * coroutine of the running loop is running: the requests end all the same, every further fetch gets
 * UV_ECONNABORTED, and fetcher_close must be called again. aiohttp: await session.close(). */
int fetcher_close(fetcher *f);

/* Fetches a page, with GET; waits for it, and before for a place among the requests and for its
 * turn. In a task, and any number of them.
 * url: http:// or https://. No proxy is used, whatever the environment says. out: receives the
 * response, also after an error, in which case it has a reason, and neither body nor type; the caller
 * gives it back with response_clear.
 * Returns 0 for every complete answer, also if its status is 404 or 500;
 *   UV_EINVAL        the URL is none, or not of these kinds; the caller is no task
 *   UV_EAI_NONAME    there is no such host, or nobody who knows
 *   UV_ECONNREFUSED, UV_ENETUNREACH, UV_ECONNRESET and the like
 *   UV_ETIMEDOUT     one of the two timeouts
 *   UV_ELOOP         more redirects than are followed
 *   UV_EMSGSIZE      more body than the limit, or headers of more than 256 KiB: all is dropped, and
 *                    the connection with it
 *   UV_EOF           the connection ended in the middle, or before anything came
 *   UV_EPROTO        what came is not HTTP, or TLS has failed, as for a certificate that is not
 *                    trusted
 *   UV_ECONNABORTED  fetcher_close
 *   UV_ECANCELED     the task was asked to end, also if the answer had come in the same turn
 *   UV_ENOMEM, UV_EIO
 * After all errors the request is over, and its place is free for the next one. aiohttp:
 * async with session.get(url) as response: body = await response.read(). */
int fetch(fetcher *f, const char *url, response *out);

/* How many requests have begun and not ended: at most as many as the options say. */
int fetcher_active(const fetcher *f);

/* Frees what a response has, and makes it empty. A zeroed one is empty. */
void response_clear(response *r);

#endif
