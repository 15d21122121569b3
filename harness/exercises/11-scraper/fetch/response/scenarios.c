/* What comes of a request, good and bad. libcurl's own words are not shown: they differ from version
 * to version. */
#include "fetch.h"
#include "peer.h"
#include "scenario.h"
#include "task.h"
#include "test_site.h"

#include <dlfcn.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>

/* The fetcher and the site of a scenario. */
static fetcher *f;
static site *s;

static const char *url_of(const char *path) {
    static char url[200];
    snprintf(url, sizeof url, "%s%s", site_url(s), path);
    return url;
}

/* Without the site, whose port is another one each time. */
static const char *path_of(const response *r) {
    size_t length = strlen(site_url(s));
    return r->url && strncmp(r->url, site_url(s), length) == 0 ? r->url + length : "(elsewhere)";
}

static const char *type_of(const response *r) {
    return !r->type ? "(NULL)" : *r->type ? r->type : "no type";
}

static void show(const char *what, int error, const response *r) {
    if (error < 0)
        emit("main", "%s: %s, a reason: %s, a body: %s", what, code_name(error),
             *r->reason ? "yes" : "no", r->body ? "yes" : "no");
    else
        emit("main", "%s: %ld, %s, from %s, %zu bytes", what, r->status, type_of(r), path_of(r),
             r->size);
}

static int get(const char *path, response *r) {
    int error = fetch(f, url_of(path), r);
    show(path, error, r);
    return error;
}

static void look_at(const char *path) {
    response r;
    get(path, &r);
    response_clear(&r);
}

static void set_up(const fetch_options *options) {
    site_start("127.0.0.1", 0, NULL, NULL, &s);
    fetcher_new(options, &f);
}

static void tear_down(void) {
    fetcher_close(f);
    site_close(s);
}

/* ---- a page ---- */

static int read_pages(void *arg, void **result) {
    response r;
    set_up(NULL);
    if (get("/json", &r) == 0)
        emit("main", "body: %s, and the byte behind it is %d", r.body, r.body[r.size]);
    emit("main", "redirects: %d, reason: %s, ms: %d", r.redirects, *r.reason ? "some" : "none",
         (int)r.ms);
    response_clear(&r);
    emit("main", "after response_clear: %s, and once more", r.body ? "a body" : "nothing");
    response_clear(&r);
    get("/utf-16", &r);
    emit("main", "as many bytes as came, with zeros among them: %s",
         r.size == 36 && memcmp(r.body, "\xff\xfe<\0t", 5) == 0 ? "yes" : "no");
    response_clear(&r);
    get("/slow/250", &r);
    emit("main", "ms: %d", (int)r.ms);
    response_clear(&r);
    look_at("/no-type");
    tear_down();
    return 0;
}

SCENARIO(page, "the response has status, address and type (an empty one if the server says none), "
               "all bytes of the body, whatever they are, and a 0 behind them") {
    async_run(read_pages, NULL, NULL);
}

static int read_pieces(void *arg, void **result) {
    response r;
    set_up(NULL);
    if (get("/drip/100", &r) == 0)
        emit("main", "%.30s...", r.body);
    response_clear(&r);
    get("/big/3000000", &r);
    size_t right = 0;
    while (r.body && right < r.size && r.body[right] == 'x')
        right++;
    emit("main", "bytes that are right: %zu", right);
    response_clear(&r);
    get("/big/0", &r);
    emit("main", "its body: %s", !r.body ? "NULL" : *r.body ? "something" : "an empty string");
    response_clear(&r);
    tear_down();
    return 0;
}

SCENARIO(pieces, "a body may come in pieces of any size, in any number, or not at all") {
    async_run(read_pieces, NULL, NULL);
}

static int read_statuses(void *arg, void **result) {
    set_up(NULL);
    look_at("/status/404");
    look_at("/status/500");
    look_at("/nowhere");
    look_at("/gzip");
    tear_down();
    return 0;
}

SCENARIO(statuses, "every complete answer is a response, whatever its status; one that was "
                   "compressed is not any more") {
    async_run(read_statuses, NULL, NULL);
}

static int read_crumbs(void *arg, void **result) {
    char path[32];
    response r;
    snprintf(path, sizeof path, "/crumbs/%d", *(int *)arg);
    set_up(NULL);
    int error = fetch(f, url_of(path), &r);
    response_clear(&r);
    tear_down();
    return error;
}

COST_SCENARIO(crumbs,
              "a body that comes in many small pieces costs as much as it is long: what is there "
              "already is not copied again for each of them",
              250, 4000) {
    async_run(read_crumbs, &n, NULL);
}

/* ---- redirects ---- */

static int follow(void *arg, void **result) {
    fetch_options options = {.redirects = 3};
    response r;
    set_up(&options);
    for (int i = 1; i <= 4; i++) {
        char path[32];
        snprintf(path, sizeof path, "/redirect/%d", i);
        get(path, &r);
        emit("main", "redirects: %d", r.redirects);
        response_clear(&r);
    }
    look_at("/circle");
    look_at("/elsewhere");
    tear_down();
    options.redirects = -1;
    set_up(&options);
    look_at("/redirect/1");
    tear_down();
    return 0;
}

SCENARIO(redirects,
         "the response is the last one, behind all redirects, and has its address; a few "
         "are followed, then it is UV_ELOOP; they lead nowhere but to pages") {
    async_run(follow, NULL, NULL);
}

/* ---- too much ---- */

static int keep_within(void *arg, void **result) {
    fetch_options options = {.body_limit = 3000};
    set_up(&options);
    look_at("/big/3000");
    look_at("/big/3001");
    look_at("/endless");
    look_at("/gzip");
    look_at("/headers");
    look_at("/big/2999");
    tear_down();
    return 0;
}

SCENARIO(limit,
         "a body of as many bytes as the limit is taken; with one more the request ends with "
         "UV_EMSGSIZE, as with headers without end, and what is compressed counts as it is "
         "without that") {
    async_run(keep_within, NULL, NULL);
}

/* ---- no answer ---- */

static int fail(void *arg, void **result) {
    response r;
    char url[64];
    set_up(NULL);
    look_at("/hang-up");
    look_at("/half");
    look_at("/reset");
    look_at("/no-http");
    snprintf(url, sizeof url, "http://127.0.0.1:%d/", peer_free_port());
    show("nobody listens", fetch(f, url, &r), &r);
    emit("main", "its reason: %s", r.reason);
    response_clear(&r);
    static const char *const bad[] = {"",        "pizza",      "127.0.0.1:80/", "ftp://127.0.0.1/",
                                      "http://", "http://a b/"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        show(bad[i], fetch(f, bad[i], &r), &r);
        response_clear(&r);
    }
    look_at("/page/1");
    tear_down();
    return 0;
}

SCENARIO(no_answer, "what fails has a code, a reason and no body, and the next request is well") {
    async_run(fail, NULL, NULL);
}

/* ---- connections ---- */

static int fetch_slowly(void *arg, void **result) {
    response r;
    int error = fetch(f, url_of("/slow/1000"), &r);
    response_clear(&r);
    return error;
}

static int use_connections(void *arg, void **result) {
    fetch_options options = {.connections_per_host = 2};
    task *tasks[6];
    int failed = 0;
    set_up(&options);
    for (int i = 0; i < 3; i++)
        look_at("/page/1");
    emit("main", "connections for one page after another: %d", site_most_connections(s));
    for (int i = 0; i < 6; i++)
        task_create(fetch_slowly, NULL, NULL, &tasks[i]);
    for (int i = 0; i < 6; i++) {
        failed += task_await(tasks[i], NULL) < 0;
        task_release(tasks[i]);
    }
    emit("main", "for six at a time: %d, requests: %d, failed: %d", site_most_connections(s),
         site_most_requests(s), failed);
    tear_down();
    return 0;
}

SCENARIO(connections, "a connection is used again; there are no more of them to a host than the "
                      "options say, and the other requests wait for one") {
    async_run(use_connections, NULL, NULL);
}

/* ---- names ---- */

static uv_sem_t gate; /* an answer for slow.test waits here */

/* libcurl finds this getaddrinfo before that of the C library, and calls it on a thread. */
int getaddrinfo(const char *host, const char *port, const struct addrinfo *hints,
                struct addrinfo **out) {
    if (host && strcmp(host, "nobody.test") == 0)
        return EAI_NONAME;
    if (host && strcmp(host, "slow.test") == 0) {
        uv_sem_wait(&gate);
        uv_sem_post(&gate);
        return EAI_NONAME;
    }
    __typeof__(&getaddrinfo) next = (__typeof__(&getaddrinfo))dlsym(RTLD_NEXT, "getaddrinfo");
    return next(host, port, hints, out);
}

/* How many ms the thread takes is its own affair: the event is at a full second. */
static int fetch_from_nobody(void *arg, void **result) {
    response r;
    int error = fetch(f, "http://nobody.test/", &r);
    loop_sleep(1000 - now_ms());
    emit("A", "fetch returns %s, a reason: %s", code_name(error), *r.reason ? "yes" : "no");
    response_clear(&r);
    return 0;
}

/* How long a thread takes is no matter of virtual time. */
static int look_a_name_up(void *arg, void **result) {
    task *t;
    set_up(NULL);
    task_create(fetch_from_nobody, NULL, "A", &t);
    task_await(t, NULL);
    task_release(t);
    tear_down();
    return 0;
}

SCENARIO(no_such_name, "a name that nobody knows is UV_EAI_NONAME", .order = PER_TASK,
         .clock = REAL_CLOCK, .tolerance = 10000) {
    async_run(look_a_name_up, NULL, NULL);
}

static int fetch_from_somebody_slow(void *arg, void **result) {
    response r;
    int error = fetch(f, "http://slow.test/", &r);
    emit("A", "fetch returns %s", code_name(error));
    response_clear(&r);
    return error;
}

static int give_up(void *arg, void **result) {
    task *t;
    uv_sem_init(&gate, 0);
    set_up(NULL);
    task_create(fetch_from_somebody_slow, NULL, "A", &t);
    loop_sleep(1000);
    emit("main", "cancels A");
    task_cancel(t);
    task_await(t, NULL);
    task_release(t);
    emit("main", "the thread with the name has not ended");
    uv_sem_post(&gate);
    tear_down();
    return 0;
}

SCENARIO(slow_name, "a request that is cancelled while its name is being looked up ends at once") {
    async_run(give_up, NULL, NULL);
}
