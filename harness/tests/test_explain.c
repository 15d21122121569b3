/* test_explain.c - are runs judged and explained as they should be?
 *
 * Runs are made up here: no student's code is needed to say what a deadlock looks like. With the
 * argument --show, prints every message as a student would see it. */
#include "../supervisor/escape.h"
#include "../supervisor/explain.h"
#include "../supervisor/report.h"
#include "../supervisor/sanitizer.h"
#include "../supervisor/trace.h"

#include <link.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int passed, failed;

static void check(int ok, const char *name, const char *reason) {
    printf("%s %s\n", ok ? "ok  " : "FAIL", name);
    if (!ok)
        printf("     %s\n", reason);
    passed += ok;
    failed += !ok;
}

/* Functions that lie, by their line numbers, in a scenario and in a student's files. */
/* clang-format off */
#line 12 "harness/exercises/03-futures/future/await/scenarios.c"
__attribute__((noinline)) static int eats_a_burger(int x) { return x + 3; }
#line 120 "chapters/02-event-loop/loop.c"
__attribute__((noinline)) static int loop_suspend(int x) { return x + 2; }
#line 41 "chapters/03-futures/future.c"
__attribute__((noinline)) static int future_await(int x) { return x + 1; }
#line 36 "harness/tests/test_explain.c"
/* clang-format on */

static int first_object(struct dl_phdr_info *object, size_t size, void *base) {
    *(uintptr_t *)base = object->dlpi_addr;
    return 1;
}

/* A stack as the harness tells it: a student's coroutine that waits in future_await. */
static char *waiting_stack(void) {
    uintptr_t base = 0;
    dl_iterate_phdr(first_object, &base);
    return formatted("\t0x%lx\t0x%lx\t0x%lx", (unsigned long)((uintptr_t)loop_suspend - base),
                     (unsigned long)((uintptr_t)future_await - base),
                     (unsigned long)((uintptr_t)eats_a_burger - base));
}

#define HEAD "says: each waits for the future\nclock: virtual\norder: total\n---\n"
#define PER_TASK "says: each at its own pace\nclock: virtual\norder: per-task\n---\n"
#define REAL "says: on a real clock\nclock: real, tolerance 300\norder: total\n---\n"
#define COST "says: it is fast\nclock: virtual\norder: total\nkind: cost 1000 16000\n---\nend\n"
#define THREE                                                                                      \
    "     0  A           starts\n"                                                                 \
    "     0  B           starts\n"                                                                 \
    "  1000  A           finished\n"                                                               \
    "  3000  B           finished\n"                                                               \
    "  3000  main        result 42\n"                                                              \
    "end\n"
#define BEGIN "begin\tburger\n"
#define STARTS "event\t0\tA\tstarts\nevent\t0\tB\tstarts\n"
#define ENDS                                                                                       \
    "event\t1000\tA\tfinished\nevent\t3000\tB\tfinished\nevent\t3000\tmain\tresult 42\nend\n"

/* @ in a trace stands for a stack. */
typedef struct test {
    const char *name, *expected, *trace;
    verdict_kind kind;
    const char *says[4]; /* parts of what the student must read */
    const char *report, *output;
    int status, signal, output_flood, trace_flood, out_of_time;
    char *spawn_error;
    int doubtful;
} test;

#define ASAN "=================================================================\n==10097==ERROR: "

/* What a test does not name is zero. */
#pragma GCC diagnostic ignored "-Wmissing-field-initializers"

static const test tests[] = {
    {"a right run passes", HEAD THREE, BEGIN STARTS ENDS, PASS, {NULL}},
    {"not done",
     HEAD THREE,
     BEGIN "not-done\tfuture/await\tchapters/03-futures/future.c\t88\n",
     NOT_DONE,
     {"not done yet: chapters/03-futures/future.c:88"},
     .status = 70},
    {"another exercise is not done",
     HEAD THREE,
     BEGIN "not-done\tcoroutine/resume\tchapters/01-coroutines/coroutine.c\t88\n",
     NOT_DONE,
     {"needs coroutine/resume first, which is not done yet: "
      "chapters/01-coroutines/coroutine.c:88"},
     .status = 70},
    {"too early",
     HEAD THREE,
     BEGIN STARTS "event\t1000\tA\tfinished\nevent\t1000\tB\tfinished\n"
                  "event\t1000\tmain\tresult 42\nend\n",
     FAIL,
     {"B finished at 1000 ms; the contract wants it at 3000 ms.", "wrong-time", "> "}},
    {"too late",
     HEAD THREE,
     BEGIN STARTS "event\t2000\tA\tfinished\nevent\t3000\tB\tfinished\n"
                  "event\t3000\tmain\tresult 42\nend\n",
     FAIL,
     {"A finished at 2000 ms; the contract wants it at 1000 ms.", "wrong-time"}},
    {"wrong order",
     HEAD THREE,
     BEGIN "event\t0\tB\tstarts\nevent\t0\tA\tstarts\n" ENDS,
     FAIL,
     {"At 0 ms “B starts” came before “A starts”", "wrong-order"}},
    {"a missing event",
     HEAD THREE,
     BEGIN STARTS "event\t3000\tB\tfinished\nevent\t3000\tmain\tresult 42\nend\n",
     FAIL,
     {"“A finished” never happened; the contract wants it at 1000 ms.", "missing-event"}},
    {"the last event is missing",
     HEAD THREE,
     BEGIN STARTS "event\t1000\tA\tfinished\nevent\t3000\tB\tfinished\nend\n",
     FAIL,
     {"“main: result 42” never happened", "missing-event"}},
    {"an event too many",
     HEAD THREE,
     BEGIN STARTS "event\t500\tA\tpeeks\n" ENDS,
     FAIL,
     {"“A peeks” happened at 500 ms; the contract does not want it at all.", "unexpected-event"}},
    {"an event once more",
     HEAD THREE,
     BEGIN STARTS "event\t0\tB\tstarts\n" ENDS,
     FAIL,
     {"“B starts” happened once more at 0 ms; the contract wants it only once."}},
    {"an event after all others",
     HEAD "     0  A           starts\nend\n",
     BEGIN "event\t0\tA\tstarts\nevent\t7\tA\tgoes on\nend\n",
     FAIL,
     {"“A goes on” happened at 7 ms", "unexpected-event"}},
    {"another event",
     HEAD THREE,
     BEGIN STARTS "event\t1000\tA\tfinished\nevent\t3000\tB\tfinished\n"
                  "event\t3000\tmain\tresult 41\nend\n",
     FAIL,
     {"At 3000 ms it is “main: result 41”; the contract wants “main: result 42”.", "wrong-event"}},
    {"nothing at all", HEAD THREE, BEGIN "end\n", FAIL, {"“A starts” never happened"}},
    {"tasks may interleave",
     PER_TASK THREE,
     BEGIN "event\t0\tB\tstarts\nevent\t0\tA\tstarts\n" ENDS,
     PASS,
     {NULL}},
    {"tasks may not interleave over time",
     PER_TASK THREE,
     BEGIN STARTS "event\t3000\tB\tfinished\nevent\t3000\tA\tfinished\n"
                  "event\t3000\tmain\tresult 42\nend\n",
     FAIL,
     {"A finished at 3000 ms; the contract wants it at 1000 ms."}},
    {"a task keeps its own order",
     PER_TASK "     0  A           one\n     0  B           one\n     0  A           two\nend\n",
     BEGIN "event\t0\tA\ttwo\nevent\t0\tB\tone\nevent\t0\tA\tone\nend\n",
     FAIL,
     {"At 0 ms “A: two” came before “A: one”"}},
    {"order changes in the middle",
     HEAD "     0  A           one\n~ per-task\n     0  B           x\n     0  C           x\n"
          "~ total\n     0  A           two\nend\n",
     BEGIN "event\t0\tA\tone\norder\tper-task\nevent\t0\tC\tx\nevent\t0\tB\tx\norder\ttotal\n"
           "event\t0\tA\ttwo\nend\n",
     PASS,
     {NULL}},
    {"order holds again",
     HEAD "~ per-task\n     0  B           x\n     0  C           x\n~ total\n"
          "     0  A           two\nend\n",
     BEGIN "event\t0\tC\tx\nevent\t0\tA\ttwo\nevent\t0\tB\tx\nend\n",
     FAIL,
     {"came before"}},
    {"a real clock may be late",
     REAL THREE,
     BEGIN STARTS "event\t1250\tA\tfinished\nevent\t2999\tB\tfinished\n"
                  "event\t3002\tmain\tresult 42\nend\n",
     PASS,
     {NULL}},
    {"a real clock may not be early",
     REAL THREE,
     BEGIN STARTS "event\t990\tA\tfinished\nevent\t3000\tB\tfinished\n"
                  "event\t3000\tmain\tresult 42\nend\n",
     FAIL,
     {"A finished at 990 ms; the contract wants it at 1000 ms, or up to 300 ms later."}},
    {"the scenario has no end", HEAD THREE, BEGIN STARTS, EXIT, {"before the scenario did"}},
    {"no end, though every event is there",
     HEAD "     0  A           starts\nend\n",
     BEGIN "event\t0\tA\tstarts\n",
     EXIT,
     {"Every event was right"}},
    {"nothing was written", HEAD THREE, "", EXIT, {"status 0 before the scenario did"}},
    {"an end before the events",
     HEAD THREE,
     BEGIN "end\n" STARTS ENDS,
     TAMPER,
     {"Something other than the scenario", "after the end"}},
    {"a forged end", HEAD THREE, BEGIN "end\n", FAIL, {"never happened"}},
    {"two ends", HEAD THREE, BEGIN STARTS ENDS "end\n", TAMPER, {"a second time"}},
    {"events before the beginning", HEAD THREE, STARTS BEGIN ENDS, TAMPER, {"before the scenario"}},
    {"two beginnings", HEAD THREE, BEGIN BEGIN STARTS ENDS, TAMPER, {"a second time"}},
    {"another scenario", HEAD THREE, "begin\tpizza\n" STARTS ENDS, TAMPER, {"another scenario"}},
    {"garbage", HEAD THREE, BEGIN STARTS "PASS\033[2J\xff\n" ENDS, TAMPER, {"\\x1b[2J\\xff"}},
    {"garbage behind the end", HEAD THREE, BEGIN STARTS ENDS "x", TAMPER, {"after the end"}},
    {"time that goes back",
     HEAD THREE,
     BEGIN "event\t5\tA\tstarts\nevent\t0\tB\tstarts\nend\n",
     TAMPER,
     {"time goes back"}},
    {"a huge time",
     HEAD THREE,
     BEGIN "event\t9223372036854775807\tA\tstarts\nend\n",
     TAMPER,
     {"malformed"}},
    {"a null pointer",
     HEAD THREE,
     BEGIN STARTS "signal\t11\tnull@\n",
     CRASH,
     {"Crash in loop_suspend (chapters/02-event-loop/loop.c:120): a null pointer was used",
      "called by future_await", "next the contract wants “A finished” at 1000 ms"},
     .status = 70},
    {"an assert", HEAD THREE, BEGIN STARTS "signal\t6\tother@\n", CRASH, {"SIGABRT"}, .status = 70},
    {"a stack overflow",
     HEAD THREE,
     BEGIN "signal\t11\tguard@\n",
     STACK_OVERFLOW,
     {"Stack overflow in loop_suspend"},
     .status = 70},
    {"a stack overflow that no guard page stops",
     HEAD THREE,
     BEGIN "signal\t11\tunguarded@\n",
     STACK_OVERFLOW,
     {"Stack overflow in loop_suspend (chapters/02-event-loop/loop.c:120): the scenario wants one, "
      "but "
      "it must stop in the guard page below the stack, and it stopped elsewhere."},
     .status = 70},
    {"a stack that is gone",
     HEAD THREE,
     BEGIN "signal\t11\tguard\n",
     CRASH,
     {"the stack that the code was running on is gone"},
     .status = 70},
    {"killed", HEAD THREE, BEGIN STARTS, CRASH, {"killed by SIGKILL"}, .status = -1, .signal = 9},
    {"killed after the end",
     HEAD THREE,
     BEGIN STARTS ENDS,
     CRASH,
     {"killed by SIGSEGV"},
     .status = -1,
     .signal = SIGSEGV},
    {"a deadlock",
     HEAD THREE,
     BEGIN STARTS "deadlock\t30\nwaiter\tA\t0@\nwaiter\tconsumer-1\t20@\nwaiter\tcoroutine-9\t0\n",
     DEADLOCK,
     {"Deadlock at 30 ms: no task is ready, no timer runs, nothing is in flight.",
      "consumer-1    waits in future_await   since 20 ms   chapters/03-futures/future.c:41",
      "has not started", "wants “A finished” at 1000 ms"},
     .status = 70},
    {"a deadlock after a mistake",
     HEAD THREE,
     BEGIN "event\t0\tA\tstarts\ndeadlock\t0\n",
     DEADLOCK,
     {"Deadlock at 0 ms", "No task waits either", "without its timer set?",
      "wants “B starts” at 0 ms"},
     .status = 70},
    {"a deadlock while the loop is closed",
     HEAD THREE,
     BEGIN "event\t0\tA\tstarts\ndeadlock\t0@\nhandle\tasync\n",
     DEADLOCK,
     {"libuv waits in loop_suspend (chapters/02-event-loop/loop.c:120) for an open handle of type "
      "async."},
     .status = 70},
    {"a long event is wrapped",
     HEAD "     0  A           says that it would like to have a burger, and then one more, and "
          "after that a pizza\nend\n",
     BEGIN "signal\t6\tother@\n",
     CRASH,
     {"and after\nthat a pizza” at 0 ms."},
     .status = 70},
    {"turns without end",
     HEAD THREE,
     BEGIN STARTS "event\t9\tB\tspins\nendless\t9\tturns\t100000\nwaiter\tA\t0@\n",
     ENDLESS,
     {"Endless at 9 ms: the loop made 100000 turns", "(endless)"},
     .status = 70},
    {"time without end",
     HEAD THREE,
     BEGIN STARTS "endless\t3600001\ttime\t7\n",
     ENDLESS,
     {"an hour of virtual time"},
     .status = 70},
    {"events without end",
     HEAD "     0  A           starts\nend\n",
     BEGIN STARTS STARTS STARTS,
     ENDLESS,
     {"Endless at 0 ms: after more than 6 events"},
     .trace_flood = 1,
     .signal = 9,
     .status = -1},
    {"computing without end",
     HEAD THREE,
     BEGIN STARTS "cpu\t0\tloop@\n",
     TIMEOUT,
     {"Computing without end at 0 ms in loop_suspend (chapters/02-event-loop/loop.c:120): the "
      "limit "
      "on CPU time was reached and the loop never got its turn."},
     .status = 70},
    {"computing without end where there is no loop",
     HEAD THREE,
     BEGIN STARTS "cpu\t0\talone@\n",
     TIMEOUT,
     {"the limit on CPU time was reached."},
     .status = 70},
    {"waiting for something outside",
     HEAD THREE,
     BEGIN STARTS "waits\t7\tloop@\nwaiter\tmain\t5@\n",
     TIMEOUT,
     {"The limit on real time was reached at 7 ms in the loop, waiting for something that does not "
      "come.",
      "main   waits in future_await", "since 5 ms"},
     .status = 70},
    {"waiting in a function of the system",
     HEAD THREE,
     BEGIN STARTS "waits\t7\tcode@\n",
     TIMEOUT,
     {"The limit on real time was reached at 7 ms in loop_suspend "
      "(chapters/02-event-loop/loop.c:120), waiting for something that does not come."},
     .status = 70},
    {"no time left",
     HEAD THREE,
     BEGIN STARTS,
     TIMEOUT,
     {"30 seconds of real time", "It could not be interrupted"},
     .out_of_time = 1,
     .status = -1,
     .signal = 9},
    {"a sleeping thread",
     HEAD THREE,
     BEGIN STARTS "blocked\t0\tsleep@\n",
     BLOCKED,
     {"The loop is blocked at 0 ms: sleep() was called in loop_suspend "
      "(chapters/02-event-loop/loop.c:120)"},
     .status = 70},
    {"exit in the middle",
     HEAD THREE,
     BEGIN STARTS "exit\t3\texit@\n",
     EXIT,
     {"exit(3) was called in loop_suspend (chapters/02-event-loop/loop.c:120)"},
     .status = 70},
    {"exit and a fake verdict",
     HEAD THREE,
     BEGIN STARTS "exit\t0\t_exit@\n",
     EXIT,
     {"_exit(0)", "| PASS: all tests"},
     .output = "PASS: all tests passed\n",
     .status = 70},
    {"a flood of output",
     HEAD THREE,
     BEGIN STARTS,
     LIMIT,
     {"printed more than 1024 KiB", "\\x1b[31m"},
     .output = "bla\033[31m\n",
     .output_flood = 1,
     .status = -1,
     .signal = 9},
    {"use after free, gcc",
     HEAD THREE,
     BEGIN STARTS,
     MEMORY,
     {"future_get reads 4 bytes of memory that was already freed (chapters/03-futures/future.c:7).",
      "freed in      future_release", "allocated in  future_new"},
     .report = ASAN
     "AddressSanitizer: heap-use-after-free on address 0x60 at pc 0x55 bp 0x7f sp 0x7f\n"
     "READ of size 4 at 0x603000000040 thread T0\n"
     "    #0 0x55bf7f07346d in future_get chapters/03-futures/future.c:7\n"
     "    #1 0x7f51ec245249 in __libc_start_call_main ../sysdeps/nptl/libc_start_call_main.h:58\n"
     "\n0x60 is located 0 bytes inside of 20-byte region [0x60,0x74)\nfreed by thread T0 here:\n"
     "    #0 0x7f51eccb76a8 in __interceptor_free ../../../../src/asan_malloc_linux.cpp:52\n"
     "    #1 0x55bf7f073404 in future_release /w/chapters/03-futures/future.c:10:46\n"
     "\npreviously allocated by thread T0 here:\n"
     "    #0 0x7f51eccb89cf in __interceptor_malloc ../../../../src/asan_malloc_linux.cpp:69\n"
     "    #1 0x55bf7f073276 in future_new chapters/03-futures/future.c:6\n\n"
     "SUMMARY: AddressSanitizer: heap-use-after-free chapters/03-futures/future.c:7\n",
     .status = 99},
    {"use after free in a coroutine of the scenario, of memory that was a library's",
     HEAD THREE,
     BEGIN STARTS,
     MEMORY,
     {"path_of reads 1 byte of memory that was already freed "
      "(harness/exercises/03-futures/future/await/scenarios.c:27).",
      "freed in      a function of a library  libcurl.so.4",
      "allocated in  a function of a library  libcurl.so.4"},
     .report = ASAN
     "AddressSanitizer: heap-use-after-free on address 0x60 at pc 0x55 bp 0x7f sp 0x7f\n"
     "READ of size 1 at 0x603000000040 thread T0\n"
     "    #0 0x7fd8128a8c26  (/lib/x86_64-linux-gnu/libasan.so.8+0xa8c26)\n"
     "    #1 0x55bf7f07346d in path_of harness/exercises/03-futures/future/await/scenarios.c:27\n"
     "    #2 0x55bf7f07346d in coroutine_main solutions/01-coroutines/coroutine.c:57\n"
     "\n0x60 is located 0 bytes inside of 20-byte region [0x60,0x74)\nfreed by thread T0 here:\n"
     "    #0 0x7fd8128b76a8  (/lib/x86_64-linux-gnu/libasan.so.8+0xb76a8)\n"
     "    #1 0x7fd812f62c27  (/lib/x86_64-linux-gnu/libcurl.so.4+0x6cc27)\n"
     "\npreviously allocated by thread T0 here:\n"
     "    #0 0x7fd8128b78d5  (/lib/x86_64-linux-gnu/libasan.so.8+0xb78d5)\n"
     "    #1 0x7fd812f1a820  (/lib/x86_64-linux-gnu/libcurl.so.4+0x24820)\n\n"
     "SUMMARY: AddressSanitizer: heap-use-after-free (/lib/libasan.so.8+0xa8c26)\n",
     .status = 99},
    {"double free, clang",
     HEAD THREE,
     BEGIN STARTS,
     MEMORY,
     {"future_release frees memory that was already freed (chapters/03-futures/future.c:9)."},
     .report =
         ASAN "AddressSanitizer: attempting double-free on 0x603000000040 in thread T0:\n"
              "    #0 0x5644113cfea2 in free (/w/prog.clang+0xa3ea2) (BuildId: 53e5c2c12c405ec9)\n"
              "    #1 0x56441140b01d in future_release /w/chapters/03-futures/future.c:9:46\n"
              "SUMMARY: AddressSanitizer: double-free (/w/prog.clang+0xa3ea2) in free\n",
     .status = 99},
    {"undefined behaviour",
     HEAD THREE,
     BEGIN STARTS,
     UNDEFINED,
     {"Undefined behaviour at chapters/03-futures/future.c:15: signed integer overflow"},
     .output = "chapters/03-futures/future.c:15:43: runtime error: signed integer overflow: "
               "2147483647 + 2 cannot be represented in type 'int'\n",
     .status = 99},
    {"undefined behaviour in a given file",
     HEAD THREE,
     BEGIN STARTS,
     UNDEFINED,
     {"Undefined behaviour in future_await (chapters/03-futures/future.c:43): load of misaligned",
      "  in        context_init             solutions/01-coroutines/context.c:52",
      "  called by future_await             chapters/03-futures/future.c:43"},
     .report = "solutions/01-coroutines/context.c:52:9: runtime error: load of misaligned address\n"
               "0x60c000000101: note: pointer points here\n 00 00 00  be be be be\n"
               "              ^ \n"
               "    #0 0x55bf7f07346d in context_init solutions/01-coroutines/context.c:52\n"
               "    #1 0x55bf7f07346e in future_await chapters/03-futures/future.c:43:7\n",
     .status = 99},
    {"another function's local variable",
     HEAD THREE,
     BEGIN STARTS,
     MEMORY,
     {"future_get reads 4 bytes outside of a local variable, perhaps of a function that has "
      "returned "
      "(chapters/03-futures/future.c:7)."},
     .report = ASAN "AddressSanitizer: stack-buffer-overflow on address 0x7f at pc 0x55\n"
                    "READ of size 4 at 0x7ffc00000040 thread T0\n"
                    "    #0 0x55bf7f07346d in future_get chapters/03-futures/future.c:7\n\n"
                    "Address 0x7f is located in stack of thread T0 at offset 32 in frame\n"
                    "    #0 0x55bf7f073400 in future_wait chapters/03-futures/future.c:20\n",
     .status = 99},
    {"a function's own local variable",
     HEAD THREE,
     BEGIN STARTS,
     MEMORY,
     {"future_get reads 4 bytes outside of a local variable (chapters/03-futures/future.c:7)."},
     .report = ASAN "AddressSanitizer: stack-buffer-overflow on address 0x7f at pc 0x55\n"
                    "READ of size 4 at 0x7ffc00000040 thread T0\n"
                    "    #0 0x55bf7f07346d in future_get chapters/03-futures/future.c:7\n\n"
                    "Address 0x7f is located in stack of thread T0 at offset 32 in frame\n"
                    "    #0 0x55bf7f073400 in future_get chapters/03-futures/future.c:5\n",
     .status = 99},
    {"a null pointer, seen by UBSan",
     HEAD THREE,
     BEGIN STARTS,
     CRASH,
     {"Crash at chapters/03-futures/future.c:7: a null pointer was used (member access"},
     .report = "chapters/03-futures/future.c:7:44: runtime error: member access within null "
               "pointer of type 'struct future'\n",
     .status = 99},
    {"printing about a runtime error is no error",
     HEAD THREE,
     BEGIN STARTS ENDS,
     PASS,
     {NULL},
     .output = "x.c:1:1: runtime error: just kidding\n"},
    {"a leak",
     HEAD THREE,
     BEGIN STARTS ENDS,
     LEAK,
     {"320 bytes were never freed: allocated in future_new (chapters/03-futures/future.c:6).",
      "300 bytes in 3 blocks, allocated in eats_a_burger"},
     .report = "\n=================\n==1==ERROR: LeakSanitizer: detected memory leaks\n\n"
               "Direct leak of 20 byte(s) in 1 object(s) allocated from:\n"
               "    #0 0x7fb1158b89cf in __interceptor_malloc ../../asan_malloc_linux.cpp:69\n"
               "    #1 0x5654922d7276 in future_new chapters/03-futures/future.c:6\n\n"
               "Direct leak of 300 byte(s) in 3 object(s) allocated from:\n"
               "    #0 0x7fb1158b89cf in __interceptor_malloc ../../asan_malloc_linux.cpp:69\n"
               "    #1 0x56 in eats_a_burger harness/exercises/03-futures/a/b/scenarios.c:20\n\n"
               "SUMMARY: AddressSanitizer: 320 byte(s) leaked in 4 allocation(s).\n"},
    {"coroutines are left",
     HEAD THREE,
     BEGIN STARTS "event\t1000\tA\tfinished\nevent\t3000\tB\tfinished\n"
                  "event\t3000\tmain\tresult 42\ncontexts\t1\nstacks\t1\nend\n",
     LEAK,
     {"1 coroutine had not ended", "  Its stack was not given back either."}},
    {"stacks of coroutines are left",
     HEAD "end\n",
     BEGIN "contexts\t3\nstacks\t1\nend\n",
     LEAK,
     {"3 coroutines had not ended", "  1 of their stacks was not given back either."}},
    {"a stack is left",
     HEAD "end\n",
     BEGIN "stacks\t1\nend\n",
     LEAK,
     {"1 stack was not given back when the scenario was over: "}},
    {"a leak matters less than a wrong trace",
     HEAD THREE,
     BEGIN STARTS "contexts\t1\nend\n",
     FAIL,
     {"“A finished” never happened"}},
    {"a handle is open",
     HEAD "end\n",
     BEGIN "handle\ttimer\nloop\topen\nend\n",
     HANDLES,
     {"1 handle of libuv was still open", "type timer"}},
    {"a handle is closing",
     HEAD "end\n",
     BEGIN "closing\ttimer\nloop\topen\nend\n",
     HANDLES,
     {"uv_close was called on 1 handle of libuv, but the loop has not run since: it was still open",
      "type timer: let the loop run"}},
    {"handles are open and closing",
     HEAD "end\n",
     BEGIN "closing\ttimer\nhandle\tasync\nloop\topen\nend\n",
     HANDLES,
     {"1 handle of libuv was still open", "type async: uv_close it", "type timer: let the loop"}},
    {"a loop is open", HEAD "end\n", BEGIN "loop\topen\nend\n", HANDLES, {"was not closed"}},
    {"linear cost", COST, BEGIN "cost\t1000\t100000\t16000\t1800000\nend\n", PASS, {NULL}},
    {"quick cost", COST, BEGIN "cost\t1000\t1000\t16000\t900000\nend\n", PASS, {NULL}},
    {"quadratic cost",
     COST,
     BEGIN "cost\t1000\t100000\t16000\t21000000\nend\n",
     SLOW,
     {"16 times the items took 210 times as long: that is quadratic; the reference grows in "
      "proportion."}},
    {"a cost that is too high by little",
     COST,
     BEGIN "cost\t1000\t100000\t16000\t12700000\nend\n",
     SLOW,
     {"16 times the items took 127 times as long: that is quadratic"},
     .doubtful = 1},
    {"cost without an end",
     COST,
     BEGIN "cpu\t0\talone@\n",
     SLOW,
     {"16000 items took so long"},
     .status = 70},
    {"no cost", COST, BEGIN "end\n", TAMPER, {"without the measurement"}},
    {"a forged cost", COST, BEGIN "cost\t1\t1\t2\t2\nend\n", TAMPER, {"without the measurement"}},
    {"status after the end",
     HEAD "end\n",
     BEGIN "end\n",
     EXIT,
     {"status 3 although the scenario had ended well"},
     .status = 3},
    {"it does not start",
     HEAD THREE,
     "",
     GRADER_ERROR,
     {"could not start the scenario"},
     .spawn_error = "no such file"},
    {"a broken clock",
     HEAD THREE,
     "broken-clock\tlibuv reads another clock\n",
     GRADER_ERROR,
     {"libuv reads another clock"},
     .status = 70},
    {"no leak check", HEAD "end\n", BEGIN "no-leak-check\nend\n", PASS, {NULL}},
};

static char *with_stacks(const char *trace) {
    char *stack = waiting_stack();
    text out = {0};
    text_add(&out, "");
    for (; *trace; trace++)
        if (*trace == '@')
            text_add(&out, stack);
        else
            text_add_bytes(&out, trace, 1);
    free(stack);
    return out.data;
}

static void make_run(const test *t, run *r, char *trace) {
    *r = (run){.program = "/proc/self/exe", .status = t->status, .signal = t->signal};
    char path[] = "/proc/self/exe", real[4096];
    r->program = duplicate(realpath(path, real) ? real : path);
    text_add(&r->trace, trace);
    text_add(&r->report, t->report ? t->report : "");
    text_add(&r->output, t->output ? t->output : "");
    r->output_flood = t->output_flood;
    r->trace_flood = t->trace_flood;
    r->out_of_time = t->out_of_time;
    r->spawn_error = t->spawn_error;
}

static void clear_run(run *r) {
    free(r->program);
    text_free(&r->trace);
    text_free(&r->report);
    text_free(&r->output);
}

static exercise subject = {.id = "future/await",
                           .title = "await waits for the result",
                           .book = "03-futures.md#await",
                           .directory = "harness/exercises/03-futures/future/await",
                           .contract = "future_await stops the running coroutine until f is done; "
                                       "the others go on in the meantime.",
                           .points = 2};
static chapter home = {.name = "03-futures", .title = "Futures", .exercise_count = 1};

/* All that the student may read, with the reason of a fail behind it. show: as it stands in the
 * report, where long sentences are wrapped. */
static void read_outcome(outcome *o, text *words, int show) {
    subject.scenarios = (scenario *)o->scenario;
    subject.scenario_count = 1;
    result r = {.exercise = &subject, .kind = o->kind, .outcomes = o};
    if (!show)
        text_addf(words, "%s\n%s", o->headline ? o->headline : "", text_string(&o->details));
    report_block(words, &r);
    text_addf(words, "%s\n", o->reason ? o->reason : "");
}

static void try(const test *t, int show) {
    scenario s = {.name = "burger", .line = 12};
    char *wrong = trace_parse_expected(&s, "expected.trace", t->expected);
    if (wrong) {
        check(0, t->name, wrong);
        free(wrong);
        return;
    }
    run r;
    char *trace = with_stacks(t->trace);
    make_run(t, &r, trace);
    outcome o;
    explain(&home, &subject, &s, &r, &o);
    text block = {0};
    read_outcome(&o, &block, show);
    if (show)
        printf("--- %s: %s\n%s\n", t->name, verdict_name(o.kind), text_string(&block));
    char *reason = NULL;
    if (o.kind != t->kind)
        reason = formatted("is %s: %s", verdict_name(o.kind), text_string(&block));
    for (int i = 0; !reason && i < 4 && t->says[i]; i++)
        if (!strstr(text_string(&block), t->says[i]))
            reason = formatted("does not say “%s”: %s", t->says[i], text_string(&block));
    if (!reason && o.doubtful != t->doubtful)
        reason = formatted("doubtful: %d", o.doubtful);
    if (!show)
        check(!reason, t->name, reason ? reason : "");
    free(reason);
    text_free(&block);
    outcome_free(&o);
    clear_run(&r);
    free(trace);
    trace_free_expected(&s);
}

/* Every byte string that records may be must be survived. */
static void survive_garbage(void) {
    unsigned random = 1;
    int passes = 0;
    for (int round = 0; round < 3000; round++) {
        static const char *const pieces[] = {
            "begin", "event", "\t",     "\n",   "end",  "burger", "0",    "-1", "order",
            "\\",    "x",     "waiter", "\xff", "cost", "total",  "exit", "A",  "9999999999"};
        text trace = {0};
        text_add(&trace, BEGIN);
        for (int i = 0; i < 30; i++) {
            random = random * 1103515245 + 12345;
            text_add(&trace, pieces[(random >> 16) % (sizeof pieces / sizeof *pieces)]);
        }
        scenario s = {.name = "burger"};
        free(trace_parse_expected(&s, "x", HEAD THREE));
        run r = {.program = "/nonexistent", .trace = trace};
        outcome o;
        explain(&home, &subject, &s, &r, &o);
        passes += o.kind == PASS;
        outcome_free(&o);
        text_free(&trace);
        trace_free_expected(&s);
    }
    check(passes == 0, "garbage never passes", "it did");
}

static void round_trip(const char *name, const char *file) {
    scenario s = {.name = "x"};
    char *wrong = trace_parse_expected(&s, "x.trace", file);
    text out = {0};
    if (!wrong)
        trace_format_expected(&out, &s);
    check(!wrong && strcmp(text_string(&out), file) == 0, name, wrong ? wrong : text_string(&out));
    text_free(&out);
    free(wrong);
    trace_free_expected(&s);
}

static void refuse(const char *name, const char *file) {
    scenario s = {.name = "x"};
    char *wrong = trace_parse_expected(&s, "x.trace", file);
    check(wrong != NULL, name, "it was taken");
    free(wrong);
    if (!wrong)
        trace_free_expected(&s);
}

static void escape(const char *name, const char *bytes, size_t length, const char *want,
                   void (*with)(text *, const char *, size_t)) {
    text out = {0};
    with(&out, bytes, length);
    check(strcmp(text_string(&out), want) == 0, name, text_string(&out));
    text_free(&out);
}

static void plainly(text *out, const char *bytes, size_t length) {
    escape_bytes(out, bytes, length, ESCAPE_LINES, 0);
}

static void shortly(text *out, const char *bytes, size_t length) {
    escape_bytes(out, bytes, length, 0, 4);
}

static void test_escapes(void) {
    escape("text stays", "pizza äß\n", 11, "pizza äß\n", plainly);
    escape("a terminal cannot be steered", "\033[2Ja\rb\177", 8, "\\x1b[2Ja\\rb\\x7f", plainly);
    escape("NUL and bad UTF-8", "a\0b\xff\xc0\x80\xed\xa0\x80", 9,
           "a\\x00b\\xff\\xc0\\x80\\xed\\xa0\\x80", plainly);
    escape("the direction of writing",
           "a\xe2\x80\xae"
           "b",
           5, "a\\xe2\\x80\\xaeb", plainly);
    escape("long text is cut", "abcdefgh", 8, "abcd...", shortly);
    escape("JSON", "\"\\\n\t</script>\x01", 14, "\"\\\"\\\\\\n\\t</script>\\\\x01\"", escape_json);
    escape("CSV stays", "anna", 4, "anna", escape_csv);
    escape("CSV with a comma and quotes", "a,\"b\"", 5, "\"a,\"\"b\"\"\"", escape_csv);
    escape("CSV without formulas", "=1+1", 4, "\"'=1+1\"", escape_csv);
    escape("CSV with a line end", "a\nb", 3, "a\\nb", escape_csv);
}

/* Of the outcomes the one that was run explains the exercise. */
static void test_failure(void) {
    scenario scenarios[3] = {{0}};
    exercise e = {.scenarios = scenarios, .scenario_count = 3};
    outcome outcomes[] = {{.kind = FAIL, .not_run = 1}, {.kind = PASS}, {.kind = FAIL}};
    result r = {.exercise = &e, .outcomes = outcomes};
    check(result_failure(&r) == &outcomes[2], "what was run explains", "another one does");
    outcomes[2].kind = PASS;
    check(result_failure(&r) == &outcomes[0], "else what was not run", "another one does");
    outcomes[0].kind = PASS;
    check(result_failure(&r) == NULL, "nothing explains that all have passed", "something does");
}

int main(int argc, char **argv) {
    int show = argc > 1 && strcmp(argv[1], "--show") == 0;
    for (size_t i = 0; i < sizeof tests / sizeof *tests; i++)
        try(&tests[i], show);
    if (show)
        return 0;
    survive_garbage();
    round_trip("a trace file", HEAD THREE);
    round_trip("a trace file of a real clock", REAL THREE);
    round_trip("a trace file with orders",
               PER_TASK "     0  a-very-long-task  has  words \\n\\t\\\\\n~ total\n"
                        "123456789  x           \nend\n");
    round_trip("a trace file of a cost", COST);
    refuse("a trace without end", HEAD "     0  A           starts\n");
    refuse("a trace that goes on", HEAD "end\n     0  A           starts\n");
    refuse("a trace without a clock", "says: x\norder: total\n---\nend\n");
    refuse("a trace with a bad line", HEAD "  x  A\nend\n");
    test_escapes();
    test_failure();
    printf("%d passed, %d failed\n", passed, failed);
    return failed != 0;
}
