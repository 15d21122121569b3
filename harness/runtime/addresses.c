/* addresses.c - where code is, and who called it.
 *
 * There are two ways to find callers. The unwinder reads the tables that compilers write beside the
 * code: it finds its way through libuv and the C library too, but only from where we stand. Frame
 * pointers form a list on the stack: they lead through any stack, but only through code compiled
 * with them, as a student's is. */
#include "runtime.h"

#include <link.h>
#include <string.h>
#include <ucontext.h>
#include <unwind.h>

typedef struct range {
    uintptr_t low, high;
} range;

static uintptr_t load_base;
static range executable, libuv;

/* The part of an object that holds code. */
static range code_of(const struct dl_phdr_info *object) {
    range r = {UINTPTR_MAX, 0};
    for (int i = 0; i < object->dlpi_phnum; i++) {
        const ElfW(Phdr) *segment = &object->dlpi_phdr[i];
        if (segment->p_type != PT_LOAD || !(segment->p_flags & PF_X))
            continue;
        uintptr_t start = object->dlpi_addr + segment->p_vaddr;
        if (start < r.low)
            r.low = start;
        if (start + segment->p_memsz > r.high)
            r.high = start + segment->p_memsz;
    }
    return r;
}

/* The executable is the first object. */
static int look_at(struct dl_phdr_info *object, size_t size, void *arg) {
    int *seen = arg;
    if ((*seen)++ == 0) {
        load_base = object->dlpi_addr;
        executable = code_of(object);
    } else if (strstr(object->dlpi_name, "/libuv.")) {
        libuv = code_of(object);
    }
    return 0;
}

void harness_addresses_start(void) {
    int seen = 0;
    dl_iterate_phdr(look_at, &seen);
}

static int within(range r, uintptr_t address) {
    return r.low <= address && address < r.high;
}

int harness_in_libuv(const void *address) {
    return within(libuv, (uintptr_t)address);
}

int harness_pc(uintptr_t address, uintptr_t *pc) {
    *pc = address - load_base;
    return within(executable, address);
}

/* A list of program counters that is being filled; those outside of the executable are left out. */
typedef struct trail {
    uintptr_t *pcs;
    int count, limit;
    uintptr_t from; /* nothing is added before this address was met; 0 when it was */
    int steps;      /* of the unwinder, which may lose its way */
} trail;

static void add(trail *t, uintptr_t address, int is_return) {
    if (t->count < t->limit && harness_pc(address - (is_return ? 1 : 0), &t->pcs[t->count]))
        t->count++;
}

static _Unwind_Reason_Code unwound(struct _Unwind_Context *frame, void *arg) {
    trail *t = arg;
    int exact = 0; /* the frame was interrupted by a signal, it is not in the middle of a call */
    uintptr_t address = _Unwind_GetIPInfo(frame, &exact);
    if (address == t->from)
        t->from = 0;
    if (t->from == 0)
        add(t, address, !exact);
    return t->count == t->limit || ++t->steps > 200 ? _URC_END_OF_STACK : _URC_NO_REASON;
}

int harness_callers(const void *from, uintptr_t *pcs, int limit) {
    trail t = {.pcs = pcs, .limit = limit, .from = (uintptr_t)from};
    _Unwind_Backtrace(unwound, &t);
    return t.count;
}

/* Return addresses may carry a signature in their upper bits on AArch64. */
static uintptr_t plain(uintptr_t address) {
#if defined(__aarch64__)
    return address & (((uintptr_t)1 << 48) - 1);
#else
    return address;
#endif
}

/* A frame is the same on x86-64 and AArch64: the caller's frame, then the return address. */
static void follow(trail *t, uintptr_t frame, uintptr_t low, uintptr_t high) {
    while (frame >= low && frame + 2 * sizeof(uintptr_t) <= high &&
           frame % sizeof(uintptr_t) == 0) {
        const uintptr_t *words = (const uintptr_t *)frame;
        add(t, plain(words[1]), 1);
        if (words[0] <= frame)
            return;
        frame = words[0];
    }
}

int harness_frames(uintptr_t frame, uintptr_t low, uintptr_t high, uintptr_t *pcs, int limit) {
    trail t = {.pcs = pcs, .limit = limit};
    follow(&t, frame, low, high);
    return t.count;
}

/* The registers that matter, where the code was interrupted. */
typedef struct registers {
    uintptr_t pc, sp, frame;
} registers;

static registers registers_of(const ucontext_t *u) {
    registers r = {0, 0, 0};
#if defined(__x86_64__)
    r.pc = (uintptr_t)u->uc_mcontext.gregs[REG_RIP];
    r.sp = (uintptr_t)u->uc_mcontext.gregs[REG_RSP];
    r.frame = (uintptr_t)u->uc_mcontext.gregs[REG_RBP];
#elif defined(__aarch64__)
    r.pc = u->uc_mcontext.pc;
    r.sp = u->uc_mcontext.sp;
    r.frame = u->uc_mcontext.regs[29];
#endif
    return r;
}

/* The return address of a function that has not made a frame yet. */
static uintptr_t link_of(const ucontext_t *u) {
#if defined(__x86_64__)
    return *(const uintptr_t *)u->uc_mcontext.gregs[REG_RSP];
#elif defined(__aarch64__)
    return plain(u->uc_mcontext.regs[30]);
#else
    return 0;
#endif
}

/* After a call of a NULL pointer there is no code to unwind from, but the frames are still
 * there. */
int harness_interrupted(void *ucontext, uintptr_t *pcs, int limit) {
    registers r = registers_of(ucontext);
    trail t = {.pcs = pcs, .limit = limit, .from = r.pc};
    if (r.pc)
        _Unwind_Backtrace(unwound, &t);
    if (t.count == 0) {
        add(&t, r.pc, 0);
        add(&t, link_of(ucontext), 1);
        follow(&t, r.frame, r.sp, UINTPTR_MAX);
    }
    return t.count;
}
