/* chat_load.c - many clients in one room, over TCP, as fast as the server can.
 *
 *     chat_load PORT PID CLIENTS SECONDS SENDERS...
 *
 * All clients register and join "general", 400 at a time. Then the senders speak, each as soon as
 * it has heard itself, and all clients listen. If there are several numbers of senders, each not
 * less than the one before, that is done for one after the other. Prints a line for each, with tabs
 * between: the number of senders; messages delivered per second; messages
 * delivered per second of the processor's time that the server PID got, which is what counts on a
 * busy machine; the median and the 99th percentile of the delay from the call that sends to the
 * call that receives, in milliseconds; and the share of this program's time in which it had nothing
 * to do: if that is near 0, the figures are about this program and not about the server. */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { WAVE = 400, EVENTS = 1024, PATIENCE_S = 120, WATCHED = 16, SAMPLES = 1 << 22 };

typedef struct client {
    int fd, number;
    int heard;        /* chat messages */
    int in_room;      /* its room_info has come */
    size_t kept;      /* bytes of a line whose end has not come */
    char line[12000]; /* of those that are looked into; the others only keep the beginning */
} client;

static client *clients;
static int client_count, sender_count, epoll, waiting; /* waiting: for room_info */
static int speaking, measuring;
static long delivered;
static float *delays; /* ms */
static int delay_count;
static double idle; /* seconds in epoll_wait */
static char room[1 << 18];

static double seconds(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

_Noreturn static void fail(const char *what) {
    fprintf(stderr, "chat_load: %s: %s\n", what, strerror(errno));
    exit(1);
}

static void say(client *c, const char *text) {
    size_t size = strlen(text);
    if (send(c->fd, text, size, MSG_NOSIGNAL) != (ssize_t)size)
        fail("a line could not be sent at once");
}

static void connect_client(client *c, int number, int port) {
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = c};
    int on = 1;
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    c->number = number;
    c->fd = socket(AF_INET, SOCK_STREAM, 0);
    if (c->fd < 0 || connect(c->fd, (struct sockaddr *)&to, sizeof to) < 0)
        fail("connect");
    setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (epoll_ctl(epoll, EPOLL_CTL_ADD, c->fd, &event) < 0)
        fail("epoll_ctl");
}

static void enter(client *c) {
    char text[200];
    snprintf(text, sizeof text,
             "{\"type\":\"register\",\"username\":\"user%d\"}\n"
             "{\"type\":\"join\",\"room_id\":\"general\"}\n",
             c->number);
    say(c, text);
}

/* A message of some 60 bytes with the time in it. */
static void speak(client *c) {
    char text[200];
    snprintf(
        text, sizeof text,
        "{\"type\":\"message\",\"message\":\"@%017.6f from %d: it is a nice day for a chat\"}\n",
        seconds(), c->number);
    say(c, text);
}

static int begins(const char *line, size_t size, const char *words) {
    size_t length = strlen(words);
    return size >= length && memcmp(line, words, length) == 0;
}

/* "type" comes first in what the servers send. */
static int is_message(const char *line, size_t size) {
    return begins(line, size, "{\"type\":\"chat_message\"") ||
           begins(line, size, "{\"type\": \"chat_message\"");
}

static int is_room_info(const char *line, size_t size) {
    return begins(line, size, "{\"type\":\"room_info\"") ||
           begins(line, size, "{\"type\": \"room_info\"");
}

static int is_error(const char *line, size_t size) {
    return begins(line, size, "{\"type\":\"error\"") || begins(line, size, "{\"type\": \"error\"");
}

/* Looks into a message: when was it sent, and is it from this client? */
static void look_into(client *c, const char *line, size_t size) {
    const char *at = memchr(line, '@', size);
    if (!at)
        return;
    double sent = strtod(at + 1, NULL);
    if (measuring && delay_count < SAMPLES)
        delays[delay_count++] = (float)((seconds() - sent) * 1000);
    const char *from = memmem(at, size - (size_t)(at - line), "from ", 5);
    if (speaking && c->number < sender_count && from && atoi(from + 5) == c->number)
        speak(c);
}

static int is_watched(const client *c) {
    return c->number < sender_count || c->number % WATCHED == 0;
}

static void take_line(client *c, const char *line, size_t size) {
    if (is_message(line, size)) {
        c->heard++;
        delivered++;
        if (is_watched(c))
            look_into(c, line, size);
    } else if (is_room_info(line, size)) {
        c->in_room = 1;
        waiting--;
    } else if (is_error(line, size)) {
        fprintf(stderr, "chat_load: the server says %.*s\n", (int)size, line);
        exit(1);
    }
}

/* Takes the lines out of size bytes, of which the last one may be incomplete. */
static void take_lines(client *c, const char *bytes, size_t size) {
    const char *end;
    while ((end = memchr(bytes, '\n', size))) {
        size_t length = (size_t)(end - bytes), kept = c->kept;
        if (kept) {
            size_t more = sizeof c->line - kept < length ? sizeof c->line - kept : length;
            memcpy(c->line + kept, bytes, more);
            c->kept = 0;
            take_line(c, c->line, kept + more);
        } else {
            take_line(c, bytes, length);
        }
        bytes = end + 1;
        size -= length + 1;
    }
    size_t more = sizeof c->line - c->kept < size ? sizeof c->line - c->kept : size;
    memcpy(c->line + c->kept, bytes, more);
    c->kept += more;
}

/* One turn: waits for ms at most, and reads what is there. */
static void turn(int ms) {
    struct epoll_event events[EVENTS];
    double before = seconds();
    int n = epoll_wait(epoll, events, EVENTS, ms);
    idle += seconds() - before;
    if (n < 0 && errno != EINTR)
        fail("epoll_wait");
    for (int i = 0; i < n; i++) {
        client *c = events[i].data.ptr;
        ssize_t got = recv(c->fd, room, sizeof room, MSG_DONTWAIT);
        if (got == 0 || (got < 0 && errno != EAGAIN)) {
            fprintf(stderr, "chat_load: client %d was dropped\n", c->number);
            exit(1);
        }
        if (got > 0)
            take_lines(c, room, (size_t)got);
    }
}

static void wait_for_all(void) {
    for (double end = seconds() + PATIENCE_S; waiting > 0;) {
        turn(1000);
        if (seconds() > end)
            fail("the clients did not get into the room in time");
    }
}

/* Everybody gets in; and what is on its way comes in. */
static void enter_all(int port) {
    for (int i = 0; i < client_count; i++)
        connect_client(&clients[i], i, port);
    for (int i = 0; i < client_count;) {
        for (int end = i + WAVE; i < end && i < client_count; i++, waiting++)
            enter(&clients[i]);
        wait_for_all();
    }
    for (int i = 0; i < 20; i++)
        turn(20);
}

static void listen_for(double time) {
    double end = seconds() + time;
    while (seconds() < end)
        turn(100);
}

/* Seconds of processor time that a process has used. */
static double used_by(const char *pid) {
    char path[64];
    unsigned long user = 0, system = 0;
    snprintf(path, sizeof path, "/proc/%s/stat", pid);
    FILE *file = fopen(path, "r");
    if (!file || fscanf(file, "%*d (%*[^)]) %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu",
                        &user, &system) != 2)
        fail(path);
    fclose(file);
    return (double)(user + system) / (double)sysconf(_SC_CLK_TCK);
}

static int by_size(const void *a, const void *b) {
    float x = *(const float *)a, y = *(const float *)b;
    return (x > y) - (x < y);
}

/* So many speak: for a fifth of the time to warm up, and then everything counts. */
static void measure(int senders, double time, const char *pid) {
    int from = sender_count;
    sender_count = senders;
    for (int i = from; i < senders; i++)
        speak(&clients[i]);
    speaking = 1;
    listen_for(time / 5);
    delivered = delay_count = 0;
    idle = 0;
    measuring = 1;
    double start = seconds(), used = used_by(pid);
    listen_for(time);
    double took = seconds() - start;
    used = used_by(pid) - used;
    measuring = 0;
    qsort(delays, (size_t)delay_count, sizeof *delays, by_size);
    if (!delay_count || used <= 0)
        fail("no message has come");
    printf("%d\t%.0f\t%.0f\t%.1f\t%.1f\t%.2f\n", senders, (double)delivered / took,
           (double)delivered / used, (double)delays[delay_count / 2],
           (double)delays[(long)delay_count * 99 / 100], idle / took);
    fflush(stdout);
}

int main(int argc, char **argv) {
    struct rlimit files;
    if (argc < 6) {
        fprintf(stderr, "usage: chat_load PORT PID CLIENTS SECONDS SENDERS...\n");
        return 2;
    }
    getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);
    client_count = atoi(argv[3]);
    clients = calloc((size_t)client_count, sizeof *clients);
    delays = malloc(SAMPLES * sizeof *delays);
    epoll = epoll_create1(0);
    if (!clients || !delays || epoll < 0)
        fail("memory");
    enter_all(atoi(argv[1]));
    for (int i = 5; i < argc; i++) {
        int senders = atoi(argv[i]);
        if (senders < 1 || senders > client_count) {
            fprintf(stderr, "chat_load: %s: not 1 to %d senders\n", argv[i], client_count);
            return 2;
        }
        measure(senders, atof(argv[4]), argv[2]);
    }
    return 0;
}
