/* sanitizers.c - how the sanitizers behave in a scenario, and where they report. */
#include "runtime.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <link.h>
#include <string.h>

/* Crashes are told by signals.c, leaks by leaks.c when the scenario has ended. Addresses stay
 * addresses: the supervisor looks them up, which starts no program in here. */
#define SETTINGS "symbolize=0:color=never:exitcode=99"

/* Memory in use, in MiB, that ends a scenario. A limit on addresses would end AddressSanitizer,
 * which takes 16 TiB of them; its own thread looks at what is really used, ten times a second. */
#define MEMORY_MIB 1024
#define TEXT_OF(number) TEXT_OF_IT(number)
#define TEXT_OF_IT(number) #number

const char *__asan_default_options(void);
const char *__lsan_default_options(void);
const char *__ubsan_default_options(void);

__attribute__((used)) const char *__asan_default_options(void) {
    return SETTINGS ":detect_leaks=1:leak_check_at_exit=0"
                    ":handle_segv=0:handle_sigbus=0:handle_sigfpe=0:handle_sigill=0:handle_abort=0"
                    ":use_sigaltstack=0:detect_stack_use_after_return=0"
                    ":detect_odr_violation=0:hard_rss_limit_mb=" TEXT_OF(MEMORY_MIB);
}

/* leaks.c says where to look: with gcc, most variables are the sanitizers' own. */
__attribute__((used)) const char *__lsan_default_options(void) {
    return SETTINGS ":use_globals=0";
}

__attribute__((used)) const char *__ubsan_default_options(void) {
    return SETTINGS ":print_stacktrace=1";
}

void __sanitizer_set_report_fd(void *descriptor) __attribute__((weak));

void harness_sanitizers_report_to(int descriptor) {
    if (__sanitizer_set_report_fd)
        __sanitizer_set_report_fd((void *)(intptr_t)descriptor);
}

/* With gcc, UndefinedBehaviorSanitizer is a library with a descriptor of its own. Before its first
 * report it sets everything back, and closes the descriptor that AddressSanitizer reports to: that
 * is why it gets a copy, and why both are told again below. */
void harness_sanitizers_start(void) {
    int copy = fcntl(REPORT_DESCRIPTOR, F_DUPFD_CLOEXEC, 100);
    harness_sanitizers_report_to(copy >= 0 ? copy : REPORT_DESCRIPTOR);
}

/* Without AddressSanitizer nobody knows. */
int __asan_address_is_poisoned(const void *address) __attribute__((weak));

int harness_is_freed(const void *memory) {
    return __asan_address_is_poisoned && __asan_address_is_poisoned(memory);
}

static int look_at(struct dl_phdr_info *object, size_t size, void *arg) {
    if (!strstr(object->dlpi_name, "/libubsan."))
        return 0;
    void *library = dlopen(object->dlpi_name, RTLD_LAZY | RTLD_NOLOAD);
    void *found = library ? dlsym(library, "__sanitizer_set_report_fd") : NULL;
    void (*set)(void *) = (__typeof__(set))found;
    if (set)
        set((void *)(intptr_t)REPORT_DESCRIPTOR);
    return 1;
}

void __ubsan_on_report(void);

/* Called when a report is about to be written. */
__attribute__((used)) void __ubsan_on_report(void) {
    harness_sanitizers_report_to(REPORT_DESCRIPTOR);
    dl_iterate_phdr(look_at, NULL);
}
