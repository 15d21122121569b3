/* loops.c - libuv loops that were not closed, and the handles that are still open in them.
 *
 * The linker sends every call of uv_loop_init, uv_loop_close and uv_run here first (--wrap). */
#include "runtime.h"

enum { STACK_SPAN = 8 * 1024 * 1024 };

typedef struct entry {
    table_entry key;
    const char *kept_open_by; /* the type of an open handle, when uv_loop_close last refused */
    const char *closing;      /* the same, of one that uv_close was called on */
} entry;

static table loops = {.size = sizeof(entry)};
uv_loop_t *harness_running_loop;
int harness_loops_opened;

/* Local variables of the scenario lie below the frame of main, and have ended with it. */
static int is_gone(const void *memory) {
    uintptr_t top = harness_stack_top, address = (uintptr_t)memory;
    if (address < top && top - address < STACK_SPAN)
        return 1;
    return harness_is_freed(memory);
}

static void opened(uv_loop_t *loop) {
    if (!harness_on_loop_thread() || harness_table_find(&loops, loop))
        return;
    harness_table_add(&loops, loop);
    harness_loops_opened++;
}

int __wrap_uv_loop_init(uv_loop_t *loop) {
    if (harness_adversity_memory && harness_adversity_memory(__builtin_return_address(0)))
        return UV_ENOMEM;
    int status = __real_uv_loop_init(loop);
    if (status == 0)
        opened(loop);
    return status;
}

static const char *type_of(const uv_handle_t *handle) {
    const char *type = uv_handle_type_name(uv_handle_get_type(handle));
    return type ? type : "unknown";
}

static void note(uv_handle_t *handle, void *arg) {
    entry *e = arg;
    *(uv_is_closing(handle) ? &e->closing : &e->kept_open_by) = type_of(handle);
}

/* When the loop is refused, its memory may be freed all the same: this is the time to look at
 * it. */
int __wrap_uv_loop_close(uv_loop_t *loop) {
    int status = __real_uv_loop_close(loop);
    entry *e = harness_table_at(&loops, harness_table_find(&loops, loop));
    if (status == 0)
        harness_table_remove(&loops, loop);
    else if (e) {
        e->kept_open_by = e->closing = NULL;
        uv_walk(loop, note, e);
    }
    return status;
}

/* uv_default_loop makes a loop without uv_loop_init: it is met here. */
int __wrap_uv_run(uv_loop_t *loop, uv_run_mode mode) {
    if (!harness_on_loop_thread())
        return __real_uv_run(loop, mode);
    opened(loop);
    harness_watch_turn(); /* a loop that has nothing to do does not even poll */
    uv_loop_t *outer = harness_running_loop;
    harness_running_loop = loop;
    int status = __real_uv_run(loop, mode);
    harness_running_loop = outer;
    return status;
}

static void tell(uv_handle_t *handle, void *arg) {
    harness_record_word(uv_is_closing(handle) ? "closing" : "handle", type_of(handle));
}

/* Handles whose memory was freed make a list that leads nowhere: it may crash. */
static void walk(void *loop) {
    uv_walk(loop, tell, NULL);
}

static void tell_waited_for(uv_handle_t *handle, void *arg) {
    if (uv_is_active(handle) && uv_has_ref(handle) && !uv_is_closing(handle))
        harness_record_word("handle", type_of(handle));
}

static void walk_waited_for(void *loop) {
    uv_walk(loop, tell_waited_for, NULL);
}

void harness_loops_waited_for(void) {
    if (harness_running_loop)
        harness_survives(walk_waited_for, harness_running_loop);
}

void harness_loops_check(void) {
    for (uint32_t i = 1; i <= loops.used; i++) {
        const entry *e = harness_table_at(&loops, i);
        if (!e)
            continue;
        uv_loop_t *loop = (uv_loop_t *)e->key.key;
        if (!is_gone(loop))
            harness_survives(walk, loop);
        else if (e->kept_open_by)
            harness_record_word("handle", e->kept_open_by);
        else if (e->closing)
            harness_record_word("closing", e->closing);
        harness_record_word("loop", "open");
    }
}
