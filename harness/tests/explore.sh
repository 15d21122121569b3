#!/bin/sh
# explore.sh - random programs: what is right is run as by the reference, what is wrong is found,
# made short and replayed.
cd "$(dirname "$0")/../.." || exit 2
name=explore
. harness/tests/checks

# A submission of two files of chapter 07, the second changed by a sed script.
submission() { # name, script
    mkdir -p "$work/$1/chapters/07-sync"
    cp harness/explore/sample/chapters/07-sync/line.c "$work/$1/chapters/07-sync/"
    sed -e "$2" solutions/07-sync/lock.c >"$work/$1/chapters/07-sync/lock.c"
}

explore() { # submission, more ...
    where=$1
    shift
    "$workbook" explore --submission "$where" --base reference --exercise lock/acquire "$@"
}

# What is right.
for chapter in 05 06 07; do
    says "$chapter: the reference agrees with itself" 'every one is run as by the reference' \
        "$workbook" explore --reference --chapter $chapter --number 50
    for variant in harness/variants/"$chapter"-*/*/; do
        name=$(basename "$(dirname "$variant")")
        folder="$work/$(basename "$variant")/chapters/$name"
        mkdir -p "$folder"
        cp solutions/"$name"/*.c "$folder/"
        cp "$variant"*.c "$folder/"
        says "$name $(basename "$variant") agrees with it" 'every one is run as by the reference' \
            "$workbook" explore --submission "${folder%/chapters/*}" --base reference \
            --chapter $chapter --number 100
    done
done

# What is wrong is found, and is as short as it can be.
explore harness/explore/sample >"$work/first" 2>&1
is "a lost turn is found" "$(sed -n 's/^\(Program 10 is not run\).*/\1/p' "$work/first")" \
    'Program 10 is not run'
is "and shown in four lines" "$(grep -c '^        [a-z]' "$work/first")" 4
explore harness/explore/sample --seed 10 --number 1 >"$work/second" 2>&1
is "the seed replays it" "$(cat "$work/second")" "$(cat "$work/first")"

# Whatever it does to the process costs that program alone.
submission crash 's/^    l->locked = 0;/    abort();/'
says "a crash is put down to its program" 'abort() was called in lock_release' \
    explore "$work/crash" --number 8
submission endless 's/^    l->locked = 0;/    for (;;);/'
says "so is a computation without end" 'Computing without end' explore "$work/endless" --number 8
submission leak 's/^    l->locked = 0;/    void *volatile lost = malloc(7); (void)lost; l->locked = 0;/'
says "so is a leak" '7 bytes were never freed' explore "$work/leak" --number 8
says "what is not done is left out" 'lock/acquire is not done yet' \
    "$workbook" explore --chapter 07 --base reference --number 10
submission broken 's/^int lock_release/int lock_release(/'
says "what does not compile is not explored" 'lock/acquire' explore "$work/broken"

finish
