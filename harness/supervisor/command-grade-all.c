/* grade-all: every folder is a submission, and each is graded by a process of its own, so that none
 * can spoil another's grade. */
#include "cc.h"
#include "commands.h"
#include "escape.h"
#include "grade.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <uv.h>

enum {
    MOST_REASON = 4096,        /* bytes of a child's complaints that are kept */
    PATIENCE = 20 * 60 * 1000, /* ms for one submission, whatever happens */
};

/* One submission. */
typedef struct student {
    struct class *class;
    char *name, *json, *report, *directory;
    uv_process_t process;
    uv_pipe_t complaints;
    uv_timer_t timer;
    text said;  /* by the child, on standard error */
    char *note; /* why there are no points; NULL if there are */
    int *points;
    int64_t status;
    int signal, late, open_handles;
} student;

typedef struct class {
    const plan *plan;
    const options *options;
    student *students;
    int count, next, running, done;
    uv_loop_t *loop;
    char *program;
} class;

static void start_more(class *c);

static int has_points(const student *s) {
    return s->note == NULL;
}

/* Takes the points out of the child's results.json. A string in that file cannot contain the end of
 * a line, so nothing that a submission says can look like this line. Returns 0, or -1. */
static int read_points(student *s) {
    text json = {0};
    int error = read_file(s->json, &json);
    const char *line = error ? NULL : strstr(json.data, "\n    " GRADE_POINTS_LINE "[");
    char *at = line ? strchr(line + 1, '[') + 1 : NULL;
    for (int i = 0; at && i < s->class->plan->chapter_count; i++) {
        char *end;
        s->points[i] = (int)strtol(at, &end, 10);
        at = end > at && (*end == ',' || *end == ']') ? end + 1 : NULL;
    }
    text_free(&json);
    return at ? 0 : -1;
}

/* The first line of what the child said, without its own name and the folder's. */
static char *first_complaint(const student *s) {
    const char *said = text_string(&s->said);
    if (starts_with(said, "workbook: "))
        said += strlen("workbook: ");
    if (starts_with(said, s->directory) && starts_with(said + strlen(s->directory), ": "))
        said += strlen(s->directory) + 2;
    size_t length = strcspn(said, "\n");
    return length ? formatted("%.*s", (int)length, said) : NULL;
}

static char *reason(const student *s) {
    if (s->late)
        return formatted("grading was ended after %d minutes", PATIENCE / 60000);
    if (s->signal)
        return formatted("the grader was ended by signal %d", s->signal);
    char *complaint = first_complaint(s);
    return complaint ? complaint : formatted("the grader ended with status %d", (int)s->status);
}

static void print_student(const student *s) {
    char *name = escaped(s->name), *note = escaped(s->note ? s->note : "");
    int total = 0;
    for (int i = 0; i < s->class->plan->chapter_count; i++)
        total += s->points[i];
    if (has_points(s))
        printf("  %4d points   %s\n", total, name);
    else
        printf("  not graded    %s: %s\n", name, note);
    fflush(stdout);
    free(name);
    free(note);
}

static void finish(student *s) {
    if (!s->note && (s->status != 0 || s->signal || read_points(s)))
        s->note = reason(s);
    s->class->done++;
    print_student(s);
}

static void on_close(uv_handle_t *handle) {
    student *s = handle->data;
    if (--s->open_handles > 0)
        return;
    finish(s);
    s->class->running--;
    start_more(s->class);
}

static void on_exit_of_child(uv_process_t *process, int64_t status, int signal) {
    student *s = process->data;
    s->status = status;
    s->signal = signal;
    uv_close((uv_handle_t *)process, on_close);
    uv_close((uv_handle_t *)&s->timer, on_close);
}

static void on_late(uv_timer_t *timer) {
    student *s = timer->data;
    s->late = 1;
    uv_process_kill(&s->process, SIGKILL);
}

static void on_buffer(uv_handle_t *handle, size_t suggested, uv_buf_t *buffer) {
    static char bytes[4096];
    *buffer = uv_buf_init(bytes, sizeof bytes);
}

static void on_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *buffer) {
    student *s = stream->data;
    if (n < 0)
        uv_close((uv_handle_t *)stream, on_close);
    else if (s->said.length < MOST_REASON)
        text_add_bytes(&s->said, buffer->base, (size_t)n);
}

static int spawn(student *s) {
    class *c = s->class;
    char *arguments[] = {c->program,     "--root",     c->plan->root, "grade",
                         "--submission", s->directory, "--json",      s->json,
                         "--report",     s->report,    NULL};
    uv_stdio_container_t stdio[] = {
        {.flags = UV_IGNORE},
        {.flags = UV_IGNORE},
        {.flags = UV_CREATE_PIPE | UV_WRITABLE_PIPE, .data.stream = (uv_stream_t *)&s->complaints},
    };
    uv_process_options_t options = {.file = c->program,
                                    .args = arguments,
                                    .stdio = stdio,
                                    .stdio_count = 3,
                                    .exit_cb = on_exit_of_child};
    return uv_spawn(c->loop, &s->process, &options);
}

static void start(student *s) {
    class *c = s->class;
    s->process.data = s->complaints.data = s->timer.data = s;
    s->open_handles = 3;
    uv_pipe_init(c->loop, &s->complaints, 0);
    uv_timer_init(c->loop, &s->timer);
    int error = spawn(s);
    c->running++;
    if (error) {
        s->note = formatted("the grader could not be started: %s", uv_strerror(error));
        uv_close((uv_handle_t *)&s->process, on_close);
        uv_close((uv_handle_t *)&s->complaints, on_close);
        uv_close((uv_handle_t *)&s->timer, on_close);
        return;
    }
    uv_timer_start(&s->timer, on_late, PATIENCE, 0);
    uv_read_start((uv_stream_t *)&s->complaints, on_buffer, on_read);
}

static void start_more(class *c) {
    int most = (int)uv_available_parallelism();
    while (c->running < most && c->next < c->count) {
        student *s = &c->students[c->next++];
        if (s->note)
            finish(s);
        else
            start(s);
    }
}

static int same_file(const char *a, const char *b) {
    struct stat x, y;
    return stat(a, &x) == 0 && stat(b, &y) == 0 && x.st_dev == y.st_dev && x.st_ino == y.st_ino;
}

/* Adds a submission. Files beside the folders are none; a link could lead anywhere. */
static void add_student(class *c, const char *name) {
    const options *o = c->options;
    struct stat status;
    char *directory =
        formatted("%s%s/%s", *o->submissions == '-' ? "./" : "", o->submissions, name);
    int known = lstat(directory, &status) == 0;
    if (!known || (!S_ISDIR(status.st_mode) && !S_ISLNK(status.st_mode)) ||
        same_file(directory, o->out)) {
        free(directory);
        return;
    }
    student *s = &c->students[c->count++];
    s->class = c;
    s->name = duplicate(name);
    s->directory = directory;
    s->json = formatted("%s/%s/results.json", o->out, name);
    s->report = formatted("%s/%s/report.txt", o->out, name);
    s->points = allocate((size_t)c->plan->chapter_count * sizeof *s->points);
    if (S_ISLNK(status.st_mode))
        s->note = duplicate("it is a symbolic link");
    unlink(s->json); /* an old one must not be taken for this run's */
    unlink(s->report);
}

static void read_class(class *c) {
    list names = {0};
    int error = list_directory(c->options->submissions, &names);
    if (error)
        die("%s: cannot be read: %s", c->options->submissions, strerror(-error));
    c->students = allocate((size_t)names.count * sizeof *c->students);
    for (int i = 0; i < names.count; i++)
        add_student(c, names.items[i]);
    list_free(&names);
    if (c->count == 0)
        die("%s: there is no folder in it", c->options->submissions);
}

static void add_row(text *csv, const student *s) {
    const plan *p = s->class->plan;
    int total = 0, most = 0;
    escape_csv(csv, s->name, strlen(s->name));
    for (int i = 0; i < p->chapter_count; i++) {
        total += s->points[i];
        most += exercise_points(&p->chapters[i]);
        text_add(csv, ",");
        if (has_points(s))
            text_addf(csv, "%d", s->points[i]);
    }
    if (has_points(s))
        text_addf(csv, ",%d,%d,", total, most);
    else
        text_addf(csv, ",,%d,", most);
    if (s->note)
        escape_csv(csv, s->note, strlen(s->note));
    text_add(csv, "\r\n");
}

static void write_csv(const class *c, const char *path) {
    text csv = {0};
    text_add(&csv, "name");
    for (int i = 0; i < c->plan->chapter_count; i++)
        text_addf(&csv, ",%s", c->plan->chapters[i].name);
    text_add(&csv, ",total,max,note\r\n");
    for (int i = 0; i < c->count; i++)
        add_row(&csv, &c->students[i]);
    int error = write_file(path, csv.data, csv.length);
    if (error)
        die("%s: cannot be written: %s", path, strerror(-error));
    text_free(&csv);
}

static void class_clear(class *c) {
    for (int i = 0; i < c->count; i++) {
        student *s = &c->students[i];
        free(s->name);
        free(s->directory);
        free(s->json);
        free(s->report);
        free(s->points);
        free(s->note);
        text_free(&s->said);
    }
    free(c->students);
    free(c->program);
}

/* The program that runs, whatever it was called by. */
static char *this_program(const options *o) {
    char path[4096];
    size_t size = sizeof path;
    return duplicate(uv_exepath(path, &size) == 0 ? path : o->program);
}

int command_grade_all(plan *p, const options *o) {
    if (!o->submissions || !o->out)
        die("grade-all needs a folder of submissions and one for the results (make grade "
            "SUBMISSIONS=dir OUT=dir)");
    class c = {.plan = p, .options = o, .loop = uv_default_loop(), .program = this_program(o)};
    int error = make_directories(o->out);
    if (error)
        die("%s: cannot be made: %s", o->out, strerror(-error));
    read_class(&c);
    start_more(&c);
    uv_run(c.loop, UV_RUN_DEFAULT);
    char *path = formatted("%s/grades.csv", o->out);
    write_csv(&c, path);
    int graded = 0;
    for (int i = 0; i < c.count; i++)
        graded += has_points(&c.students[i]);
    printf("%d of %d submissions graded, %s written\n", graded, c.count, path);
    printf("Protection: none, there is no sandbox. Grade only code that you would run yourself.\n");
    char *missing = without_libraries(p, "");
    printf("%s", missing);
    free(missing);
    free(path);
    class_clear(&c);
    return 0;
}
