#!/bin/sh
# jsonl.sh [MEGABYTES] - a file of JSON lines (200 MB without an argument), read by chapter 10's layer
# and by a plain blocking program, in turn, three times each; the fastest counts. And what an item of
# a generator costs, beside asyncio's. Figures are written to build/bench/iterators.json as well.
set -eu
cd "$(dirname "$0")/../.."
out=build/bench
mkdir -p "$out"
file=$out/jsonl.jsonl
trap 'rm -f "$file"' EXIT
trap 'exit 2' HUP INT TERM

if ! pkg-config --exists jansson; then
    echo '(jansson is not installed: libjansson-dev; the JSON lines were not measured)'
    exit 0
fi
includes=''
for chapter in solutions/0[1-8]-*/ solutions/10-*/; do
    includes="$includes -I$chapter"
done
# shellcheck disable=SC2046,SC2086
"${CC:-cc}" -std=gnu11 -D_GNU_SOURCE -O2 -flto=auto -Wall -Wextra -Wno-unused-parameter -Iharness/include $includes \
    harness/bench/jsonl.c harness/runtime/demo.c solutions/0[1-8]-*/*.c solutions/10-*/*.c -o "$out/jsonl" \
    $(pkg-config --cflags --libs libuv jansson)

"$out/jsonl" items >"$out/iterators.txt"
if command -v python3 >/dev/null 2>&1; then
    python3 harness/bench/iterators.py >"$out/iterators-asyncio.txt"
else
    : >"$out/iterators-asyncio.txt"
fi
awk -F '\t' '
    BEGIN { printf "%-46s %10s %10s %8s\n", "An item, ns (fastest)", "ours", "asyncio", "ratio" }
    FILENAME ~ /asyncio/ { asyncio[$1] = $2; next }
    $1 in asyncio { printf "  %-44s %10.1f %10.1f %8.1f\n", $3, $2, asyncio[$1], asyncio[$1] / $2; next }
    { printf "  %-44s %10.1f %10s\n", $3, $2, "-" }' "$out/iterators-asyncio.txt" "$out/iterators.txt"

megabytes=${1:-200}
"$out/jsonl" generate "$file" "$megabytes"
: >"$out/jsonl-blocking.txt"
: >"$out/jsonl-ours.txt"
for _ in 1 2 3; do
    "$out/jsonl" blocking "$file" >>"$out/jsonl-blocking.txt"
    "$out/jsonl" ours "$file" >>"$out/jsonl-ours.txt"
done
echo
awk -v megabytes="$megabytes" '
    FNR == 1 { n++ }
    !(n in seconds) || $1 < seconds[n] { seconds[n] = $1; cpu[n] = $2 }
    { records[n] = $3; if ($4 > memory[n]) memory[n] = $4 }
    END {
        if (records[1] != records[2]) {
            printf "different numbers of records: %d and %d\n", records[1], records[2]
            exit 1
        }
        printf "%-46s %10s %10s %8s\n", megabytes " MB of JSON lines", "ours", "blocking", "ratio"
        printf "  %-44s %10.2f %10.2f %8.2f\n", "seconds (fastest)", seconds[2], seconds[1], seconds[2] / seconds[1]
        printf "  %-44s %10.2f %10.2f %8.2f\n", "processor seconds, all threads", cpu[2], cpu[1], cpu[2] / cpu[1]
        printf "  %-44s %10.1f %10.1f\n", "memory, MB at most", memory[2] / 1024, memory[1] / 1024
        printf "{\n  \"jsonl_ratio\": %.3f,\n  \"jsonl_seconds\": %.3f,\n  \"jsonl_memory_kb\": %d\n}\n", \
            seconds[2] / seconds[1], seconds[2], memory[2] >"'"$out"'/iterators.json"
    }' "$out/jsonl-blocking.txt" "$out/jsonl-ours.txt"
