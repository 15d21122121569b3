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
    int count;        /* of the messages that were joined to this one, */
    message *parts[]; /* and these, with a reference to each */
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

/* Puts bytes of all parts one after the other. Returns them, or NULL without memory. */
static char *join_bytes(const message *m, const char *(*bytes_of)(message *part, size_t *size),
                        size_t *total) {
    size_t size, done = 0;
    *total = 0;
    for (int i = 0; i < m->count; i++, *total += size)
        if (!bytes_of(m->parts[i], &size))
            return NULL;
    char *bytes = malloc(*total + 1);
    for (int i = 0; bytes && i < m->count; i++, done += size) {
        const char *part = bytes_of(m->parts[i], &size);
        memcpy(bytes + done, part, size);
    }
    if (bytes)
        bytes[done] = '\0';
    return bytes;
}

static const char *line_of(message *m, size_t *size) {
    return message_line(m, size);
}

int message_join(message *const *messages, int count, message **out) {
    message *m = *out = calloc(1, sizeof *m + (size_t)count * sizeof *messages);
    if (!m)
        return UV_ENOMEM;
    m->references = 1;
    m->content = json_array();
    int failed = !m->content;
    for (; m->count < count; m->count++) {
        m->parts[m->count] = message_retain(messages[m->count]);
        failed |= json_array_append(m->content, messages[m->count]->content);
    }
    m->line = join_bytes(m, line_of, &m->size);
    if (!failed && m->line)
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
    for (int i = 0; i < m->count; i++)
        message_release(m->parts[i]);
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
    if (!m->frame && m->count)
        m->frame = join_bytes(m, message_frame, &m->frame_size);
    else if (!m->frame && websocket_frame(m->line, m->size - 1, &m->frame, &m->frame_size) < 0)
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
