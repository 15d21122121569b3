#include "symbolize.h"
#include "text.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

extern char **environ;

enum {
    PATIENCE = 10000,      /* ms that addr2line may take */
    MOST_ADDRESSES = 4096, /* that it is asked for */
    MOST_ANSWER = 4 << 20, /* bytes */
};

/* The last place in path where directory begins as a whole name, or NULL. */
static const char *find_directory(const char *path, const char *directory) {
    const char *found = NULL;
    for (const char *at = path; (at = strstr(at, directory)); at++)
        if (at == path || at[-1] == '/')
            found = at;
    return found;
}

static frame_kind classify(const char **path) {
    static const struct {
        const char *path;
        frame_kind kind;
    } directories[] = {
        {"chapters/", FRAME_STUDENT},           {"solutions/", FRAME_REFERENCE},
        {"harness/exercises/", FRAME_SCENARIO}, {"harness/explore/", FRAME_SCENARIO},
        {"harness/include/", FRAME_SCENARIO},   {"harness/runtime/", FRAME_RUNTIME},
    };
    const char *last = NULL;
    frame_kind kind = FRAME_LIBRARY;
    for (size_t i = 0; i < sizeof directories / sizeof *directories; i++) {
        const char *found = find_directory(*path, directories[i].path);
        if (found && (!last || found > last)) {
            last = found;
            kind = directories[i].kind;
        }
    }
    *path = last ? last : *path;
    return kind;
}

void frames_add(frames *f, const char *function, const char *path, int line) {
    frame_kind kind = classify(&path);
    f->items = reallocate(f->items, (size_t)(f->count + 1) * sizeof *f->items);
    f->items[f->count++] = (frame){kind, duplicate(function), duplicate(path), line};
}

void frames_free(frames *f) {
    for (int i = 0; i < f->count; i++) {
        free(f->items[i].function);
        free(f->items[i].file);
    }
    free(f->items);
    *f = (frames){0};
}

const frame *frames_first(const frames *f, frame_kind kind) {
    for (int i = 0; i < f->count; i++)
        if (f->items[i].kind == kind)
            return &f->items[i];
    return NULL;
}

const frame *frames_place(const frames *f) {
    const frame *found = frames_first(f, FRAME_STUDENT);
    for (int i = 0; i < f->count && !found; i++)
        if (f->items[i].kind == FRAME_REFERENCE || f->items[i].kind == FRAME_SCENARIO)
            found = &f->items[i];
    return found ? found : frames_first(f, FRAME_LIBRARY);
}

const frame *frames_entry(const frames *f) {
    const frame *entry = NULL;
    for (int i = 0; i < f->count && f->items[i].kind != FRAME_SCENARIO; i++)
        if (f->items[i].kind <= FRAME_REFERENCE)
            entry = &f->items[i];
    return entry;
}

static int64_t clock_ms(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Reads until the end of the pipe. Returns 0, or -1 if that takes too long or is too much. */
static int read_answer(int fd, text *answer) {
    int64_t deadline = clock_ms() + PATIENCE;
    for (;;) {
        struct pollfd wait = {.fd = fd, .events = POLLIN};
        int64_t left = deadline - clock_ms();
        int ready = left > 0 ? poll(&wait, 1, (int)left) : 0;
        if (ready < 0 && errno == EINTR)
            continue;
        if (ready <= 0)
            return -1;
        char buffer[16384];
        ssize_t n = read(fd, buffer, sizeof buffer);
        if (n == 0)
            return 0;
        if (n < 0 || answer->length > MOST_ANSWER)
            return -1;
        text_add_bytes(answer, buffer, (size_t)n);
    }
}

/* Runs a command, without a shell, and keeps what it prints. Returns 0, or -1 if it did not go
 * well. */
static int run_command(char **arguments, text *answer) {
    int ends[2];
    if (pipe2(ends, O_CLOEXEC))
        return -1;
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&actions, ends[1], 1);
    posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0);
    pid_t child;
    int error = posix_spawnp(&child, arguments[0], &actions, NULL, arguments, environ);
    posix_spawn_file_actions_destroy(&actions);
    close(ends[1]);
    int status = 0;
    if (!error) {
        error = read_answer(ends[0], answer);
        if (error)
            kill(child, SIGKILL);
        while (waitpid(child, &status, 0) < 0 && errno == EINTR)
            ;
    }
    close(ends[0]);
    return error || !WIFEXITED(status) || WEXITSTATUS(status) ? -1 : 0;
}

/* Asks addr2line, or LLVM's where binutils are missing. */
static int ask(const char *program, const list *addresses, text *answer) {
    static const char *const tools[] = {"addr2line", "llvm-addr2line"};
    for (size_t i = 0; i < sizeof tools / sizeof *tools; i++) {
        list command = {0};
        list_add(&command, tools[i]);
        list_add(&command, "-afi");
        list_add(&command, "-e");
        list_add(&command, program);
        for (int k = 0; k < addresses->count; k++)
            list_add(&command, addresses->items[k]);
        int error = run_command(command.items, answer);
        list_free(&command);
        if (!error)
            return 0;
        text_free(answer);
    }
    return -1;
}

/* The next line of *at, as a new string; NULL at the end. */
static char *next_line(const char **at) {
    if (!**at)
        return NULL;
    size_t length = strcspn(*at, "\n");
    char *line = formatted("%.*s", (int)length, *at);
    *at += length + ((*at)[length] == '\n');
    return line;
}

/* FILE:LINE, or FILE:LINE (discriminator N). */
static void add_place(frames *f, const char *function, char *place) {
    char *discriminator = strstr(place, " (discriminator");
    if (discriminator)
        *discriminator = '\0';
    char *colon = strrchr(place, ':');
    int line = colon ? atoi(colon + 1) : 0;
    if (colon)
        *colon = '\0';
    frames_add(f, function, place, line);
}

/* An address, as -a has it, then a line for the function and one for the place, once and again for
 * each function that was inlined. */
static void take_answer(const char *at, const int *owner, int addresses, frames *f) {
    int index = -1;
    for (char *line; (line = next_line(&at)); free(line)) {
        if (starts_with(line, "0x")) {
            index++;
            continue;
        }
        char *place = next_line(&at);
        if (place && index >= 0 && index < addresses && strcmp(line, "??") != 0)
            add_place(&f[owner[index]], line, place);
        free(place);
    }
}

void symbolize_stacks(const char *program, const uint64_t *const *stacks, const int *counts, int n,
                      frames *f) {
    list addresses = {0};
    int *owner = allocate(MOST_ADDRESSES * sizeof *owner);
    for (int i = 0; i < n; i++)
        for (int k = 0; k < counts[i] && addresses.count < MOST_ADDRESSES; k++) {
            owner[addresses.count] = i;
            list_addf(&addresses, "0x%" PRIx64, stacks[i][k]);
        }
    text answer = {0};
    if (program && addresses.count && ask(program, &addresses, &answer) == 0)
        take_answer(text_string(&answer), owner, addresses.count, f);
    text_free(&answer);
    free(owner);
    list_free(&addresses);
}

void symbolize(const char *program, const uint64_t *addresses, int count, frames *f) {
    symbolize_stacks(program, &addresses, &count, 1, f);
}
