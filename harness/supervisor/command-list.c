/* command-list.c - what there is to do. */
#include "commands.h"

#include <stdio.h>

int command_list(plan *p, const options *o) {
    int points = 0;
    chapter *only = o->chapter ? plan_chapter(p, o->chapter) : NULL;
    for (int i = 0; i < p->chapter_count; i++) {
        const chapter *c = &p->chapters[i];
        if (only && only != c)
            continue;
        printf("%s  %s, %d points\n", c->name, c->title, exercise_points(c));
        for (int j = 0; j < c->exercise_count; j++) {
            const exercise *e = &c->exercises[j];
            printf("  %2d  %-28s %s\n", e->points, e->id, e->title);
        }
        putchar('\n');
        points += exercise_points(c);
    }
    printf("%d points in all\n", points);
    return 0;
}
