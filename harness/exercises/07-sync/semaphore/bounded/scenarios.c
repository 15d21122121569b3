/* A semaphore that notices when too many permits come back. */
#include "program.h"
#include "scenario.h"
#include "semaphores.h"
#include "task.h"

static semaphore *gate; /* the semaphore of the scenario */

static const char *code(int error) {
    return error < 0 ? uv_err_name(error) : "0";
}

static void acquire(const char *who) {
    int error = semaphore_acquire(gate);
    emit(who, "semaphore_acquire returns %s", code(error));
}

static void release(const char *who) {
    emit(who, "semaphore_release returns %s", code(semaphore_release(gate)));
}

SCENARIO(never_more,
         "a bounded semaphore never has more permits than at first: to release one more is "
         "UV_EINVAL, and changes nothing") {
    semaphore_new_bounded(2, &gate);
    release("main");
    acquire("main");
    acquire("main");
    emit("main", "locked: %d", semaphore_locked(gate));
    release("main");
    release("main");
    release("main");
    acquire("main");
    acquire("main");
    emit("main", "locked: %d", semaphore_locked(gate));
    semaphore_free(gate);
}

SCENARIO(limits, "the bound is not negative, and can be 0; a semaphore without a bound has none") {
    emit("main", "semaphore_new_bounded(-1) returns %s", code(semaphore_new_bounded(-1, &gate)));
    emit("main", "the semaphore is %s", gate ? "there" : "NULL");
    semaphore_new_bounded(0, &gate);
    release("main");
    emit("main", "locked: %d", semaphore_locked(gate));
    semaphore_free(gate);
    semaphore_new(0, &gate);
    release("main");
    release("main");
    emit("main", "locked: %d", semaphore_locked(gate));
    semaphore_free(gate);
}

static int pass(void *name, void **result) {
    acquire(name);
    loop_sleep(100);
    release(name);
    return 0;
}

static int release_too_often(void *arg, void **result) {
    task *a;
    acquire("main");
    task_create(pass, "A", "A", &a);
    loop_sleep(10);
    release("main");
    release("main");
    task_await(a, NULL);
    task_release(a);
    release("main");
    return 0;
}

SCENARIO(on_its_way, "a permit is back as long as the one who was called for it has not taken it") {
    semaphore_new_bounded(1, &gate);
    async_run(release_too_often, NULL, NULL);
    semaphore_free(gate);
}

static int all_at_once(void *arg, void **result) {
    task *tasks[4];
    const char *names[] = {"A", "B", "C", "D"};
    for (int i = 0; i < 4; i++)
        task_create(pass, (void *)names[i], names[i], &tasks[i]);
    for (int i = 0; i < 4; i++) {
        task_await(tasks[i], NULL);
        task_release(tasks[i]);
    }
    return 0;
}

SCENARIO(all_come_back,
         "those who release what they have acquired never get an error, however many wait") {
    semaphore_new_bounded(2, &gate);
    async_run(all_at_once, NULL, NULL);
    semaphore_free(gate);
}

/* ---- random programs: make explore EX=semaphore/bounded ---- */

SCENARIO(random_1, "program 1 of make explore is run as the contract says", .order = PER_TASK) {
    program_run("A\n"
                "  semaphore_release bounded, semaphore_release bounded\n"
                "  semaphore_release bounded, semaphore_acquire bounded\n"
                "  semaphore_release bounded\n"
                "B\n"
                "  task_cancel A\n"
                "  task_cancel A\n"
                "  task_cancel C, semaphore_acquire bounded\n"
                "  timeout 2 semaphore_acquire bounded\n"
                "  semaphore_release bounded\n"
                "C\n"
                "  semaphore_acquire bounded\n");
}

SCENARIO(random_2, "program 3 of make explore is run as the contract says", .order = PER_TASK) {
    program_run("A\n"
                "  semaphore_release bounded, loop_sleep 1\n"
                "  semaphore_acquire bounded\n"
                "  semaphore_release bounded\n"
                "  semaphore_release bounded, semaphore_release bounded\n"
                "B\n"
                "  semaphore_release bounded\n"
                "  loop_sleep 3\n"
                "  semaphore_release bounded, timeout 3 semaphore_acquire bounded\n"
                "  semaphore_release bounded\n"
                "C\n"
                "  semaphore_acquire bounded\n"
                "  semaphore_release bounded, task_cancel A\n"
                "  timeout 1 semaphore_acquire bounded\n"
                "  semaphore_release bounded\n");
}

SCENARIO(random_3, "program 10 of make explore is run as the contract says", .order = PER_TASK) {
    program_run("A\n"
                "  semaphore_release bounded\n"
                "  loop_sleep 2\n"
                "B\n"
                "  semaphore_acquire bounded\n"
                "C cleans-up\n"
                "  semaphore_release bounded, semaphore_acquire bounded\n"
                "  task_cancel D\n"
                "  task_cancel B, semaphore_release bounded\n"
                "  semaphore_acquire bounded\n"
                "  semaphore_release bounded\n"
                "D cleans-up\n"
                "  timeout 1 semaphore_acquire bounded\n"
                "  semaphore_release bounded\n"
                "  semaphore_release bounded, semaphore_release bounded, timeout 1 "
                "semaphore_acquire bounded\n");
}
