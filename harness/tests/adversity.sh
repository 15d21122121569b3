#!/bin/sh
# adversity.sh - when things go wrong around them, right code stands it, and wrong code is found that
# passes the very same scenario on a quiet day; what is found is replayed; and no submission can make
# use of it.
cd "$(dirname "$0")/../.." || exit 2
name=adversity
. harness/tests/checks

# Wrong code that passes the scenario on a quiet day (else nothing is made to go wrong at all), and
# right code that stands what the wrong one does not.
finds() { # mutant, exercise, scenario, mode, seed, what is said
    mutant=$(ls harness/exercises/*/"$1".mutant)
    says "$4 finds $(basename "$1") with $2 $3" "$6" "$workbook" adversity --mutant "$mutant" \
        --exercise "$2" --name "$3" --mode "$4" --seed "$5"
    says "what is right stands that" '1 of 1 runs judged' "$workbook" adversity --reference \
        --exercise "$2" --name "$3" --mode "$4" --seed "$5"
}

for_ever='Somebody waits for ever'
finds wait/all/mutants/watch-left-behind wait/all all-of-them cancel 1 'Crash in one_done'
finds group/errors/mutants/leaves-when-cancelled group/errors waits-for-all cancel 1 'FAIL group/errors'
finds lock/acquire/mutants/just-leaves lock/acquire no-overtaking cancel-woken 1 "$for_ever"
finds semaphore/acquire/mutants/just-leaves semaphore/acquire no-overtaking cancel-woken 1 "$for_ever"
finds queue/put-get/mutants/getter-just-leaves queue/put-get getters-not-overtaken cancel-woken 1 "$for_ever"
finds stream/drain/mutants/all-was-sent stream/close closing cut 1 'client receives 1 bytes: H'

# What is found is replayed by the line that is printed.
"$workbook" adversity --mutant harness/exercises/07-sync/lock/acquire/mutants/just-leaves.mutant \
    --exercise lock/acquire --name cancelled-while-waiting >"$work/first" 2>&1
again=$(sed -n 's/^ *Again  *make adversity EX=\([^ ]*\) NAME=\([^ ]*\) MODE=\([^ ]*\) SEED=\([0-9]*\)$/--exercise \1 --name \2 --mode \3 --seed \4/p' "$work/first" | head -n 1)
# The line is a list of words.
# shellcheck disable=SC2086
"$workbook" adversity --mutant harness/exercises/07-sync/lock/acquire/mutants/just-leaves.mutant \
    $again >"$work/out" 2>&1
is "what is found is replayed by its line: $again" "$(grep -v passed "$work/out")" \
    "$(sed -n '/^FAIL/,/Again/p' "$work/first" | sed '/Again/q')"
for seed in 1 2; do
    "$workbook" adversity --reference --exercise stream/lines --name until \
        --mode order --seed 3 >"$work/order-$seed" 2>&1
done
is "the same seed gives the same" "$(cat "$work/order-1")" "$(cat "$work/order-2")"

# A submission of two files of chapter 07, the second changed by a sed script.
submission() { # name, script
    mkdir -p "$work/$1/chapters/07-sync"
    cp solutions/07-sync/line.c "$work/$1/chapters/07-sync/"
    sed -e "$2" solutions/07-sync/lock.c >"$work/$1/chapters/07-sync/lock.c"
}

adversity() { # submission, more ...
    where=$1
    shift
    "$workbook" adversity --submission "$work/$where" --base reference --exercise lock/acquire "$@"
}

submission right ''
says "a lock that is right stands failed allocations" ' 0 failed' adversity right --mode memory \
    --name one-at-a-time
submission unchecked 's/^    return \*out ? 0 : UV_ENOMEM;/    (*out)->locked = 0;\n    return 0;/'
says "one that does not look what malloc returned does not" 'a null pointer was used' \
    adversity unchecked --mode memory --name one-at-a-time
says "a mode that reaches nothing says so" 'out of reach: no reads or writes of sockets' \
    adversity right --mode cut --name one-at-a-time
says "so does a seed beyond the last place" 'there are fewer places' \
    adversity right --mode cancel --seed 1000 --name one-at-a-time
submission wrong 's/^    l->locked = 0;//'
says "what does not pass on a quiet day is not put to the test" 'do not pass on a quiet day' \
    adversity wrong --mode cancel --name one-at-a-time

# The verdict is out of reach: whoever asks for adversity himself gets none, whoever claims it is
# found out, and so is whoever disturbs it.
submission asks '/^#include <stdlib.h>/a\
__attribute__((constructor)) static void ask(void) { setenv("WORKBOOK_ADVERSITY", "cut 1", 1); }'
says "a submission cannot ask for adversity" '✓ lock/acquire' \
    "$workbook" test --submission "$work/asks" --base reference --exercise lock/acquire
for record in 'adversity\\t0\\tluck\\tme\\t1' 'rescue\\t0' 'refused\\tlock_new\\tENOMEM' 'places\\tcancel\\t0'; do
    submission claims '/^#include <stdlib.h>/a\
#include <string.h>\
#include <unistd.h>
/^    l->locked = 0;/i\
    static const char claim[] = "'"$record"'\\n"; (void)!write(3, claim, strlen(claim));'
    says "nor claim it: ${record%%\\*}" 'Something other than the scenario wrote' \
        "$workbook" test --submission "$work/claims" --base reference --exercise lock/acquire
done
submission disturbs '/^#include <stdlib.h>/a\
__attribute__((constructor)) static void disturb(void) { unsetenv("WORKBOOK_ADVERSITY"); }'
says "nor keep it away" 'FAIL 07-sync' adversity disturbs --mode cancel --name one-at-a-time
submission forges '/^#include <stdlib.h>/a\
#include <unistd.h>
/^    l->locked = 0;/i\
    (void)!write(3, "end\\n", 4);'
says "nor forge a good end" 'Something other than the scenario wrote' \
    adversity forges --mode cancel --name one-at-a-time

finish
