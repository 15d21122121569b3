#include "transcript.h"

#include "authoring.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { SECONDS = 600, BYTES = 1024 * 1024 };

static int is_allowed(const char *command) {
    return starts_with(command, "make ") || strcmp(command, "make") == 0 ||
           starts_with(command, "./setup ") || strcmp(command, "./setup") == 0;
}

/* What a reader has, and nothing that changes what is printed: make's own variables would pass on
 * the CH=, EX= of whoever checks the book. */
static void plain_environment(list *environment) {
    static const char *const KEPT[] = {"PATH", "HOME", "TMPDIR", "PKG_CONFIG_PATH", "USER"};
    for (size_t i = 0; i < sizeof KEPT / sizeof *KEPT; i++)
        if (getenv(KEPT[i]))
            list_addf(environment, "%s=%s", KEPT[i], getenv(KEPT[i]));
    list_add(environment, "LC_ALL=C.UTF-8");
    list_add(environment, "TERM=dumb");
    list_add(environment, "NO_COLOR=1");
    list_add(environment, TRANSCRIPT_MARK "=1");
}

static _Noreturn void run_command(const char *root, const char *command, char **environment,
                                  int out) {
    char *const arguments[] = {"sh", "-c", (char *)command, NULL};
    int in = open("/dev/null", O_RDONLY);
    setpgid(0, 0);
    signal(SIGPIPE, SIG_DFL); /* the supervisor itself ignores it */
    dup2(in, 0);
    dup2(out, 1);
    dup2(out, 2);
    if (chdir(root) == 0)
        execve("/bin/sh", arguments, environment);
    _exit(127);
}

/* Reads what comes until the end, too much or too late. Returns 0, or -1. */
static int read_output(int fd, text *output) {
    struct pollfd readable = {.fd = fd, .events = POLLIN};
    time_t end = time(NULL) + SECONDS;
    char buffer[4096];
    while (output->length <= BYTES && time(NULL) < end) {
        if (poll(&readable, 1, 1000) <= 0)
            continue;
        ssize_t n = read(fd, buffer, sizeof buffer);
        if (n == 0)
            return 0;
        if (n > 0)
            text_add_bytes(output, buffer, (size_t)n);
        else if (errno != EINTR)
            return -1;
    }
    return -1;
}

static char *wait_for(pid_t child, int finished, int expected, const text *output) {
    int status;
    if (!finished)
        kill(-child, SIGKILL);
    while (waitpid(child, &status, 0) < 0 && errno == EINTR)
        ;
    if (!finished)
        return formatted("it did not end within %d s and %d bytes", SECONDS, BYTES);
    int found = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    if (found != expected)
        return formatted("it ended with exit status %d, not %d; it printed:\n%s", found, expected,
                         text_string(output));
    return NULL;
}

static char *run(const char *root, const char *command, int expected, text *output) {
    int ends[2];
    list environment = {0};
    plain_environment(&environment);
    if (pipe2(ends, O_CLOEXEC) < 0)
        die("pipe: %s", strerror(errno));
    pid_t child = fork();
    if (child < 0)
        die("fork: %s", strerror(errno));
    if (child == 0)
        run_command(root, command, environment.items, ends[1]);
    setpgid(child, child); /* in the child too: whoever comes first */
    close(ends[1]);
    int finished = read_output(ends[0], output) == 0;
    close(ends[0]);
    list_free(&environment);
    return wait_for(child, finished, expected, output);
}

static void add_trimmed(text *t, const char *line) {
    size_t length = strlen(line);
    while (length && strchr(" \t\r", line[length - 1]))
        length--;
    text_addf(t, "%.*s\n", (int)length, line);
}

static int is_words_of_make(const char *line) {
    return starts_with(line, "make: ***") || (starts_with(line, "make[") && strstr(line, "]: ***"));
}

/* Puts the lines of raw that a page shows into output. Returns why they cannot stand there, or
 * NULL. */
static char *shown(const char *root, const text *raw, text *output) {
    list lines = {0};
    char *problem = NULL;
    if (strlen(text_string(raw)) != raw->length || strchr(text_string(raw), '\033'))
        return duplicate("it prints characters that are not text");
    lines_of(&lines, text_string(raw));
    text_add(output, "");
    for (int i = 0; i < lines.count && !problem; i++) {
        if (strstr(lines.items[i], root))
            problem = formatted("it prints a path of this machine:\n%s", lines.items[i]);
        else if (starts_with(lines.items[i], "```"))
            problem = formatted("it prints a line that would end the block:\n%s", lines.items[i]);
        else if (!is_words_of_make(lines.items[i]))
            add_trimmed(output, lines.items[i]);
    }
    while (ends_with(text_string(output), "\n\n"))
        output->data[--output->length] = '\0';
    list_free(&lines);
    return problem;
}

char *transcript_run(const char *root, const char *command, int expected, text *output) {
    if (!is_allowed(command))
        return duplicate("only commands that begin with 'make' or './setup' are run");
    text raw = {0};
    char *problem = run(root, command, expected, &raw);
    if (!problem)
        problem = shown(root, &raw, output);
    text_free(&raw);
    return problem;
}
