/* Sources that are nothing but a script: so many items, one every so many ms. */
#include "extract.h"
#include "peer.h"
#include "scenario.h"
#include "task.h"

#include <stdlib.h>

typedef struct script {
    const char *name;
    int count;     /* items */
    int64_t every; /* ms */
    int fails_at;  /* the item in whose place it fails; 0: never */
    int with;      /* this error; 0: UV_EIO */
    int tells;     /* of each item that it makes */
    int made;
    int gone; /* it does nothing in the end */
} script;

static int play(source *s, script *me) {
    for (int n = 1; n <= me->count; n++) {
        int error = me->every ? loop_sleep(me->every) : 0;
        if (!error && n == me->fails_at)
            error = source_fail(s, me->with ? me->with : UV_EIO, "%s is broken", me->name);
        item *i;
        if (!error)
            error = item_new(source_name(s), n, "id", "", n, "A", &i);
        if (error)
            return error;
        me->made++;
        if (me->tells)
            emit(me->name, "makes item %d", n);
        error = source_yield(s, i);
        if (error)
            return error;
    }
    return 0;
}

static int body(source *s, void *arg) {
    script *me = arg;
    int error = play(s, me);
    if (me->gone)
        return error;
    emit(me->name, "ends with %s, and cleans up", code_name(error));
    loop_sleep(50);
    emit(me->name, "has cleaned up");
    return error;
}

enum { MOST = 4 };

/* What a scenario is about. */
typedef struct stage {
    script scripts[MOST];
    source *sources[MOST];
    int count;
    queue *items;
} stage;

static void open_stage(stage *s, size_t room) {
    while (s->count < MOST && s->scripts[s->count].name) {
        script *next = &s->scripts[s->count];
        source_new(next->name, body, next, NULL, &s->sources[s->count++]);
    }
    queue_new(room, &s->items);
}

static void close_stage(stage *s) {
    for (int i = 0; i < s->count; i++) {
        const source *of = s->sources[i];
        emit("main", "%s: %d items, %s%s%s", source_name(of), (int)source_count(of),
             code_name(source_error(of)), source_error(of) ? ", " : "", source_reason(of));
        source_close(s->sources[i]);
    }
    queue_free(s->items);
}

static int extract_all(void *arg, void **result) {
    stage *s = arg;
    int error = extract(s->sources, s->count, s->items);
    emit("extract", "returns %s", code_name(error));
    return error;
}

/* Takes one item, and tells of it. Returns what queue_get returns. */
static int take(stage *s) {
    void *next = NULL;
    int error = queue_get(s->items, &next);
    item *i = next;
    if (error)
        emit("main", "queue_get returns %s", code_name(error));
    else
        emit("main", "gets item %d of %s", (int)i->number, i->source);
    item_free(next);
    return error;
}

static void take_all(stage *s) {
    while (take(s) == 0)
        ;
}

static task *start(stage *s) {
    task *t;
    task_create(extract_all, s, "extract", &t);
    return t;
}

static void end(stage *s, task *t) {
    task_await(t, NULL);
    task_release(t);
    close_stage(s);
}

static int three_sources(void *arg, void **result) {
    stage s = {.scripts = {{"A", .count = 3, .every = 100},
                           {"B", .count = 3, .every = 170},
                           {"C", .count = 2, .every = 320}}};
    open_stage(&s, 4);
    task *t = start(&s);
    take_all(&s);
    end(&s, t);
    return 0;
}

SCENARIO(together,
         "all sources are read at the same time; when the last one has ended, extract returns and "
         "the queue is at its end",
         .order = PER_TASK) {
    async_run(three_sources, NULL, NULL);
}

static int slow_consumer(void *arg, void **result) {
    stage s = {.scripts = {{"A", .count = 6, .tells = 1}}};
    open_stage(&s, 2);
    task *t = start(&s);
    do
        loop_sleep(1000);
    while (take(&s) == 0);
    end(&s, t);
    return 0;
}

SCENARIO(back_pressure, "a source makes its next item when there was room for the last one") {
    async_run(slow_consumer, NULL, NULL);
}

static int late_consumer(void *arg, void **result) {
    stage s = {.scripts = {{"A", .count = 2, .gone = 1}, {"B", .count = 1, .gone = 1}}};
    open_stage(&s, 10);
    task *t = start(&s);
    loop_sleep(1000);
    emit("main", "has time now");
    take_all(&s);
    end(&s, t);
    return 0;
}

SCENARIO(still_there, "what is in the queue when all sources have ended is still to be got") {
    async_run(late_consumer, NULL, NULL);
}

static int one_breaks(void *arg, void **result) {
    stage s = {.scripts = {{"A", .count = 3, .every = 300},
                           {"B", .count = 3, .every = 100, .fails_at = 2},
                           {"C", .count = 1, .every = 10, .fails_at = 1},
                           {"D", .count = 2, .every = 40, .fails_at = 2, .with = UV_EPIPE}}};
    open_stage(&s, 4);
    task *t = start(&s);
    take_all(&s);
    end(&s, t);
    return 0;
}

SCENARIO(one_fails,
         "a source that fails ends alone, after its cleanup; the others go on, and extract "
         "returns 0") {
    async_run(one_breaks, NULL, NULL);
}

static int no_sources(void *arg, void **result) {
    stage s = {.count = 0};
    open_stage(&s, 4);
    emit("main", "extract returns %s", code_name(extract(NULL, 0, s.items)));
    take(&s);
    close_stage(&s);
    return 0;
}

SCENARIO(nothing, "without a source it ends at once, and so does the queue") {
    async_run(no_sources, NULL, NULL);
}

static int interrupt(void *arg, void **result) {
    stage s = {.scripts = {{"A", .count = 9, .every = 1000},
                           {"B", .count = 9},
                           {"C", .count = 1, .gone = 1}}};
    open_stage(&s, 3);
    task *t = start(&s);
    loop_sleep(500);
    emit("main", "cancels extract");
    task_cancel(t);
    task_await(t, NULL);
    emit("main", "is there to see that");
    take_all(&s);
    end(&s, t);
    return 0;
}

SCENARIO(cancelled,
         "when it is cancelled, every source is stopped and has cleaned up before it returns "
         "UV_ECANCELED; what is in the queue is still there",
         .order = PER_TASK) {
    async_run(interrupt, NULL, NULL);
}

static int had_enough(void *arg, void **result) {
    stage s = {.scripts = {{"A", .count = 9, .every = 100}, {"B", .count = 9, .every = 1000}}};
    open_stage(&s, 1);
    task *t = start(&s);
    take(&s);
    take(&s);
    emit("main", "has had enough");
    queue_shutdown(s.items, 1);
    end(&s, t);
    return 0;
}

SCENARIO(had_enough_of_it,
         "when somebody else shuts the queue down, the sources are stopped, and it returns "
         "UV_EPIPE",
         .order = PER_TASK) {
    async_run(had_enough, NULL, NULL);
}

SCENARIO(outside,
         "outside of a task it returns UV_EINVAL, and the queue is at its end all the same") {
    queue *items;
    void *next;
    loop *l;
    loop_new(&l);
    queue_new(1, &items);
    emit("main", "extract returns %s", code_name(extract(NULL, 0, items)));
    emit("main", "queue_get_nowait returns %s", code_name(queue_get_nowait(items, &next)));
    queue_free(items);
    loop_close(l);
}
