/* trace.c - records: one line each, fields separated by tabs, on descriptor 3.
 *
 * Written with plain write(2), a record at a time: nothing is lost when the process dies, and a
 * signal handler can do it too. */
#include "runtime.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* A descriptor that nobody has opened would become one of libuv's, and records would go there. */
static void make_sure(int descriptor, int like) {
    if (fcntl(descriptor, F_GETFD) >= 0) {
        fcntl(descriptor, F_SETFD, FD_CLOEXEC);
        return;
    }
    int fd = like >= 0 ? dup(like) : open("/dev/null", O_WRONLY);
    if (fd >= 0 && fd != descriptor) {
        dup3(fd, descriptor, O_CLOEXEC);
        close(fd);
    }
}

void harness_trace_open(void) {
    make_sure(TRACE_DESCRIPTOR, -1);
    make_sure(REPORT_DESCRIPTOR, STDERR_FILENO);
}

static void write_all(int fd, const char *text, size_t length) {
    while (length > 0) {
        ssize_t n = write(fd, text, length);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return;
        text += n;
        length -= (size_t)n;
    }
}

/* The last byte is kept for the end of the line. */
static void add(record *r, char c) {
    if (r->length < sizeof r->text - 1)
        r->text[r->length++] = c;
}

static void add_string(record *r, const char *s) {
    while (*s)
        add(r, *s++);
}

void harness_record_begin(record *r, const char *kind) {
    r->length = 0;
    add_string(r, kind);
}

/* printf is not for signal handlers, so numbers are written by hand. */
static void add_digits(record *r, unsigned long long n, unsigned base) {
    char digits[24];
    int count = 0;
    do {
        digits[count++] = "0123456789abcdef"[n % base];
        n /= base;
    } while (n > 0);
    while (count > 0)
        add(r, digits[--count]);
}

void harness_record_number(record *r, long long number) {
    add(r, '\t');
    if (number < 0)
        add(r, '-');
    add_digits(r, number < 0 ? 0ull - (unsigned long long)number : (unsigned long long)number, 10);
}

void harness_record_text(record *r, const char *text) {
    add(r, '\t');
    for (; *text; text++) {
        const char *escape = *text == '\t' ? "\\t" : *text == '\n' ? "\\n" : "\\\\";
        if (*text == '\t' || *text == '\n' || *text == '\\')
            add_string(r, escape);
        else
            add(r, *text);
    }
}

void harness_record_pcs(record *r, const uintptr_t *pcs, int count) {
    for (int i = 0; i < count; i++) {
        add(r, '\t');
        add_string(r, "0x");
        add_digits(r, pcs[i], 16);
    }
}

void harness_record_write(record *r) {
    r->text[r->length++] = '\n';
    write_all(TRACE_DESCRIPTOR, r->text, r->length);
    if (harness_debug)
        write_all(STDERR_FILENO, r->text, r->length);
}

void harness_record_word(const char *kind, const char *text) {
    record r;
    harness_record_begin(&r, kind);
    harness_record_text(&r, text);
    harness_record_write(&r);
}

void emit(const char *task, const char *format, ...) {
    char text[1001];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    record r;
    harness_record_begin(&r, "event");
    harness_record_number(&r, now_ms());
    harness_record_text(&r, task);
    harness_record_text(&r, text);
    harness_record_write(&r);
    harness_contexts_emitted(task);
    harness_watch_event();
}

void order(enum order order) {
    harness_record_word("order", order == TOTAL ? "total" : "per-task");
}
