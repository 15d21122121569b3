/* fetch.c - one request after another through libcurl, under all the limits. */
#include "fetch.h"

#include "crowd.h"
#include "pace.h"
#include "semaphores.h"
#include "timeout.h"
#include "transfers.h"
#include "workbook.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct fetcher {
    fetch_options options;
    transfers *transfers;
    semaphore *places; /* one for each request under way */
    pace *pace;
    struct request *first; /* all calls of fetch */
    int closing;
    crowd closers; /* who waits in fetcher_close */
};

/* One call of fetch, on its coroutine's stack. */
typedef struct request {
    fetcher *fetcher;
    const char *url;
    response *out;
    CURL *easy;
    size_t capacity; /* of the body */
    int error;       /* of ours, for which libcurl has ended the transfer */
    char words[CURL_ERROR_SIZE];
    coroutine *co;
    struct request *next, **from;
} request;

/* ---- the response ---- */

void response_clear(response *r) {
    free(r->url);
    free(r->type);
    free(r->body);
    *r = (response){0};
}

static void give_reason(response *r, const char *words) {
    snprintf(r->reason, sizeof r->reason, "%s", words);
}

/* Makes room for size bytes more, and a 0. Returns 0 or an error. */
static int body_reserve(request *q, size_t size) {
    response *r = q->out;
    size_t limit = q->fetcher->options.body_limit;
    if (size > limit - r->size)
        return UV_EMSGSIZE;
    size_t needed = r->size + size + 1, capacity = 2 * q->capacity;
    if (needed <= q->capacity)
        return 0;
    if (capacity < needed)
        capacity = needed;
    char *body = realloc(r->body, capacity);
    if (!body)
        return UV_ENOMEM;
    r->body = body;
    q->capacity = capacity;
    return 0;
}

/* CURLOPT_WRITEFUNCTION: some of the body. Returns how much was taken; anything but all of it ends
 * the transfer, with CURLE_WRITE_ERROR. */
static size_t on_body(char *bytes, size_t one, size_t size, void *arg) {
    // >>> exercise fetch/response
    // Append to the body, within the limit, with one 0 behind it. q->error tells why not.
    request *q = arg;
    response *r = q->out;
    q->error = body_reserve(q, size);
    if (q->error < 0)
        return 0;
    memcpy(r->body + r->size, bytes, size);
    r->size += size;
    r->body[r->size] = '\0';
    return size;
    // <<<
}

static char *copy(const char *string) {
    return strdup(string ? string : "");
}

/* Fills in everything but the body. Returns 0 or UV_ENOMEM. */
static int take_answer(request *q) {
    // >>> exercise fetch/response
    // curl_easy_getinfo: CURLINFO_RESPONSE_CODE, _EFFECTIVE_URL, _CONTENT_TYPE, _REDIRECT_COUNT.
    // Strings are libcurl's. An answer without a body has an empty one.
    response *r = q->out;
    char *url = NULL, *type = NULL;
    long redirects = 0;
    curl_easy_getinfo(q->easy, CURLINFO_RESPONSE_CODE, &r->status);
    curl_easy_getinfo(q->easy, CURLINFO_EFFECTIVE_URL, &url);
    curl_easy_getinfo(q->easy, CURLINFO_CONTENT_TYPE, &type);
    curl_easy_getinfo(q->easy, CURLINFO_REDIRECT_COUNT, &redirects);
    r->redirects = (int)redirects;
    r->url = copy(url);
    r->type = copy(type);
    if (!r->body)
        r->body = copy("");
    return r->url && r->type && r->body ? 0 : UV_ENOMEM;
    // <<<
}

/* ---- errors ---- */

/* What the system said about the connection, or what it means if that is not known. */
static int system_error(CURL *easy, int otherwise) {
    long number = 0;
    curl_easy_getinfo(easy, CURLINFO_OS_ERRNO, &number);
    return number > 0 ? uv_translate_sys_error((int)number) : otherwise;
}

/* libcurl's reason as one of libuv's codes. */
static int code_of(const request *q, CURLcode result) {
    switch (result) {
    case CURLE_OK:
        return 0;
    case CURLE_URL_MALFORMAT:
        return UV_EINVAL;
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_RESOLVE_PROXY:
        return UV_EAI_NONAME;
    case CURLE_COULDNT_CONNECT:
        return system_error(q->easy, UV_ECONNREFUSED);
    case CURLE_SEND_ERROR:
    case CURLE_RECV_ERROR:
        return system_error(q->easy, UV_ECONNRESET);
    case CURLE_OPERATION_TIMEDOUT:
        return UV_ETIMEDOUT;
    case CURLE_TOO_MANY_REDIRECTS:
        return UV_ELOOP;
    case CURLE_GOT_NOTHING:
    case CURLE_PARTIAL_FILE:
        return UV_EOF;
    case CURLE_WRITE_ERROR:
        return q->error < 0 ? q->error : UV_EPROTO; /* or it could not be decompressed */
    case CURLE_OUT_OF_MEMORY:
    case CURLE_ABORTED_BY_CALLBACK:
        return UV_ENOMEM;
    case CURLE_FAILED_INIT:
        return UV_EIO;
    default:
        return UV_EPROTO; /* TLS, HTTP/2, a status line that is none, ... */
    }
}

/* A reason for people, if there is none yet: libcurl's own words, its general ones, or libuv's. */
static void explain(request *q, int error, CURLcode result) {
    if (*q->out->reason)
        return;
    if (error == UV_EMSGSIZE) {
        snprintf(q->out->reason, sizeof q->out->reason, "more than %zu bytes",
                 q->fetcher->options.body_limit);
    } else if (error == UV_ECONNABORTED) {
        give_reason(q->out, "the fetcher was closed");
    } else if (*q->words) {
        give_reason(q->out, q->words);
    } else {
        give_reason(q->out, result ? curl_easy_strerror(result) : uv_strerror(error));
    }
}

/* ---- URLs ---- */

static int refuse(response *out, const char *format, const char *detail) {
    snprintf(out->reason, sizeof out->reason, format, detail);
    return UV_EINVAL;
}

/* libcurl knows more protocols than these two. */
static int check_scheme(CURLU *parts, response *out) {
    char *scheme = NULL;
    curl_url_get(parts, CURLUPART_SCHEME, &scheme, 0);
    int known = scheme && (strcmp(scheme, "http") == 0 || strcmp(scheme, "https") == 0);
    if (!known)
        refuse(out, "%s is no protocol for pages: http and https are", scheme ? scheme : "nothing");
    curl_free(scheme);
    return known ? 0 : UV_EINVAL;
}

/* Returns 0, or UV_EINVAL with the reason in out. */
static int check_url(const char *url, response *out) {
    if (!strstr(url, "://"))
        return refuse(out, "not a URL: it has no http:// or https:// in front%s", "");
    CURLU *parts = curl_url();
    if (!parts)
        return UV_ENOMEM;
    CURLUcode code = curl_url_set(parts, CURLUPART_URL, url, CURLU_NON_SUPPORT_SCHEME);
    int error =
        code ? refuse(out, "not a URL: %s", curl_url_strerror(code)) : check_scheme(parts, out);
    curl_url_cleanup(parts);
    return error;
}

/* ---- one request ---- */

/* Tells libcurl what to do. Returns 0 or UV_ENOMEM. */
static int prepare(request *q) {
    const fetch_options *o = &q->fetcher->options;
    CURL *easy = q->easy = curl_easy_init();
    if (!easy)
        return UV_ENOMEM;
    CURLcode code = curl_easy_setopt(easy, CURLOPT_URL, q->url);
    if (!code)
        code = curl_easy_setopt(easy, CURLOPT_USERAGENT, o->user_agent);
    if (!code)
        code = curl_easy_setopt(easy, CURLOPT_ACCEPT_ENCODING, ""); /* all that libcurl knows */
    if (!code && o->ca_file)
        code = curl_easy_setopt(easy, CURLOPT_CAINFO, o->ca_file);
    curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(easy, CURLOPT_REDIR_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, o->redirects > 0 ? 1L : 0L);
    curl_easy_setopt(easy, CURLOPT_MAXREDIRS, (long)o->redirects);
    curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, (long)o->connect_timeout);
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L); /* do not wait for a thread that resolves */
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, q);
    curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, q->words);
    return code ? UV_ENOMEM : 0;
}

/* Runs the transfer within its time. */
static int run_in_time(request *q, CURLcode *result) {
    // >>> exercise fetch/limits
    // A timeout scope around transfers_run.
    timeout limit;
    int error = timeout_enter(&limit, q->fetcher->options.timeout);
    if (error < 0)
        return error;
    return timeout_exit(&limit, transfers_run(q->fetcher->transfers, q->easy, result));
    // <<<
}

/* Begins now, and has a place. */
static int request_run(request *q) {
    CURLcode result = CURLE_OK;
    int error = prepare(q);
    if (!error)
        error = run_in_time(q, &result);
    if (!error)
        error = code_of(q, result);
    if (!error)
        error = take_answer(q);
    if (error == UV_ETIMEDOUT && !result)
        snprintf(q->out->reason, sizeof q->out->reason, "not done within %lld ms",
                 (long long)q->fetcher->options.timeout);
    if (error < 0)
        explain(q, error, result);
    curl_easy_cleanup(q->easy);
    return error;
}

/* Waits for a place and for its turn, and gives the place back whatever happens. */
static int request_wait_and_run(request *q) {
    // >>> exercise fetch/limits
    // semaphore_acquire, pace_wait, request_run.
    int error = semaphore_acquire(q->fetcher->places);
    if (error < 0)
        return error;
    error = pace_wait(q->fetcher->pace);
    if (!error)
        error = request_run(q);
    semaphore_release(q->fetcher->places);
    return error;
    // <<<
}

static void enter(request *q) {
    fetcher *f = q->fetcher;
    q->next = f->first;
    q->from = &f->first;
    if (q->next)
        q->next->from = &q->next;
    f->first = q;
}

static void leave(request *q) {
    *q->from = q->next;
    if (q->next)
        q->next->from = q->from;
    if (!q->fetcher->first)
        crowd_wake(&q->fetcher->closers);
}

int fetch(fetcher *f, const char *url, response *out) {
    request q = {.fetcher = f, .url = url, .out = out, .co = coroutine_current()};
    *out = (response){0};
    int error = check_url(url, out);
    if (!error && f->closing)
        error = UV_ECONNABORTED;
    if (!error) {
        enter(&q);
        error = request_wait_and_run(&q);
        leave(&q);
    }
    if (error < 0) {
        char reason[sizeof out->reason];
        explain(&q, error, CURLE_OK);
        memcpy(reason, out->reason, sizeof reason);
        response_clear(out);
        memcpy(out->reason, reason, sizeof reason);
    }
    return error;
}

/* ---- the fetcher ---- */

static void fill_in_defaults(fetch_options *o) {
    if (!o->concurrent)
        o->concurrent = 10;
    if (!o->connections_per_host)
        o->connections_per_host = 6;
    if (!o->connect_timeout)
        o->connect_timeout = 10 * 1000;
    if (!o->timeout)
        o->timeout = 30 * 1000;
    if (!o->redirects)
        o->redirects = 10;
    if (!o->body_limit)
        o->body_limit = 8 * 1024 * 1024;
    if (!o->user_agent)
        o->user_agent = "FromYieldToAwait/1.0";
}

/* Returns 0, or UV_EINVAL for a number that makes no sense. */
static int check(const fetch_options *o) {
    int wrong = o->concurrent < 0 || o->connections_per_host < 0 || o->delay < 0 ||
                o->connect_timeout < 0 || o->timeout < 0;
    return wrong ? UV_EINVAL : 0;
}

/* The strings are the fetcher's own. */
static int copy_strings(fetch_options *o) {
    const char *ca_file = o->ca_file;
    o->user_agent = copy(o->user_agent);
    o->ca_file = ca_file ? copy(ca_file) : NULL;
    return o->user_agent && (!ca_file || o->ca_file) ? 0 : UV_ENOMEM;
}

static void destroy(fetcher *f) {
    semaphore_free(f->places);
    pace_free(f->pace);
    free((char *)f->options.user_agent);
    free((char *)f->options.ca_file);
    free(f);
}

/* Everything that can fail. */
static int set_up(fetcher *f) {
    fetch_options *o = &f->options;
    fill_in_defaults(o);
    int error = copy_strings(o);
    if (!error)
        error = semaphore_new_bounded(o->concurrent, &f->places);
    if (!error)
        error = pace_new(o->delay, &f->pace);
    if (!error)
        error = transfers_new(&f->transfers);
    if (!error)
        curl_multi_setopt(transfers_multi(f->transfers), CURLMOPT_MAX_HOST_CONNECTIONS,
                          (long)o->connections_per_host);
    return error;
}

int fetcher_new(const fetch_options *options, fetcher **out) {
    *out = NULL;
    if (!loop_running() || (options && check(options) < 0))
        return UV_EINVAL;
    fetcher *f = calloc(1, sizeof *f);
    if (!f)
        return UV_ENOMEM;
    if (options)
        f->options = *options;
    int error = set_up(f);
    if (error < 0) {
        destroy(f);
        return error;
    }
    *out = f;
    return 0;
}

int fetcher_close(fetcher *f) {
    // >>> exercise fetcher/close
    // loop_wake gives every request UV_ECONNABORTED where it waits; leave tells when the last one
    // has gone. Whoever is cancelled here goes on waiting, and says so at the end: half a fetcher
    // is of no use to anybody.
    int error = 0;
    f->closing = 1;
    for (request *q = f->first; q; q = q->next)
        loop_wake(q->co, UV_ECONNABORTED);
    while (f->first) {
        int code = crowd_wait(&f->closers);
        if (code < 0)
            error = code;
        if (code == UV_EINVAL)
            return error;
    }
    int code = transfers_close(f->transfers);
    destroy(f);
    return error < 0 ? error : code;
    // <<<
}
