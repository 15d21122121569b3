/* message.c - one object, one line of bytes, many who send it. */
#include "message.h"

#include "websocket.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <uv.h>

struct message {
    int references;
    json_t *content;
    char *line; /* with its '\n' */
    size_t size;
    char *frame; /* NULL until a browser is there */
    size_t frame_size;
};

/* The object as a line. Returns 0 or UV_ENOMEM. */
static int write_line(message *m) {
    size_t size = json_dumpb(m->content, NULL, 0, JSON_COMPACT);
    m->line = size ? malloc(size + 2) : NULL;
    if (!m->line)
        return UV_ENOMEM;
    json_dumpb(m->content, m->line, size, JSON_COMPACT);
    memcpy(m->line + size, "\n", 2);
    m->size = size + 1;
    return 0;
}

int message_new(json_t *content, message **out) {
    message *m = *out = content ? calloc(1, sizeof *m) : NULL;
    if (!m) {
        json_decref(content);
        return UV_ENOMEM;
    }
    m->references = 1;
    m->content = content;
    if (write_line(m) == 0)
        return 0;
    message_release(m);
    *out = NULL;
    return UV_ENOMEM;
}

message *message_retain(message *m) {
    m->references++;
    return m;
}

void message_release(message *m) {
    if (!m || --m->references > 0)
        return;
    json_decref(m->content);
    free(m->line);
    free(m->frame);
    free(m);
}

json_t *message_content(const message *m) {
    return m->content;
}

const char *message_line(const message *m, size_t *size) {
    *size = m->size;
    return m->line;
}

const char *message_frame(message *m, size_t *size) {
    if (!m->frame && websocket_frame(m->line, m->size - 1, &m->frame, &m->frame_size) < 0)
        return NULL;
    *size = m->frame_size;
    return m->frame;
}

const char *message_time(char text[32]) {
    struct timespec now;
    struct tm utc;
    clock_gettime(CLOCK_REALTIME, &now);
    gmtime_r(&now.tv_sec, &utc);
    size_t length = strftime(text, 32, "%Y-%m-%dT%H:%M:%S", &utc);
    snprintf(text + length, 32 - length, ".%03dZ", (int)(now.tv_nsec / 1000000 % 1000));
    return text;
}

int message_error(const char *code, const char *words, message **out) {
    return message_new(
        json_pack("{s:s, s:s, s:s}", "type", "error", "code", code, "message", words), out);
}
