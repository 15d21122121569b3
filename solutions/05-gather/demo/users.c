/* users.c - five users are fetched at the same time, and come in the order of the list. */
#include "gather.h"

#include <stdio.h>

enum { USERS = 5 };

typedef struct user {
    int id;
    char name[16];
} user;

static int fetch_user(void *arg, void **result) {
    user *u = arg;
    int error = loop_sleep(500); /* stands for the network */
    if (error < 0)
        return error;
    snprintf(u->name, sizeof u->name, "User %d", u->id);
    *result = u;
    return 0;
}

/* Starts a fetch for each user and makes one future of them. */
static int fetch_all(user *users, future **gathering) {
    task *tasks[USERS] = {NULL};
    future *fetches[USERS];
    int error = 0;
    for (int i = 0; i < USERS && !error; i++) {
        error = task_create(fetch_user, &users[i], NULL, &tasks[i]);
        if (!error)
            fetches[i] = task_future(tasks[i]);
    }
    if (!error)
        error = gather(fetches, USERS, GATHER_FIRST_ERROR, gathering);
    for (int i = 0; i < USERS; i++)
        task_release(tasks[i]);
    return error;
}

static int run(void *arg, void **result) {
    user users[USERS] = {{1, ""}, {2, ""}, {3, ""}, {4, ""}, {5, ""}};
    future *gathering = NULL;
    int64_t start = loop_time(loop_running());
    int error = fetch_all(users, &gathering);
    if (!error)
        error = future_await(gathering, NULL);
    for (int i = 0; i < USERS && !error; i++) {
        void *value;
        error = gather_outcome(gathering, i, &value);
        if (!error)
            printf("%d: %s\n", ((user *)value)->id, ((user *)value)->name);
    }
    if (!error)
        printf("Fetched %d users in %.2f s\n", USERS,
               (double)(loop_time(loop_running()) - start) / 1000);
    future_release(gathering);
    return error;
}

int main(void) {
    int error = async_run(run, NULL, NULL);
    if (error)
        fprintf(stderr, "users: %s\n", uv_strerror(error));
    return error != 0;
}
