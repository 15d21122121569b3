/* leaks.c - memory that nobody can reach any more when the scenario has ended.
 *
 * LeakSanitizer looks through all memory for what can still be reached, which takes longer than most
 * scenarios do. If every block that the scenario has made is freed, there is nothing to look for.
 *
 * LeakSanitizer stops the process with ptrace to look at it. Where that is forbidden (in some
 * containers, below a debugger) it gives up and ends the process: that is not the student's fault,
 * so the scenario is completed then, with a record that says that leaks were not looked for. */
#include "runtime.h"

#include <dlfcn.h>
#include <link.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <unistd.h>

int __lsan_do_recoverable_leak_check(void) __attribute__((weak));
void __lsan_register_root_region(const void *memory, size_t size) __attribute__((weak));
void __sanitizer_set_death_callback(void (*callback)(void)) __attribute__((weak));

int __sanitizer_install_malloc_and_free_hooks(void (*made)(const volatile void *, size_t),
                                              void (*freed)(const volatile void *))
    __attribute__((weak));

/* A sum over the blocks that were made since the start, minus one over those that were freed. A
 * counter would take the end of an older block for the end of a new one; addresses, well mixed, only
 * cancel out each with itself. */
static atomic_uint_fast64_t alive;
static int counted; /* alive says something */

/* The last steps of the generator SplitMix64. */
static uint_fast64_t mixed(const volatile void *block) {
    uint64_t x = (uintptr_t)block;
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
    x = (x ^ (x >> 27)) * 0x94d049bb133111eb;
    return x ^ (x >> 31);
}

static void made(const volatile void *block, size_t size) {
    atomic_fetch_add_explicit(&alive, mixed(block), memory_order_relaxed);
}

static void freed(const volatile void *block) {
    if (block)
        atomic_fetch_sub_explicit(&alive, mixed(block), memory_order_relaxed);
}

void harness_leaks_start(void) {
    /* The sanitizers have looked for functions that there are not; the next one who looks for one
     * frees what was said of it. That must not be in the middle. */
    dlsym(RTLD_DEFAULT, "malloc");
    counted = __sanitizer_install_malloc_and_free_hooks &&
              __sanitizer_install_malloc_and_free_hooks(made, freed) > 0;
}

/* The writable parts of a program or library are where a block may be known from; but not those of the
 * sanitizers, 11 MB that take longer to read than everything else. */
static int add_variables(struct dl_phdr_info *object, size_t size, void *arg) {
    if (strstr(object->dlpi_name, "/libasan.so") || strstr(object->dlpi_name, "/libubsan.so"))
        return 0;
    for (int i = 0; i < object->dlpi_phnum; i++) {
        const ElfW(Phdr) *part = &object->dlpi_phdr[i];
        if (part->p_type == PT_LOAD && part->p_flags & PF_W)
            __lsan_register_root_region((void *)(object->dlpi_addr + part->p_vaddr), part->p_memsz);
    }
    return 0;
}

static void gave_up(void) {
    record r;
    harness_record_begin(&r, "no-leak-check");
    harness_record_write(&r);
    harness_record_begin(&r, "end");
    harness_record_write(&r);
    harness_end(STATUS_COMPLETE);
}

/* The report is kept back until it is known to be about leaks. */
void harness_leaks_check(void) {
    if (!__lsan_do_recoverable_leak_check || (counted && atomic_load(&alive) == 0))
        return;
    int report = memfd_create("leaks", MFD_CLOEXEC);
    if (report >= 0)
        harness_sanitizers_report_to(report);
    if (__sanitizer_set_death_callback)
        __sanitizer_set_death_callback(gave_up);
    dl_iterate_phdr(add_variables, NULL);
    int found = __lsan_do_recoverable_leak_check();
    if (report < 0 || !found)
        return;
    off_t size = lseek(report, 0, SEEK_CUR), from = 0;
    while (from < size && sendfile(REPORT_DESCRIPTOR, report, &from, (size_t)(size - from)) > 0)
        ;
}
