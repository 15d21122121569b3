/* test_authoring.c - tests of the authors' tools: the text tools one by one, then each command on a
 * toy workbook that is whole, and again for each thing that can be wrong with it.
 *
 * Linked with the supervisor's files except main.c, and with -Wl,--wrap=judge: a judge that looks
 * at the source instead of running it makes the commands testable on their own. */
#include "../supervisor/authoring.h"
#include "../supervisor/book.h"
#include "../supervisor/commands.h"
#include "../supervisor/lint.h"
#include "../supervisor/page.h"
#include "../supervisor/patch.h"
#include "../supervisor/piece.h"
#include "../supervisor/starters.h"
#include "../supervisor/transcript.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int passed, failed;

static void verify(int right, const char *what, const char *found) {
    printf("%s %s\n", right ? "ok  " : "FAIL", what);
    if (!right)
        printf("     found: %s\n", found ? found : "(nothing)");
    *(right ? &passed : &failed) += 1;
}

static void same(const char *what, const char *expected, const char *found) {
    verify(found && strcmp(expected, found) == 0, what, found);
}

/* ---- starters ---- */

static const char REFERENCE[] = "#include \"workbook.h\"\n"
                                "\n"
                                "// >>> reference\n"
                                "static int helper(void) {\n"
                                "    return 1;\n"
                                "}\n"
                                "// <<<\n"
                                "\n"
                                "// >>> exercise toy/add\n"
                                "// Helpers of yours go here.\n"
                                "static int twice(int a) {\n"
                                "    return 2 * a;\n"
                                "}\n"
                                "// <<<\n"
                                "\n"
                                "/* Adds. */\n"
                                "int add(int a, int b) {\n"
                                "    // >>> exercise toy/add\n"
                                "    // Add them.\n"
                                "    // Mind the sign.\n"
                                "\n"
                                "    // Now for it:\n"
                                "    // [snippet sum\n"
                                "    int sum = a + b;\n"
                                "    return sum;\n"
                                "    // snippet]\n"
                                "    // <<<\n"
                                "}\n";

static const char STARTER[] = "#include \"workbook.h\"\n"
                              "\n"
                              "// exercise toy/add\n"
                              "// Helpers of yours go here.\n"
                              "\n"
                              "/* Adds. */\n"
                              "int add(int a, int b) {\n"
                              "    // exercise toy/add\n"
                              "    // Add them.\n"
                              "    // Mind the sign.\n"
                              "    not_done(\"toy/add\");\n"
                              "}\n";

static void mistake(const char *what, const char *source, const char *message) {
    char *problem = NULL, *starter = starter_of("toy.c", source, &problem);
    verify(!starter && problem && strstr(problem, message) == problem, what, problem);
    free(starter);
    free(problem);
}

static void test_starters(void) {
    char *problem, *text;
    text = starter_of("toy.c", REFERENCE, &problem);
    same("starter: regions, instructions, helpers, snippets", STARTER, text);
    free(text);
    text = reference_without_marks("toy.c", REFERENCE, &problem);
    verify(text && !strstr(text, ">>>") && !strstr(text, "Mind") && strstr(text, "Now for it") &&
               strstr(text, "helper"),
           "readers see the code without marks and instructions", text);
    free(text);
    text = starter_of("toy.c", "int a;\n\n// >>> reference\nint b;\n// <<<\n", &problem);
    same("no blank line stays at the end of a starter", "int a;\n", text);
    free(text);
    regions r = {0};
    regions_find(&r, REFERENCE);
    verify(r.count == 2 && r.items[0].at_file_level && !r.items[1].at_file_level &&
               r.items[1].line == 18,
           "regions are found", NULL);
    regions_free(&r);
    mistake("region not closed", "a\n // >>> exercise a/b\n", "toy.c:2: this region is not closed");
    mistake("region within a region", "// >>> reference\n// >>> exercise a/b\n// <<<\n// <<<\n",
            "toy.c:2: a region within");
    mistake("close without open", "\n\n// <<<\n", "toy.c:3: '// <<<' closes");
    mistake("unknown mark", "// >>> exercises a/b\n", "toy.c:1: expected");
    mistake("exercise without id", "// >>> exercise\n", "toy.c:1: expected");
    mistake("snippet not closed", "// [snippet a\n", "toy.c:1: this snippet is not closed");
    mistake("snippet in a snippet", "// [snippet a\n// [snippet b\n", "toy.c:2: a snippet within");
    mistake("two snippets of a name", "// [snippet a\n// snippet]\n// [snippet a\n// snippet]\n",
            "toy.c:3: a second");
    mistake("close at another indentation", "  // >>> exercise a/b\n// <<<\n",
            "toy.c:2: '// <<<' is not indented");
}

/* ---- patches ---- */

static const char PATCHED[] = "one\n\ntwo\nthree\ntwo\nfour\n";

static void patch_case(const char *what, const char *hunks, const char *wanted, int applies) {
    patch p;
    char *file = formatted("file: a.c\n---\n%s", hunks), *problem, *changed = NULL;
    problem = patch_parse(&p, "x.mutant", file);
    if (!problem)
        changed = patch_apply(&p, "a.c", PATCHED, &problem);
    if (applies)
        verify(changed && strcmp(changed, wanted) == 0, what, changed ? changed : problem);
    else
        verify(!changed && problem && strstr(problem, wanted), what, problem);
    patch_free(&p);
    free(changed);
    free(problem);
    free(file);
}

static void test_patches(void) {
    patch_case("hunk applies", " three\n-two\n+2\n", "one\n\ntwo\nthree\n2\nfour\n", 1);
    patch_case("two hunks apply in any order", "-four\n+4\n@@\n-one\n+1\n",
               "1\n\ntwo\nthree\ntwo\n4\n", 1);
    patch_case("an empty line is empty context", " one\n\n-two\n\n@@\n-four\n\n",
               "one\n\nthree\ntwo\n", 1);
    patch_case("lines are only added", " one\n+more\n", "one\nmore\n\ntwo\nthree\ntwo\nfour\n", 1);
    patch_case("context twice", "-two\n+2\n",
               "x.mutant:3: hunk 1 is in a.c more than once: at line 3 "
               "and at line 5",
               0);
    patch_case("context nowhere", "-one\n@@\n three\n-tow\n",
               "x.mutant:5: hunk 2 is not in a.c\n"
               "  nearest is line 5\n"
               "  the hunk has  tow\n"
               "  the file has  two",
               0);
    patch_case("not a line alike", "-fourth\n", "nearest is line 6", 0);
    patch_case("hunks share a line", " three\n-two\n@@\n-three\n", "share a line", 0);
    patch_case("line without a sign", "-one\ntwo\n", "x.mutant:4: a line of a hunk begins with", 0);
    patch_case("hunk without a change", " one\n", "changes nothing", 0);
    patch_case("hunk without context", "+one\n", "no line that says where", 0);
    patch_case("no hunk", "\n", "has no hunk", 0);
}

/* ---- pieces of a source ---- */

static const char SOURCE[] = "/* toy.c - the toy. */\n"
                             "#include <stddef.h>\n"
                             "\n"
                             "#define LIMIT(n) \\\n"
                             "    ((n) < 3)\n"
                             "\n"
                             "typedef struct toy {\n"
                             "    int add; /* } */\n"
                             "} toy;\n"
                             "\n"
                             "enum color { RED, GREEN };\n"
                             "\n"
                             "typedef int (*callback)(void *arg);\n"
                             "\n"
                             "static int add(int a, int b);\n"
                             "\n"
                             "/* Calls\n"
                             " * twice. */\n"
                             "int use(void) {\n"
                             "    const char *brace = \"{\";\n"
                             "    // [snippet inner\n"
                             "    if (brace)\n"
                             "        return add(1, 2);\n"
                             "    // snippet]\n"
                             "    return 0;\n"
                             "}\n"
                             "\n"
                             "// Adds.\n"
                             "// Well.\n"
                             "static int add(int a, int b) {\n"
                             "    // >>> exercise toy/add\n"
                             "    // Add.\n"
                             "    return a + b;\n"
                             "    // <<<\n"
                             "}\n";

static void piece_case(const char *name, const char *wanted) {
    char *problem, *piece = piece_of("toy.c", SOURCE, name, &problem);
    char *what = formatted("piece %s", name);
    if (*wanted == '!')
        verify(!piece && problem && strstr(problem, wanted + 1), what, problem);
    else
        same(what, wanted, piece ? piece : problem);
    free(what);
    free(piece);
    free(problem);
}

static void test_pieces(void) {
    piece_case("add", "static int add(int a, int b) {\n    return a + b;\n}\n");
    piece_case("add+comment",
               "// Adds.\n// Well.\nstatic int add(int a, int b) {\n    return a + b;\n}\n");
    piece_case("use+comment",
               "/* Calls\n * twice. */\nint use(void) {\n    const char *brace = "
               "\"{\";\n    if (brace)\n        return add(1, 2);\n    return 0;\n}\n");
    piece_case("toy", "typedef struct toy {\n    int add; /* } */\n} toy;\n");
    piece_case("color", "enum color { RED, GREEN };\n");
    piece_case("callback", "typedef int (*callback)(void *arg);\n");
    piece_case("LIMIT", "#define LIMIT(n) \\\n    ((n) < 3)\n");
    piece_case("inner", "if (brace)\n    return add(1, 2);\n");
    piece_case("brace", "!no snippet, function");
    piece_case("toy+comment", "!no comment directly above");
    piece_case("3-8", "!a range of lines");
}

/* ---- pages ---- */

static void test_pages(void) {
    list l = {0};
    page_anchors("# Set once!\n## `future_get` & *co.*\n```c\n# no\n```\n## Set once\n"
                 "### A [link](x.md) — here\n#hash\n",
                 &l);
    verify(l.count == 4 && list_has(&l, "set-once") && list_has(&l, "future_get--co") &&
               list_has(&l, "set-once-1") && list_has(&l, "a-link--here"),
           "anchors as GitHub makes them", l.count ? l.items[l.count - 1] : "");
    list_free(&l);
    page_links("[a](b.md#c) `[n](no)` ![i](p.png \"t\")\n```\n[n](no)\n```\n[d]: e.md\n", &l);
    verify(l.count == 3 && strcmp(l.items[0], "1 b.md#c") == 0 &&
               strcmp(l.items[1], "1 p.png") == 0 && strcmp(l.items[2], "5 e.md") == 0,
           "links outside of code", l.count ? l.items[0] : "");
    list_free(&l);
}

/* ---- the toy workbook ---- */

static char root[] = "/tmp/test-authoring-XXXXXX";

static void put(const char *path, const char *content) {
    char *full = formatted("%s/%s", root, path);
    if (write_file(full, content, strlen(content)) < 0)
        die("cannot write %s", full);
    free(full);
}

static void take(const char *path) {
    char *full = formatted("%s/%s", root, path);
    if (unlink(full) < 0)
        die("cannot remove %s", full);
    free(full);
}

static const char TOY[] = "#include \"toy.h\"\n"
                          "#include \"workbook.h\"\n"
                          "\n"
                          "int add(int a, int b) {\n"
                          "    // >>> exercise toy/add\n"
                          "    // Add them.\n"
                          "    return a + b;\n"
                          "    // <<<\n"
                          "}\n"
                          "\n"
                          "int sub(int a, int b) {\n"
                          "    // >>> exercise toy/sub\n"
                          "    return a - b;\n"
                          "    // <<<\n"
                          "}\n";

static const char TRACE[] = "says: so\nclock: virtual\norder: total\n---\n"
                            "     0  main        done\nend\n";

static void put_exercise(const char *id, const char *section, const char *scenario) {
    char *path = formatted("harness/exercises/01-toy/%s/exercise.txt", id);
    char *words = formatted("title: %s\npoints: 2\nbook: 01-toy.md#%s\ncontract: It does.\n"
                            "hint: a\nhint: b\nhint: c\n",
                            id, section);
    put(path, words);
    free(path);
    free(words);
    path = formatted("harness/exercises/01-toy/%s/scenarios.c", id);
    words = formatted("#include \"scenario.h\"\nSCENARIO(%s_it, \"so\") {\n}\n", scenario);
    put(path, words);
    free(path);
    path = formatted("harness/exercises/01-toy/%s/expected/%s-it.trace", id, scenario);
    put(path, TRACE);
    free(path);
    free(words);
}

static void put_mutants(void) {
    for (int i = 0; i < 3; i++) {
        char *words = formatted("misconception: m\nfile: toy.c\nscenario: adds-it\n"
                                "---\n-    return a + b;\n"
                                "+    return a * b + %d;\n",
                                i);
        char *path = formatted("harness/exercises/01-toy/toy/add/mutants/times-%d.mutant", i);
        put(path, words);
        free(path);
        free(words);
        words = formatted("misconception: m\nfile: toy.c\nscenario: subs-it\n"
                          "---\n-    return a - b;\n"
                          "+    return b - %da;\n",
                          i);
        path = formatted("harness/exercises/01-toy/toy/sub/mutants/turned-%d.mutant", i);
        put(path, words);
        free(path);
        free(words);
    }
}

static const char PAGE[] =
    "# Toy\n\nSee [the exercises](../README.md#toys).\n\n## Adding\n\n"
    "<!-- listing solutions/01-toy/toy.c add -->\n"
    "```c\nint add(int a, int b) {\n    return a + b;\n}\n```\n\n"
    "## Subtracting\n\n"
    "<!-- transcript make hello -->\n```console\n$ make hello\nhello\n```\n\n"
    "<!-- sketch -->\n```c\nwhatever\n```\n";

static void put_submissions(void) {
    put("harness/samples/early/chapters/01-toy/toy.c",
        "not_done(\"toy/add\") not_done(\"toy/sub\")");
    put("harness/samples/early/points.txt", "01-toy: 0 0\n");
    put("harness/samples/half-done/chapters/01-toy/toy.c", "a + b not_done(\"toy/sub\")");
    put("harness/samples/half-done/points.txt", "01-toy: 2 2\n");
    put("harness/samples/complete/chapters/01-toy/toy.c", "a + b; a - b;");
    put("harness/samples/complete/points.txt", "01-toy: 4 4\n");
    put("harness/tests/broken/crash.broken",
        "chapter: 01-toy\nfile: toy.c\nverdict: crash\nexercise: toy/add\nsays: fell over\n"
        "---\n-    return a + b;\n+    CRASH\n");
    put("harness/tests/broken/missing.broken",
        "chapter: 01-toy\nremove: toy.c\n"
        "verdict: missing-file\nexercise: toy/add toy/sub\n");
}

static void put_workbook(void) {
    put("harness/exercises/01-toy/chapter.txt",
        "title: Toy\npart: I Toys\nfiles: toy.c\nexercises: toy/add toy/sub\nsummary: A toy.\n");
    put_exercise("toy/add", "adding", "adds");
    put_exercise("toy/sub", "subtracting", "subs");
    put_mutants();
    put_submissions();
    put("harness/variants/01-toy/one/toy.c", "one: a + b; a - b;");
    put("harness/variants/01-toy/two/toy.c", "two: a + b; a - b;");
    put("harness/include/workbook.h", "void not_done(const char *id);\n");
    put("solutions/01-toy/toy.c", TOY);
    put("solutions/01-toy/toy.h", "int add(int a, int b);\nint sub(int a, int b);\n");
    put("solutions/01-toy/demo/show.c", "int main(void) {\n    return 0;\n}\n");
    put("book/01-toy.md", PAGE);
    put("README.md", "# Read me\n\n## Toys\n");
    put("Makefile", "hello:\n\t@echo 'hello '$(CH)\nfail:\n\t@echo no; exit 1\n");
}

/* ---- a judge that reads ---- */

void __wrap_judge(const plan *p, request *requests, int count,
                  void (*progress)(int done, int all, void *arg), void *arg);

static verdict_kind read_verdict(const code_file *f, const char *id) {
    const char *source = text_string(&f->source), *mark = strstr(id, "add") ? "a + b" : "a - b";
    char *begun = formatted("not_done(\"%s\")", id);
    verdict_kind kind = f->problem                 ? MISSING_FILE
                        : strstr(source, "SYNTAX") ? COMPILE_ERROR
                        : strstr(source, mark)     ? PASS
                        : strstr(source, begun)    ? NOT_DONE
                        : strstr(source, "CRASH")  ? CRASH
                                                   : FAIL;
    free(begun);
    return kind;
}

static void read_exercise(const code_file *f, const exercise *e, result *r) {
    r->exercise = e;
    r->kind = read_verdict(f, e->id);
    r->points = r->kind == PASS ? e->points : 0;
    r->outcomes = allocate((size_t)e->scenario_count * sizeof *r->outcomes);
    for (int i = 0; i < e->scenario_count; i++) {
        r->outcomes[i] = (outcome){.scenario = &e->scenarios[i], .kind = r->kind};
        if (r->kind != PASS)
            r->outcomes[i].headline = duplicate("it fell over");
    }
}

void __wrap_judge(const plan *p, request *requests, int count,
                  void (*progress)(int done, int all, void *arg), void *arg) {
    for (int i = 0; i < count; i++) {
        request *r = &requests[i];
        r->results = allocate((size_t)r->chapter->exercise_count * sizeof *r->results);
        const code_file *f = code_find((code *)r->code, r->chapter, "toy.c");
        for (int j = 0; j < r->chapter->exercise_count; j++)
            if (!r->only || r->only == &r->chapter->exercises[j])
                read_exercise(f, &r->chapter->exercises[j], &r->results[j]);
    }
}

/* ---- commands on the toy workbook ---- */

typedef int command(plan *p, const options *o);

/* lint must speak even of a workbook that cannot be planned: it gets no plan. */
static int lint_root(plan *p, const options *o) {
    checks k = {0};
    lint(&k, root);
    return checks_end(&k);
}

/* Runs a command with its standard output in *said. Returns its exit status. */
static int run_command(command *c, int check, text *said) {
    char *path = formatted("%s/said", root);
    fflush(stdout);
    int screen = dup(1);
    if (!freopen(path, "w", stdout))
        die("cannot write %s", path);
    options o = {.check = check};
    int status = c(c == lint_root ? NULL : plan_read(root, 1), &o);
    fflush(stdout);
    dup2(screen, 1);
    close(screen);
    read_file(path, said);
    unlink(path);
    free(path);
    return status;
}

static void expect(const char *what, command *c, int check, int status, const char *words) {
    text said = {0};
    int found = run_command(c, check, &said);
    verify(found == status && strstr(text_string(&said), words), what, text_string(&said));
    text_free(&said);
}

static void test_starters_command(void) {
    expect("starters: missing ones are named", command_starters, 1, 1, "the file is missing");
    expect("starters: are written", command_starters, 0, 0, "chapters/01-toy/toy.c  written");
    expect("starters: are current then", command_starters, 1, 0,
           "ok   chapters/01-toy/demo/show.c");
    put("chapters/01-toy/toy.c", "int edited;\n");
    expect("starters: an edited one is named", command_starters, 1, 1,
           "FAIL chapters/01-toy/toy.c  is not the starter of solutions/01-toy/toy.c\n     line 1");
    put("chapters/01-toy/old.c", "int old;\n");
    expect("starters: a stale one is named", command_starters, 1, 1,
           "FAIL chapters/01-toy/old.c  is not in the reference");
    expect("starters: a stale one is removed", command_starters, 0, 0, "old.c  removed");
    char *kept = file_text(root, "build/replaced/chapters/01-toy/toy.c");
    same("starters: what was replaced is kept", "int edited;\n", kept);
    free(kept);
    put("solutions/01-toy/toy.c",
        "#include \"workbook.h\"\nint f(void) {\n    // >>> exercise no/such\n"
        "    // <<<\n}\n");
    expect("starters: unknown exercise", command_starters, 1, 1,
           "solutions/01-toy/toy.c:3: unknown exercise 'no/such'");
    expect("starters: exercise without a region", command_starters, 1, 1,
           "toy/add/exercise.txt:1: no region");
    put("solutions/01-toy/toy.c", "    // >>> exercise toy/add\n");
    expect("starters: mistake in a mark", command_starters, 1, 1,
           "solutions/01-toy/toy.c:1: this region is not closed");
    put("solutions/01-toy/toy.c", TOY + strlen("#include \"toy.h\"\n#include \"workbook.h\"\n"));
    expect("starters: no workbook.h", command_starters, 1, 1, "does not include \"workbook.h\"");
    put("solutions/01-toy/toy.c", TOY);
}

static void lint_without(const char *what, const char *path, const char *words) {
    char *old = file_text(root, path);
    take(path);
    expect(what, lint_root, 0, 1, words);
    put(path, old);
    free(old);
}

static void lint_with(const char *what, const char *path, const char *content, const char *words) {
    char *old = file_text(root, path);
    put(path, content);
    expect(what, lint_root, 0, 1, words);
    if (old)
        put(path, old);
    else
        take(path);
    free(old);
}

#define ADD "harness/exercises/01-toy/toy/add/"

static void test_lint(void) {
    expect("lint: nothing lacks", lint_root, 0, 0, "3 passed, 0 failed");
    lint_with("lint: no scenario", ADD "scenarios.c", "", "no scenario in");
    lint_without("lint: no expected trace", ADD "expected/adds-it.trace", "no expected trace of");
    lint_with("lint: stale expected trace", ADD "expected/old.trace", TRACE,
              "stale expected trace");
    const char *head =
        "title: t\npoints: 2\nbook: 01-toy.md#adding\ncontract: c\nhint: a\nhint: b\n";
    lint_with("lint: two hints", ADD "exercise.txt", head, "2 hints");
    lint_with("lint: no points", ADD "exercise.txt", "points: 0\n", "no 'points:'");
    lint_with("lint: no title", ADD "exercise.txt", "points: 1\n", "no 'title:'");
    lint_with("lint: no contract", ADD "exercise.txt", "points: 1\n", "no 'contract:'");
    lint_with("lint: no section", ADD "exercise.txt", "book: 01-toy.md#no\n", "no heading for #no");
    lint_with("lint: damaged exercise.txt", ADD "exercise.txt", "nonsense\n", "exercise.txt:1:");
    lint_with("lint: region: none", ADD "exercise.txt", "region: none\n", "'region: none', but");
    lint_with("lint: no region", "solutions/01-toy/toy.c", "int a;\n", "no region in a function");
    lint_without("lint: no exercise.txt", ADD "exercise.txt", "there is no " ADD "exercise.txt");
    lint_without("lint: five mutants", ADD "mutants/times-0.mutant", "5 mutants; at least 6");
    lint_without("lint: no page", "book/01-toy.md", "there is no book/01-toy.md");
    lint_without("lint: graded file missing", "solutions/01-toy/toy.c",
                 "no solutions/01-toy/toy.c");
    const char *chapter = "harness/exercises/01-toy/chapter.txt";
    lint_with("lint: folder not listed", chapter, "exercises: toy/sub\n",
              "not list exercise toy/add");
    lint_with("lint: listed without folder", chapter, "exercises: toy/mul\n",
              "no folder of exercise");
    lint_with("lint: id twice", chapter, "exercises: toy/add toy/add\n", "toy/add is listed twice");
    lint_with("lint: no summary", chapter, "exercises: toy/add\n", "no 'summary:'");
    lint_with("lint: id in two chapters", "harness/exercises/02-two/chapter.txt",
              "exercises: toy/add\n", "another chapter has an exercise toy/add");
    char *second = formatted("%s/harness/exercises/02-two", root);
    rmdir(second);
    free(second);
}

static void mutant_case(const char *what, const char *content, const char *words) {
    put(ADD "mutants/extra.mutant", content);
    expect(what, command_mutants, 0, 1, words);
    take(ADD "mutants/extra.mutant");
}

static void test_mutants(void) {
    expect("mutants: all are caught", command_mutants, 0, 0,
           "ok   01/toy/add times-0  caught: it fell over");
    mutant_case("mutants: one that is right",
                "misconception: m\nfile: toy.c\n---\n-    return a + b;\n+    return (a + b);\n",
                "FAIL 01/toy/add extra  not caught");
    mutant_case("mutants: one that does not compile",
                "misconception: m\nfile: toy.c\n---\n-    return a + b;\n+    SYNTAX\n",
                "a mutant must run\n     compile-error");
    mutant_case("mutants: one that does not apply",
                "misconception: m\nfile: toy.c\n---\n-    return a & b;\n",
                "hunk 1 is not in toy.c");
    mutant_case("mutants: another verdict than wanted",
                "misconception: m\nverdict: leak\nfile: toy.c\n---\n-    return a + b;\n",
                "another verdict than its 'verdict:'\n     fail");
    mutant_case("mutants: no misconception", "file: toy.c\n---\n-    return a + b;\n",
                "no 'misconception:'");
    mutant_case("mutants: no scenario that catches it",
                "misconception: m\nfile: toy.c\n---\n-    return a + b;\n",
                "it does not say 'scenario: adds-it', which has caught it");
    mutant_case("mutants: no such scenario",
                "misconception: m\nfile: toy.c\nscenario: nobody\n---\n-    return a + b;\n",
                "toy/add has no scenario 'nobody'");
    mutant_case("mutants: no such file", "misconception: m\nfile: no.c\n---\n-a\n",
                "names no graded file");
    put("solutions/01-toy/toy.c", "    return a - b;\n    return a +b;\n");
    mutant_case("mutants: a broken reference catches nothing",
                "misconception: m\nfile: toy.c\n---\n-    return a +b;\n",
                "the reference itself does not pass");
    put("solutions/01-toy/toy.c", TOY);
    take(ADD "mutants/times-0.mutant");
    expect("mutants: five", command_mutants, 0, 1, "FAIL 01-toy  5 mutants, at least 6");
    put_mutants();
}

static void test_variants(void) {
    expect("variants: full marks", command_variants, 0, 0, "ok   01-toy one  4 of 4 points");
    put("harness/variants/01-toy/two/toy.c", "a + b;");
    expect("variants: one that fails", command_variants, 0, 1, "toy/sub  fail: it fell over");
    put("harness/variants/01-toy/two/toy.c", TOY);
    expect("variants: the reference's own", command_variants, 0, 1, "not a different");
    take("harness/variants/01-toy/two/toy.c");
    expect("variants: an empty one", command_variants, 0, 1, "no .c files");
    char *folder = formatted("%s/harness/variants/01-toy/two", root);
    rmdir(folder);
    free(folder);
    expect("variants: one", command_variants, 0, 1, "FAIL 01-toy  1 variants, at least 2");
    put("harness/variants/01-toy/two/toy.c", "two: a + b; a - b;");
}

static void broken_case(const char *what, const char *head, const char *words) {
    char *content = formatted("%s---\n-    return a + b;\n+    CRASH\n", head);
    put("harness/tests/broken/extra.broken", content);
    expect(what, command_broken, 0, 1, words);
    take("harness/tests/broken/extra.broken");
    free(content);
}

static void test_broken(void) {
    expect("broken: as they should", command_broken, 0, 1,
           "ok   crash  crash\nok   missing  missing-file");
    expect("broken: a kind that none shows", command_broken, 0, 1, "shows the verdict leak");
    broken_case("broken: another verdict",
                "chapter: 01-toy\nfile: toy.c\nverdict: leak\nexercise: toy/add\n",
                "toy/add  must be leak, but is crash");
    broken_case("broken: other words",
                "chapter: 01-toy\nfile: toy.c\nverdict: crash\nexercise: toy/add\nsays: rose\n",
                "does not say 'rose'");
    broken_case("broken: pass is no fault",
                "chapter: 01-toy\nfile: toy.c\nverdict: pass\nexercise: toy/sub\n",
                "is no kind of");
    broken_case("broken: unknown exercise",
                "chapter: 01-toy\nfile: toy.c\nverdict: crash\nexercise: toy/mul\n",
                "has no exercise 'toy/mul'");
    put("harness/tests/broken/extra.broken",
        "chapter: 01-toy\nfile: toy.c\nverdict: compile-error\nexercise: toy/add\n"
        "---\n-    return a + b;\n+    SYNTAX\n");
    expect("broken: costs others", command_broken, 0, 1, "it costs other exercises too");
    take("harness/tests/broken/extra.broken");
}

static void test_samples(void) {
    expect("samples: their points", command_samples, 0, 0,
           "ok   half-done 01-toy  own 2, reference 2 of 4");
    put("harness/samples/early/points.txt", "01-toy: 2 0\n");
    expect("samples: other points", command_samples, 0, 1, "own 0, reference 0; expected 2 and 0");
    put("harness/samples/early/points.txt", "01-toy: 2\n");
    expect("samples: half a line", command_samples, 0, 1, "the line is not '01-toy:");
    put("harness/samples/early/points.txt", "01-toy: 0 0\n02-no: 1 1\n");
    expect("samples: unknown chapter", command_samples, 0, 1, "names no chapter '02-no'");
    put("harness/samples/early/points.txt", "01-toy: 0 0\n");
}

/* Puts `with` in place of `what` on the page and runs the book's check. */
static void book_case(const char *name, const char *what, const char *with, const char *words) {
    const char *at = strstr(PAGE, what);
    char *page = formatted("%.*s%s%s", (int)(at - PAGE), PAGE, with, at + strlen(what));
    put("book/01-toy.md", page);
    expect(name, command_book, 1, 1, words);
    free(page);
}

static void test_book(void) {
    setenv("CH", "99", 1); /* must not reach the transcripts */
    setenv("MAKEFLAGS", "n", 1);
    expect("book: current", command_book, 1, 0, "ok   book/01-toy.md:7  listing");
    book_case("book: stale listing", "a + b", "a * b",
              "     line 2\n       expected      return a + b;");
    expect("book: is written anew", command_book, 0, 0, "written anew");
    char *page = file_text(root, "book/01-toy.md");
    same("book: and is current then", PAGE, page);
    free(page);
    book_case("book: stale transcript", "\nhello\n", "\nhallo\n",
              "transcript make hello\n     line 2");
    book_case("book: first line of a transcript", "$ make hello", "$ make", "line 1");
    book_case("book: no such piece", "toy.c add", "toy.c mul", "no snippet, function");
    book_case("book: no such file", "toy.c add", "no.c add", "there is no solutions/01-toy/no.c");
    book_case("book: file outside", "solutions/01-toy/toy.c", "../toy.c",
              "below the workbook's root");
    book_case("book: a range of lines", "toy.c add", "toy.c 3-9", "a range of lines");
    book_case("book: block of C without a marker", "<!-- sketch -->", "", "no listing");
    book_case("book: console without a marker", "<!-- transcript make hello -->", "",
              "no transcript");
    book_case("book: marker without a block", "<!-- sketch -->", "<!-- sketch -->\nwords",
              "no block below");
    book_case("book: marker not closed", "<!-- sketch -->", "<!-- sketch",
              "not closed on its line");
    book_case("book: block without an end", "whatever\n```", "whatever", "has no end");
    book_case("book: broken link", "README.md#toys", "REAMDE.md", "there is no REAMDE.md");
    book_case("book: broken anchor", "#toys", "#boys", "no heading for #boys");
    book_case("book: link to outside", "../README.md", "../../README.md", "leads out of");
    book_case("book: section of an exercise", "## Adding", "## Add", "FAIL toy/add  section");
    book_case("book: exit status", "transcript make hello", "transcript make fail",
              "exit status 2, not 0");
    book_case("book: forbidden command", "transcript make hello", "transcript date",
              "only commands that");
    book_case("book: path of this machine", "transcript make hello", "transcript make hello; pwd",
              "a path of this machine");
    book_case("book: the words of make go",
              "<!-- transcript make hello -->\n```console\n$ make hello\nhello",
              "<!-- transcript exit=2 make fail -->\n```console\n$ make fail\nno\nx",
              "line 3\n       expected  (the end)\n       found     x");
    put("book/01-toy.md", PAGE);
}

int main(void) {
    test_starters();
    test_patches();
    test_pieces();
    test_pages();
    if (!mkdtemp(root))
        die("no scratch directory");
    put_workbook();
    test_starters_command();
    test_lint();
    test_mutants();
    test_variants();
    test_broken();
    test_samples();
    test_book();
    char *clean = formatted("rm -rf %s", root);
    if (failed == 0 && system(clean) != 0)
        printf("cannot remove %s\n", root);
    free(clean);
    printf("%d passed, %d failed\n", passed, failed);
    return failed ? 1 : 0;
}
