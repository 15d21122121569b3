#!/bin/sh
# jsonl.sh - the programs of chapter 10, with all that can be wrong with a file, and Ctrl-C.
cd "$(dirname "$0")/../.." || exit 2
name=jsonl
. harness/tests/checks

end_all() {
    end_started
    rm -f "$work"/*.jsonl "$work"/*.part
}

# Runs a program of the chapter; its status is in $status, what it prints in out and err.
run() { # name, argument ...
    program=$1
    shift
    timeout 120 "$workbook" demo --chapter 10 --name "$program" -- "$@" >"$work/out" 2>"$work/err"
    status=$?
}

# Waits up to 30 s for a file that is not empty.
appears() { # file
    for _ in $(seq 3000); do
        [ ! -s "$1" ] || break
        sleep 0.01
    done
}

# Waits up to 30 s until a process has the file open.
opens() { # pid, file
    for _ in $(seq 3000); do
        for descriptor in "/proc/$1/fd"/*; do
            [ "$(readlink "$descriptor")" != "$2" ] || return
        done
        sleep 0.01
    done
}

# Good files.
run generate "$work/good.jsonl" 2
is "generate writes a file" "$status $(wc -l <"$work/good.jsonl") lines" \
    "0 $(sed -n 's/^.*: \([0-9]*\) lines$/\1/p' "$work/out") lines"
run jsonl "$work/good.jsonl"
is "jsonl reads all of it" "$status $(head -n 1 "$work/out")" "0 records: $(wc -l <"$work/good.jsonl")"
is "and finds nothing wrong" "$(tail -n 1 "$work/out")$(cat "$work/err")" "bad lines: 0"
if command -v python3 >/dev/null 2>&1; then
    is "Python reads the same lines" \
        "$(python3 -c 'import json, sys; print(sum(1 for line in open(sys.argv[1]) if json.loads(line)))' "$work/good.jsonl")" \
        "$(wc -l <"$work/good.jsonl" | tr -d ' ')"
else
    echo "(Python is not installed: nobody else has read the file)"
fi
: >"$work/empty.jsonl"
run jsonl "$work/empty.jsonl"
is "an empty file is a good one" "$status $(head -n 1 "$work/out")" "0 records: 0"

# Bad lines: not JSON, not UTF-8, 10 MB, and a last one that is cut off.
{
    printf '{"a":1}\n\n{"a":\n{"b":"\377"}\n'
    head -c 10000000 /dev/zero | tr '\0' x
    printf '\n\033[2Jx\n[1,2]\n{"c":2'
} >"$work/bad.jsonl"
run jsonl "$work/bad.jsonl"
is "bad lines: status 1, and the good ones are counted" "$status $(head -n 1 "$work/out")" "1 records: 2"
is "a line that is not JSON has its number" "$(sed -n 's/^.*\(:3: unexpected token\).*/\1/p' "$work/err")" \
    ":3: unexpected token"
is "so has one that is not UTF-8" "$(sed -n 's/^.*\(:4: unable to decode byte 0xff\).*/\1/p' "$work/err")" \
    ":4: unable to decode byte 0xff"
is "so has one of 10 MB" "$(sed -n 's/^.*\(:5: longer than 1048576 bytes\)$/\1/p' "$work/err")" \
    ":5: longer than 1048576 bytes"
is "so has one that is cut off" "$(sed -n 's/^.*\(:8: .* expected near end of file\).*/\1/p' "$work/err")" \
    ":8: '}' expected near end of file"
is "no control characters reach the terminal" "$(tr -d '\n' <"$work/err" | tr -dc '\000-\037' | wc -c)" "0"

# Files that cannot be read, and results that cannot be written.
run jsonl "$work/missing.jsonl"
is "a missing file: status 2, and why" "$status $(cat "$work/err")" \
    "2 jsonl: $work/missing.jsonl: no such file or directory"
run jsonl "$work"
is "a directory: status 2, and why" "$status $(cat "$work/err")" \
    "2 jsonl: $work: illegal operation on a directory"
if [ "$(id -u)" -ne 0 ]; then
    chmod 000 "$work/empty.jsonl"
    run jsonl "$work/empty.jsonl"
    is "an unreadable file: status 2, and why" "$status $(cat "$work/err")" \
        "2 jsonl: $work/empty.jsonl: permission denied"
else
    echo "(root reads every file: what is said of an unreadable one was not checked)"
fi
run jsonl
is "no file at all: status 2, and how it is used" "$status $(cat "$work/err")" "2 usage: jsonl FILE"
timeout 60 "$workbook" demo --chapter 10 --name jsonl -- "$work/good.jsonl" >/dev/full 2>"$work/err"
is "the results cannot be written: status 2, and why" "$? $(cat "$work/err")" \
    "2 jsonl: standard output: No space left on device"

# A disk that is full, and names that are none.
run generate /dev/full 1
is "a full disk: status 2, and why" "$status $(cat "$work/err")" \
    "2 generate: /dev/full: no space left on device"
(
    ulimit -f 1000
    run generate "$work/limited.jsonl" 20
    echo "$status $(cat "$work/err")" >"$work/limited"
)
is "a file that may not grow further: status 2, and why" "$(cat "$work/limited")" \
    "2 generate: $work/limited.jsonl: file too large"
is "and nothing is left behind" "$(find "$work" -name 'limited.jsonl*')" ""
run generate "$work/nowhere/file.jsonl" 1
is "no such directory: status 2, and why" "$status $(cat "$work/err")" \
    "2 generate: $work/nowhere/file.jsonl: no such file or directory"
run generate "$work/file.jsonl" 1x
is "no such size: status 2, and how it is used" "$status $(cat "$work/err")" \
    "2 usage: generate FILE MEGABYTES"

# Ctrl-C in the middle.
"$workbook" demo --chapter 10 --name generate -- "$work/large.jsonl" 2000 >"$work/out" 2>"$work/err" &
writer=$!
started="$started $writer"
appears "$work/large.jsonl.part"
kill -INT "$writer"
end_of "$writer"
is "Ctrl-C while it writes: status 130, and a word" "$status $(cat "$work/err")" \
    "130 generate: interrupted, nothing was written"
is "and nothing is left behind" "$(find "$work" -name 'large.jsonl*')" ""
run generate "$work/large.jsonl" 100
"$workbook" demo --chapter 10 --name jsonl -- "$work/large.jsonl" >"$work/out" 2>"$work/err" &
reader=$!
started="$started $reader"
opens "$reader" "$work/large.jsonl"
kill -INT "$reader"
end_of "$reader"
is "Ctrl-C while it reads: status 130, and a word" "$status $(sed 's/[0-9][0-9]* lines/some lines/' "$work/err")" \
    "130 jsonl: interrupted after some lines"

finish
