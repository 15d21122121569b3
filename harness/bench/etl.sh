#!/bin/sh
# etl.sh - the pipeline of chapter 13 beside the same one in asyncio: a million items out of four
# sources, of which one is a server, into files and a database. harness/bench/run calls it.
#
# ITEMS of each source: 250000. Everything is on one file system, in one run, one after the other.
set -eu
cd "$(dirname "$0")/../.."
out=build/bench/etl
cc=${CC:-cc}
items=${ITEMS:-250000}
size=5000
server=

if ! pkg-config --exists jansson libcurl sqlite3 libxml-2.0; then
    echo '(the pipeline needs libjansson-dev, libcurl4-openssl-dev, libsqlite3-dev, libxml2-dev: not measured)'
    exit 0
fi
rm -rf "$out"
mkdir -p "$out"
trap '[ -z "$server" ] || kill "$server"' EXIT
trap 'exit 1' HUP INT TERM

includes=
for chapter in solutions/*/; do
    includes="$includes -I$chapter"
done
for name in etl sources; do
    # shellcheck disable=SC2046,SC2086
    "$cc" -std=gnu11 -D_GNU_SOURCE -O2 -flto=auto -Wno-unused-parameter -Iharness/include $includes \
        "solutions/13-etl/demo/$name.c" harness/runtime/demo.c $(ls solutions/0*/*.c solutions/1[0-3]*/*.c) \
        -o "$out/$name" $(pkg-config --cflags --libs libuv jansson libcurl sqlite3 libxml-2.0) -lm
done

"$out/sources" "$out" "$items" 1000 0 >"$out/sources.out" &
server=$!
until grep -q Until "$out/sources.out"; do
    kill -0 "$server" || exit 1
    sleep 0.1
done
url=$(sed -n 's|^ *\(http://[^ ]*\)$|\1|p' "$out/sources.out")

# Prints seconds of wall time, of processor time, and the peak of memory in MiB.
measured() { # command ...
    python3 - "$@" <<'END'
import resource, subprocess, sys, time
begin = time.monotonic()
status = subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL).returncode
seconds = time.monotonic() - begin
used = resource.getrusage(resource.RUSAGE_CHILDREN)
print(f"{seconds:.2f} {used.ru_utime + used.ru_stime:.2f} {used.ru_maxrss / 1024:.0f}")
sys.exit(status)
END
}

command -v python3 >/dev/null 2>&1 || {
    echo '(the pipeline is measured by python3, which is not there)'
    exit 0
}
ours=$(measured "$out/etl" -b "$size" -o "$out/ours" -d "$out/ours.db" "$out/database_1.db" "$url" \
    "$out/csv_file.csv" "$out/json_feed.jsonl")
theirs=$(measured python3 harness/bench/etl.py "$out" "$url" "$out/theirs" "$out/theirs.db" "$size")
echo "$ours $theirs $items" | awk '{
    n = 4 * $7
    printf "\n%-46s %10s %10s %8s\n", "The pipeline of chapter 13, " n " items", "ours", "asyncio", "ratio"
    printf "  %-44s %10.0f %10.0f %8.1f\n", "items per second", n / $1, n / $4, $4 / $1
    printf "  %-44s %10.2f %10.2f %8.1f\n", "processor time for an item, us", $2 * 1e6 / n, $5 * 1e6 / n, $5 / $2
    printf "  %-44s %10d %10d\n", "memory at most, MiB", $3, $6
    printf "{\n  \"items\": %d,\n  \"ours\": %.0f,\n  \"asyncio\": %.0f\n}\n", n, n / $1, n / $4 >"build/bench/etl.json"
}'
rm -f "$out"/ours* "$out"/theirs*
