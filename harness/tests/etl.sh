#!/bin/sh
# etl.sh - the pipeline with real sources: bad rows, sources that fail, a full disk, Ctrl-C, and a
# reader who looks at the files all the time.
#
# Everything happens on 127.0.0.1 and below build/check. Whatever is started here is ended here, by
# its process id. The full disk is a tmpfs of 256 KiB if this user may mount one; a limit on the size
# of files (ulimit -f) in any case.
cd "$(dirname "$0")/../.." || exit 2
name=etl
. harness/tests/checks

mounted=
unmount() {
    [ -z "$mounted" ] || umount "$mounted"
    mounted=
}
end_all() {
    end_started
    unmount
}

if ! pkg-config --exists jansson libcurl sqlite3 libxml-2.0; then
    echo "FAIL the pipeline cannot be tested: ./setup libraries brings what it needs"
    echo "0 passed, 1 failed"
    exit 1
fi

# Runs the pipeline; its words are in $work/out and $work/err, its status is in $status.
etl() { # arguments ...
    timeout 120 "$workbook" demo --chapter 13 --name etl -- "$@" >"$work/out" 2>"$work/err"
    status=$?
}

# Starts the sources: their process id is in $sources, the address of the server in $url.
start_sources() { # directory, items, items of a page, delay
    : >"$work/sources.out"
    "$workbook" demo --chapter 13 --name sources -- "$1" "$2" "$3" "$4" >"$work/sources.out" 2>&1 &
    sources=$!
    started="$started $sources"
    for _ in $(seq 1200); do
        url=$(sed -n 's|^ *\(http://[^ ]*\)$|\1|p' "$work/sources.out")
        [ -z "$url" ] || break
        sleep 0.1
    done
}

# What is in a directory beside databases: a word for each file.
files_in() {
    find "$1" -type f ! -name '*.db*' | wc -l | tr -d ' '
}

# Counts what is in the JSON files of a run, by category: "67 67 66".
counts() { # prefix
    python3 - "$1" <<'END'
import glob, json, sys
print(*(len(json.load(open(name))) for name in sorted(glob.glob(sys.argv[1] + "_category_*.json"))))
END
}

items_in() { # database
    python3 - "$1" <<'END'
import sqlite3, sys
print(*sqlite3.connect(sys.argv[1]).execute(
    "SELECT (SELECT count(*) FROM items), (SELECT count(*) FROM loaded), (SELECT count(*) FROM runs)").fetchone())
END
}

line() { # words at the beginning of a line of the output
    sed -n "s/^$1//p" "$work/out" | head -n 1
}

# Both programs are built before anything has to happen in time.
for name in etl sources; do
    "$workbook" demo --chapter 13 --name "$name" -- x x x x x x >"$work/out" 2>"$work/err"
    is "$name without sense in its arguments: status 2" "$?" 2
    is "and how it is used" "$(grep -c "^usage: $name" "$work/err")" 1
done

# Four good sources.
start_sources "$work/small" 50 10 20
is "the sources are made, and one is served" "${url:+yes}" yes
small="$work/small/database_1.db $url $work/small/csv_file.csv $work/small/json_feed.jsonl"
mkdir "$work/good"
# The sources are a list of words.
# shellcheck disable=SC2086
etl -b 15 -o "$work/good/data" -d "$work/good/data.db" $small
is "four sources are loaded: status 0" "$status" 0
is "200 items are processed" "$(line 'Items processed: ')" "200, in 14 batches"
is "the success rate is 100 %" "$(line 'Success rate: ')" "100.0%"
is "the files hold 67, 67 and 66 items" "$(counts "$work/good/data")" "67 67 66"
is "and the database 200, of one run" "$(items_in "$work/good/data.db")" "200 200 1"
is "no other file is left" "$(files_in "$work/good")" 3

# Bad rows.
mkdir "$work/bad"
{
    cat "$work/small/csv_file.csv"
    printf 'short,row\n"a ""quoted"" id",t,1,B\nx,t,much,A\nx,t,1,AB\n\377,t,1,A\n'
    head -c 10000000 /dev/zero | tr '\0' 'y'
    printf '\nlast,t,1,C\n'
} >"$work/bad/csv_file.csv"
{
    printf '{"id": "cut off\n[1, 2]\n{"id": "x", "timestamp": "t", "value": "1", "category": "A"}\n'
    cat "$work/small/json_feed.jsonl"
    head -c 10000000 /dev/zero | tr '\0' 'z'
    echo
} >"$work/bad/json_feed.jsonl"
etl -o "$work/bad/data" -d "$work/bad/data.db" "$work/bad/csv_file.csv" "$work/bad/json_feed.jsonl"
is "bad rows, and lines of 10 MB: status 0" "$status" 0
is "the good rows are processed" "$(line 'Items processed: ')" "102, in 1 batch"
is "the bad ones are counted" "$(line 'Errors: ')" 9
is "and in a file, each with its place and a reason" \
    "$(python3 -c '
import glob, json, sys
errors = json.load(open(glob.glob(sys.argv[1])[0]))
print(len(errors), all(e["reason"] and e["number"] > 0 and e["source"] for e in errors))' \
        "$work/bad/data_errors_*.json")" "9 True"

# Sources that fail.
mkdir "$work/part"
etl -o "$work/part/data" -d "$work/part/data.db" "$work/small/csv_file.csv" "$work/nowhere.jsonl" \
    http://127.0.0.1:1/items "$work/bad/csv_file.db"
is "three of four sources fail: status 1" "$status" 1
is "what the other one gave is loaded" "$(items_in "$work/part/data.db")" "50 50 1"
is "and each failure is told" "$(grep -c '^etl: .* failed: .' "$work/err")" 3
is "with the file that is missing" \
    "$(grep -c "nowhere failed: .*/nowhere.jsonl: no such file or directory" "$work/err")" 1
printf 'this is no database, whatever its name may be, and never was' >"$work/part/fake.db"
printf 'id,timestamp,value,category\na,t,1,"A' >"$work/part/cut.csv"
printf 'id,value\na,1\n' >"$work/part/columns.csv"
etl -o "$work/part/none" "$work/part/fake.db" "$work/part/cut.csv" "$work/part/columns.csv" "$work/part"/
is "wrong arguments: status 2" "$status" 2
etl -o "$work/part/none" "$work/part/fake.db" "$work/part/cut.csv" "$work/part/columns.csv"
is "files that are not what they seem are told, each" "$(grep -c '^etl: .* failed: .' "$work/err")" 3
etl -o "$work/nowhere/data" "$work/small/csv_file.csv"
is "no place for the files: status 1" "$status" 1
is "and why" "$(cat "$work/err")" "etl: $work/nowhere/data...: no such file or directory; nothing was kept"

# A full disk.
mkdir "$work/limit"
(
    ulimit -f 8
    timeout 120 "$workbook" demo --chapter 13 --name etl -- -o "$work/limit/data" -b 15 \
        "$work/small/csv_file.csv" "$work/small/json_feed.jsonl" "$work/small/database_1.db" \
        >"$work/out" 2>"$work/err"
)
is "no file may be larger than 4 KiB: status 1" "$?" 1
is "and why" "$(sed 's/^.*data\.\.\.: //' "$work/err")" "file too large; nothing was kept"
is "and no file is left" "$(files_in "$work/limit")" 0
mkdir "$work/full"
if mount -t tmpfs -o size=256k none "$work/full" 2>/dev/null; then
    mounted=$work/full
    start_sources "$work/large" 20000 1000 0
    etl -o "$work/full/data" "$work/large/csv_file.csv" "$work/large/json_feed.jsonl"
    is "the disk is full: status 1" "$status" 1
    is "and why" "$(sed 's/^.*data\.\.\.: //' "$work/err")" "no space left on device; nothing was kept"
    is "and no file is left" "$(files_in "$work/full")" 0
    mkdir "$work/roomy"
    etl -o "$work/roomy/data" -d "$work/full/data.db" "$work/large/csv_file.csv"
    is "the database has no room: status 1" "$status" 1
    is "and no file is left, either" "$(files_in "$work/roomy")" 0
    unmount
else
    echo "(no tmpfs may be mounted here: the full disk was only a limit on files)"
    start_sources "$work/large" 20000 1000 0
fi
large="$work/large/database_1.db $url $work/large/csv_file.csv $work/large/json_feed.jsonl"

# Ctrl-C in the middle. The server of the small sources is slow enough.
mkdir "$work/interrupted"
start_sources "$work/slow" 1000 10 50
for signal in INT TERM; do
    "$workbook" demo --chapter 13 --name etl -- -b 15 -o "$work/interrupted/data" \
        -d "$work/interrupted/data.db" "$url" "$work/large/csv_file.csv" >"$work/out" 2>"$work/err" &
    pid=$!
    started="$started $pid"
    for _ in $(seq 300); do
        find "$work/interrupted" -name '.data*' | grep -q . && break
        sleep 0.1
    done
    sleep 0.3
    is "SIG$signal: something was being written" "$([ "$(files_in "$work/interrupted")" -gt 0 ] && echo yes)" yes
    kill -"$signal" "$pid"
    end_of "$pid"
    is "the status is that of the signal" "$status" "$([ "$signal" = INT ] && echo 130 || echo 143)"
    is "it says so" "$(cat "$work/err")" "etl: interrupted; nothing was kept"
    is "no file is left" "$(files_in "$work/interrupted")" 0
    is "and nothing in the database" "$(items_in "$work/interrupted/data.db")" "0 0 0"
done

# A reader who looks all the time while the files appear.
mkdir "$work/read"
python3 - "$work/read" "$work/read.done" >"$work/reader.out" 2>&1 <<'END' &
import glob, json, os, sys
looks, seen = 0, set()
while not os.path.exists(sys.argv[2]):
    for name in glob.glob(sys.argv[1] + "/*.json"):
        at = os.stat(name)
        if (at.st_ino, at.st_mtime_ns) not in seen:
            json.load(open(name))
            seen.add((at.st_ino, at.st_mtime_ns))
    looks += 1
print("ok" if len(seen) >= 3 else f"{looks} looks, {len(seen)} files")
END
reader=$!
started="$started $reader"
for number in 1 2 3; do
    # shellcheck disable=SC2086
    etl -o "$work/read/data" -d "$work/read/data.db" $large
    is "run $number of 80,000 items, beside a reader: status 0" "$status" 0
done
: >"$work/read.done"
end_of "$reader"
is "the reader has seen whole files only" "$(cat "$work/reader.out")" ok
is "and the database has three runs" "$(items_in "$work/read/data.db")" "240000 240000 3"
kill -INT "$sources"
end_of "$sources"
is "Ctrl-C ends the server of the sources with status 0" "$status" 0

finish
