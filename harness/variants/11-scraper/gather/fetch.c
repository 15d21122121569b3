/* fetch.c - another way to wait for the others, to grow, and to give up. */
#include "fetch.h"

#include "crowd.h"
#include "fetch_errors.h"
#include "pace.h"
#include "semaphores.h"
#include "timeout.h"
#include "transfers.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { HEADER_LIMIT = 256 * 1024 }; /* bytes, of all answers to one request */

struct fetcher {
    loop *loop;
    fetch_options options;
    transfers *transfers;
    semaphore *places; /* one for each request under way */
    pace *pace;
    struct request *first; /* all calls of fetch */
    int active;            /* of them, those that have begun */
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
    size_t headers;  /* bytes of them, so far */
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

/* CURLOPT_WRITEFUNCTION: some of the body. Returns how much was taken; anything but all of it ends
 * the transfer, with CURLE_WRITE_ERROR. */
static size_t on_body(char *bytes, size_t one, size_t size, void *arg) {
    request *q = arg;
    response *r = q->out;
    if (r->size + size > q->fetcher->options.body_limit) {
        q->error = UV_EMSGSIZE;
        return 0;
    }
    while (q->capacity < r->size + size + 1) {
        size_t capacity = q->capacity ? q->capacity * 3 / 2 : 20000;
        char *body = realloc(r->body, capacity);
        if (!body) {
            q->error = UV_ENOMEM;
            return 0;
        }
        r->body = body;
        q->capacity = capacity;
    }
    memcpy(r->body + r->size, bytes, size);
    r->size += size;
    r->body[r->size] = 0;
    return size;
}

/* CURLOPT_HEADERFUNCTION: one line. libcurl keeps them all, so they need a limit as well. */
static size_t on_header(char *line, size_t one, size_t size, void *arg) {
    request *q = arg;
    q->headers += size;
    if (q->headers <= HEADER_LIMIT)
        return size;
    q->error = UV_EMSGSIZE;
    return 0;
}

static char *copy(const char *string) {
    return strdup(string ? string : "");
}

/* Fills in everything but the body. Returns 0 or UV_ENOMEM. */
static int take_answer(request *q) {
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
    curl_easy_setopt(easy, CURLOPT_PROXY, ""); /* whatever the environment says */
    curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(easy, CURLOPT_REDIR_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, o->redirects > 0 ? 1L : 0L);
    curl_easy_setopt(easy, CURLOPT_MAXREDIRS, (long)o->redirects);
    curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, (long)o->connect_timeout);
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L); /* do not wait for a thread that resolves */
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, q);
    curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_header);
    curl_easy_setopt(easy, CURLOPT_HEADERDATA, q);
    curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, q->words);
    return code ? UV_ENOMEM : 0;
}

/* Runs the transfer within its time. */
static int run_in_time(request *q, CURLcode *result) {
    timeout limit;
    int error = timeout_enter(&limit, q->fetcher->options.timeout);
    if (!error) {
        error = transfers_run(q->fetcher->transfers, q->easy, result);
        error = timeout_exit(&limit, error);
    }
    return error;
}

/* The request begins now: it has a place. */
static int request_run(request *q) {
    CURLcode result = CURLE_OK;
    int64_t start = loop_time(q->fetcher->loop);
    int error = prepare(q);
    q->fetcher->active++;
    if (!error)
        error = run_in_time(q, &result);
    if (!error)
        error = q->error < 0 ? q->error : fetch_code(q->easy, result);
    if (!error)
        error = take_answer(q);
    if (error < 0)
        fetch_explain(q->out, error, q->words, result);
    q->out->ms = loop_time(q->fetcher->loop) - start;
    q->fetcher->active--;
    curl_easy_cleanup(q->easy);
    return error;
}

/* Waits for a place and for its turn, and gives the place back whatever happens. */
static int request_wait_and_run(request *q) {
    int error = semaphore_acquire(q->fetcher->places);
    if (error < 0)
        return error;
    error = pace_wait(q->fetcher->pace);
    if (!error)
        error = request_run(q);
    semaphore_release(q->fetcher->places);
    return error;
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

/* Nothing but the reason and the time are left of the response. */
static void keep_reason(response *r, int error) {
    response left = {.ms = r->ms};
    fetch_explain(r, error, "", CURLE_OK);
    memcpy(left.reason, r->reason, sizeof left.reason);
    response_clear(r);
    *r = left;
}

int fetch(fetcher *f, const char *url, response *out) {
    request q = {.fetcher = f, .url = url, .out = out, .co = coroutine_current()};
    *out = (response){0};
    int error = f->closing ? UV_ECONNABORTED : fetch_check_url(url, out);
    if (!error) {
        enter(&q);
        error = request_wait_and_run(&q);
        leave(&q);
    }
    if (error < 0)
        keep_reason(out, error);
    return error;
}

int fetcher_active(const fetcher *f) {
    return f->active;
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
    f->loop = loop_running();
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

/* Ends all calls of fetch, and waits until they have returned. Returns 0, or the code that the
 * running coroutine was woken with meanwhile. */
static int end_requests(fetcher *f) {
    int thrown = 0;
    request *q = f->first;
    while (q) { /* the last one first */
        loop_wake(q->co, UV_ECONNABORTED);
        q = q->next;
    }
    while (f->first) {
        int code = loop_sleep(0);
        if (code == UV_EINVAL)
            return code;
        if (code < 0)
            thrown = code;
    }
    return thrown;
}

int fetcher_close(fetcher *f) {
    f->closing = 1;
    int error = f->first ? end_requests(f) : 0;
    if (f->first)
        return error;
    int code = transfers_close(f->transfers);
    destroy(f);
    return error < 0 ? error : code;
}
