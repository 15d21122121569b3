#!/bin/sh
# grading.sh - the instructor's side: what a submission may look like, what comes out of a class, what
# is left behind. It builds below build/check/.
cd "$(dirname "$0")/../.." || exit 2
name=grading
. harness/tests/checks

top=$PWD
small=$work/workbook # chapters 01 and 02 only: enough for most questions, and quick
samples=$top/harness/samples

# Everything about a tree that grading must not change.
fingerprint() { # folder
    find "$1" -printf '%P %y %m %n %s %T@ %l\n' | sort
    find "$1" -type f -size -4M -exec cksum {} + | sort
}

# The processes that were started from a workbook's build/ and still run.
survivors() { # the workbook's folder
    ps -eo pid=,args= | awk -v folder="$1/build/" '$2 ~ "^" folder "(programs|objects)"'
}

nobody_left() { # the workbook's folder
    left=$(survivors "$1")
    echo "$left"
    [ -z "$left" ]
}

# A workbook of the first two chapters.
make_small() {
    mkdir -p "$small/solutions" "$small/harness/exercises"
    cp -R harness/include harness/runtime "$small/harness/"
    cp -R solutions/01-* solutions/02-* "$small/solutions/"
    cp -R harness/exercises/01-* harness/exercises/02-* "$small/harness/exercises/"
}

# ---- one submission ----

results_are() { # results.json, Python expression on results and tests
    python3 - "$@" <<'END'
import json, sys
results = json.load(open(sys.argv[1]))
tests = {t["name"].split(":")[0]: t for t in results["tests"]}
def verdict(name):
    return tests[name]["extra_data"]["verdict"]
if not eval(sys.argv[2]):
    sys.exit(f"not so: {sys.argv[2]}\n" + "\n".join(f"{n} {verdict(n)}" for n in tests))
END
}

# What Gradescope reads: https://gradescope-autograders.readthedocs.io/en/latest/specs/
gradescope() { # results.json
    python3 - "$1" <<'END'
import json, sys
raw = open(sys.argv[1], encoding="utf-8").read()
results = json.loads(raw)
number = (int, float)
assert isinstance(results["score"], number)
assert results["tests"]
for test in results["tests"]:
    assert isinstance(test["name"], str) and isinstance(test["output"], str) and test["output"], test
    assert isinstance(test["score"], number) and isinstance(test["max_score"], number), test
    assert 0 <= test["score"] <= test["max_score"], test
    assert test["status"] in ("passed", "failed"), test
    assert (test["status"] == "passed") == (test["score"] == test["max_score"]), test
    assert test["tags"] and all(isinstance(tag, str) for tag in test["tags"]), test
    assert not [c for c in test["output"] if ord(c) < 32 and c not in "\n\t"], test
assert sum(test["score"] for test in results["tests"]) == results["score"]
assert len({test["name"] for test in results["tests"]}) == len(results["tests"])
END
}

one_submission() {
    folder="$work/it's a \$(shell touch expanded)"
    cp -R "$samples/early" "$folder"
    fingerprint "$folder" >"$work/before"
    must "make grade ends with 0, whatever the score" \
        make grade SUBMISSION="$folder" JSON="$work/early.json" REPORT="$work/early.txt"
    must "some of the files are enough" results_are "$work/early.json" \
        'results["score"] == 7 and verdict("generator/next") == "pass" and verdict("loop/run") == "missing-file"'
    must "results.json has what Gradescope reads" gradescope "$work/early.json"
    must "the report says what is missing" grep -q 'chapters/02-event-loop/loop.c is missing' "$work/early.txt"
    fingerprint "$folder" >"$work/after"
    must "a submission is not written to" cmp "$work/before" "$work/after"
    must "a path is never a command, nor an expression of make's" [ ! -e expanded ]
}

statuses() {
    early=$samples/early
    must "make test: 0 when all passed" make test EX=generator/next SUBMISSION="$early"
    must "make test: 2 when not" status_is 2 make test EX=coroutine/yield SUBMISSION="$early"
    must "workbook test: 1 when not" status_is 1 "$workbook" test --exercise coroutine/yield --submission "$early"
    must "workbook test: 2 for an exercise that there is not" status_is 2 "$workbook" test --exercise no/such
    must "workbook grade: 2 for a folder that there is not" \
        status_is 2 "$workbook" grade --submission "$work/no such folder"
    mkdir -p "$work/none"
    must "workbook grade: 2 for a folder without chapters/" \
        status_is 2 "$workbook" grade --submission "$work/none"
    must "workbook grade: 2 when results.json cannot be written" \
        status_is 2 "$workbook" --root "$small" grade --submission "$early" --json /dev/null/results.json
    must "workbook grade-all: 2 without a folder of submissions" \
        status_is 2 "$workbook" grade-all --submissions "$work/no such folder" --out "$work/out"
}

# ---- a class ----

# Checks grades.csv against a list of Python pairs: the name as it must be shown, and the points in
# all or a part of the note.
rows_are() { # grades.csv, chapters, pairs
    python3 - "$@" <<'END'
import csv, sys
path, chapters, wanted = sys.argv[1], sys.argv[2].split(), dict(eval(sys.argv[3]))
raw = open(path, "rb").read()
rows = list(csv.reader(raw.decode("utf-8").splitlines(keepends=True)))
assert not [c for c in raw if c < 32 and c not in b"\r\n"], "control characters"
assert rows[0] == ["name", *chapters, "total", "max", "note"], rows[0]
found = {row[0]: row for row in rows[1:]}
assert len(found) == len(rows) - 1, "a name twice"
assert set(found) == set(wanted), set(found) ^ set(wanted)
for name, row in found.items():
    assert len(row) == len(rows[0]), row
    if isinstance(wanted[name], int):
        points = [int(field) for field in row[1:-2]]
        assert sum(points[:-1]) == points[-1] == wanted[name] and row[-1] == "", row
    else:
        assert wanted[name] in row[-1] and set(row[1:-2]) == {""}, row
END
}

chapter_names() { # the workbook's folder
    for folder in "$1"/harness/exercises/*/; do
        basename "$folder"
    done | tr '\n' ' '
}

hand_in() { # folder: with the one file that a beginner has done
    mkdir -p "$1/chapters/01-coroutines"
    cp "$samples/early/chapters/01-coroutines/generator.c" "$1/chapters/01-coroutines/"
}

# The folder of submissions itself, and that of the results.
grade_dollar() {
    # shellcheck disable=SC2016
    odd='$(shell touch expanded) $HOME'
    hand_in "$work/$odd/one"
    make grade SUBMISSIONS="$work/$odd" OUT="$work/out $odd" &&
        [ -s "$work/out $odd/one/results.json" ] && [ ! -e expanded ]
}

odd_names() {
    inbox=$work/in\ box
    newline=$(printf 'two\nlines')
    latin=$(printf 'jos\351')
    hand_in "$inbox/a b"
    hand_in "$inbox/$newline"
    # Nothing here shall be expanded.
    # shellcheck disable=SC2016
    hand_in "$inbox/"'$(touch expanded)'
    # shellcheck disable=SC2016
    hand_in "$inbox/"'`touch expanded`;touch expanded'
    hand_in "$inbox/it's \"quoted\", he said"
    hand_in "$inbox/--json"
    hand_in "$inbox/=1+1"
    hand_in "$inbox/$latin"
    mkdir -p "$inbox/empty" "$inbox/other/chapter" "$inbox/file"
    : >"$inbox/file/chapters"
    : >"$inbox/readme.txt"
    ln -s "a b" "$inbox/link"
    ln -s "$samples" "$inbox/a b/chapters/02-event-loop"
    fingerprint "$inbox" >"$work/before"
    must "odd names: grading is completed" \
        "$workbook" --root "$small" grade-all --submissions "$inbox" --out "$work/o u t"
    # shellcheck disable=SC2016
    must "each folder is a row of grades.csv, with points or the reason" rows_are "$work/o u t/grades.csv" \
        "$(chapter_names "$small")" '[("a b", 2), ("two\\nlines", 2), ("$(touch expanded)", 2),
        ("`touch expanded`;touch expanded", 2), ("it'\''s \"quoted\", he said", 2), ("'\''--json", 2),
        ("'\''=1+1", 2), ("jos\\xe9", 2), ("empty", "no chapters/"), ("other", "no chapters/"),
        ("file", "not a readable directory"), ("link", "symbolic link")]'
    must "each student has a results.json" gradescope "$work/o u t/$newline/results.json"
    must "each student has a report" grep -q generator/next "$work/o u t/$latin/report.txt"
    must "who is not graded has none" [ ! -e "$work/o u t/empty/results.json" ]
    must "a chapter that is a symbolic link is not followed" results_are "$work/o u t/a b/results.json" \
        'verdict("loop/run") == "missing-file" and "is not a directory" in tests["loop/run"]["output"]'
    fingerprint "$inbox" >"$work/after"
    must "the folder of submissions is not written to" cmp "$work/before" "$work/after"
    must "no name is ever a command" [ ! -e expanded ]
    must "make hands on a path with \$(shell) in it" grade_dollar
}

# ---- files that are no source files ----

hostile_files() {
    inbox=$work/hostile
    for name in symbolic-link hard-link fifo huge sparse directory nul binary device complete; do
        mkdir -p "$inbox/$name/chapters"
        cp -R "$samples/complete/chapters/01-coroutines" "$inbox/$name/chapters/"
        [ $name = complete ] || rm "$inbox/$name/chapters/01-coroutines/generator.c"
    done
    file=chapters/01-coroutines/generator.c
    ln -s "$top/solutions/01-coroutines/generator.c" "$inbox/symbolic-link/$file"
    cp "$samples/early/$file" "$work/second-name"
    ln "$work/second-name" "$inbox/hard-link/$file"
    mkfifo "$inbox/fifo/$file"
    { cat "$samples/early/$file" && yes '/* more and more */' | head -n 100000; } >"$inbox/huge/$file"
    truncate -s 1T "$inbox/sparse/$file" 2>/dev/null || truncate -s 1G "$inbox/sparse/$file"
    mkdir "$inbox/directory/$file"
    { cat "$samples/early/$file" && printf '\n/* \000 */\n'; } >"$inbox/nul/$file"
    { cat "$samples/early/$file" && printf '\n/* \377 */\n'; } >"$inbox/binary/$file"
    ln -s /dev/zero "$inbox/device/$file"
    fingerprint "$inbox" >"$work/before"
    must "files that are no source files: graded" \
        "$workbook" --root "$small" grade-all --submissions "$inbox" --out "$work/hostile-out"
    for expected in 'symbolic-link:is a symbolic link' 'hard-link:hard link' 'fifo:not a regular file' \
        'huge:1 MiB is the most' 'sparse:1 MiB is the most' 'directory:it is a directory' 'nul:has a NUL byte' \
        'binary:is not valid UTF-8' 'device:is a symbolic link'; do
        must "${expected%%:*}: '${expected#*:}', and it costs only its own exercise" \
            results_are "$work/hostile-out/${expected%%:*}/results.json" "verdict('generator/next') == 'missing-file' and results['score'] == 15 and \
                '${expected#*:}' in ' '.join(tests['generator/next']['output'].split())"
    done
    must "the one beside them is graded as ever" results_are "$work/hostile-out/complete/results.json" \
        'results["score"] == 17'
    fingerprint "$inbox" >"$work/after"
    must "none of them was opened for writing" cmp "$work/before" "$work/after"
}

# ---- a class of odd submissions ----

class=${CLASS:-16} # how many; CLASS=50 takes a minute or two more

make_class() { # folder
    python3 - "$1" "$samples/complete/chapters" "$top/chapters" "$class" <<'END'
import os, random, sys
folder, complete, starters, count = sys.argv[1:]
files = ["01-coroutines/" + f for f in ("generator.c", "stack.c", "coroutine.c", "roundrobin.c")] + ["02-event-loop/loop.c"]
def read(root, name):
    return open(os.path.join(root, name), "rb").read()
def odd(r, name):
    whole = read(complete, name)
    kind = r.choice(["missing", "cut", "bytes", "letters", "starter", "complete", "complete", "swapped", "lines"])
    if kind == "missing":
        return None
    if kind == "cut":
        return whole[:r.randrange(len(whole))]
    if kind == "bytes":
        return r.randbytes(r.randrange(3000))
    if kind == "letters":
        return bytes(r.choice(b"int void *(){};#\n\t0x1f\"'/") for _ in range(r.randrange(3000)))
    if kind == "starter":
        return read(starters, name)
    if kind == "swapped":
        return read(complete, r.choice(files))
    if kind == "lines":
        lines = whole.splitlines(keepends=True)
        del lines[r.randrange(len(lines))]
        return b"".join(lines)
    return whole
for seed in range(int(count)):
    r = random.Random(seed)
    for name in files:
        content = read(complete, name) if seed % 10 == 0 else odd(r, name)
        if content is None:
            continue
        path = os.path.join(folder, f"{seed:02d}", "chapters", name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        open(path, "wb").write(content)
    os.makedirs(os.path.join(folder, f"{seed:02d}", "chapters"), exist_ok=True)
END
}

# Every submission is graded, the complete ones get everything, and nothing is the grader's fault.
class_is_graded() { # folder of results
    python3 - "$1" "$class" <<'END'
import csv, json, sys
rows = list(csv.DictReader(open(sys.argv[1] + "/grades.csv", newline="")))
assert [row["name"] for row in rows] == [f"{n:02d}" for n in range(int(sys.argv[2]))], [row["name"] for row in rows]
for row in rows:
    assert row["total"] and not row["note"], row
    whole = int(row["name"]) % 10 == 0
    assert not whole or row["total"] == row["max"], row
    results = json.load(open(f"{sys.argv[1]}/{row['name']}/results.json"))
    assert results["score"] == int(row["total"]), row
    for test in results["tests"]:
        assert test["extra_data"]["verdict"] != "grader-error", (row["name"], test)
totals = {int(row["total"]) for row in rows}
assert len(totals) > 5, f"hardly a mixture: {totals}"
END
}

a_class() {
    make_class "$work/class"
    fingerprint "$work/class" >"$work/before"
    must "a class of odd submissions: grading is completed" \
        "$workbook" --root "$small" grade-all --submissions "$work/class" --out "$work/class-out"
    must "a class of odd submissions: each has its row, complete ones all points" class_is_graded "$work/class-out"
    must "a class of odd submissions: no process is left behind" nobody_left "$small"
    fingerprint "$work/class" >"$work/after"
    must "a class of odd submissions: none was written to" cmp "$work/before" "$work/after"
}

# ---- what a scenario costs ----

# To look for leaks takes a third of the start again. Where every block was freed there is nothing to
# look for.
hardly_more_than_to_start() { # program of a chapter with a loop
    python3 - "$1" <<'END'
import resource, subprocess, sys
def faults(*arguments):
    before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_minflt
    nowhere = subprocess.DEVNULL
    command = ["sh", "-c", 'exec "$@" 3>/dev/null 4>/dev/null', "sh", sys.argv[1], *arguments]
    subprocess.run(command, stdout=nowhere, stderr=nowhere, check=True)
    return resource.getrusage(resource.RUSAGE_CHILDREN).ru_minflt - before
listed = subprocess.run([sys.argv[1], "--list"], stdout=subprocess.PIPE, check=True).stdout.decode()
alone, scenario = faults("--list"), faults(*listed.split("\t")[:2])
print(f"{alone} page faults to start, {scenario} with a scenario")
assert scenario < 1.15 * alone
END
}

# The first to be built here: so there is no other program yet.
costs() {
    "$workbook" --root "$small" test --reference --exercise loop/call-later >/dev/null
    must "a scenario that frees everything costs hardly more than its start" \
        hardly_more_than_to_start "$small"/build/programs/workbook/*
}

# ---- a machine on which nothing is installed ----

says_how() {
    sh=$(command -v sh)
    DEPS=no PATH='' "$sh" ./setup >"$work/setup.out" 2>&1
    got=$?
    cat "$work/setup.out"
    [ $got -eq 1 ] &&
        grep -q '^  Debian, Ubuntu   sudo apt-get install -y gcc .*libuv1-dev$' "$work/setup.out" &&
        grep -q '^  Fedora           sudo dnf install -y gcc .*libuv-devel$' "$work/setup.out" &&
        grep -q '^  Arch             sudo pacman -S .*libuv$' "$work/setup.out" &&
        grep -q '^  Homebrew         brew install .*libuv$' "$work/setup.out" &&
        ! grep -q 'not found' "$work/setup.out"
}

# A chapter whose library is missing is told, and costs the others nothing.
without_a_library() {
    lacking=$work/lacking
    cp -R "$small" "$lacking"
    rm -rf "$lacking/build"
    echo 'libraries: no-such-library=libno-such-dev' >>"$lacking/harness/exercises/02-event-loop/chapter.txt"
    "$workbook" --root "$lacking" grade --reference --json "$work/lacking.json" >"$work/lacking.out"
    must "a library that is missing: the report says which package brings it" grep -q \
        'Not judged: 02-event-loop needs no-such-library, which is not installed (Debian: libno-such-dev)' "$work/lacking.out"
    must "a library that is missing: its chapter has that verdict, the other one all points" lacks_only_02 "$work/lacking.json"
    must "a library that is missing: a demo says so" demo_says_which
}

lacks_only_02() { # results.json
    python3 - "$1" <<'END'
import json, sys
for chapter in json.load(open(sys.argv[1]))["extra_data"]["chapters"]:
    wanted = 0 if chapter["name"] == "02-event-loop" else chapter["max_score"]
    assert chapter["own"] == wanted, chapter
for test in json.load(open(sys.argv[1]))["tests"]:
    assert test["extra_data"]["verdict"] in ("pass", "missing-library"), test
END
}

demo_says_which() {
    status_is 1 "$workbook" --root "$lacking" demo --chapter 02 --name downloads 2>&1 | grep -q libno-such-dev
}

fits_on_a_screen() {
    make help >"$work/help.out"
    lines=$(wc -l <"$work/help.out")
    echo "$lines lines"
    [ "$lines" -ge 10 ] && [ "$lines" -le 40 ]
}

make_small
costs
one_submission
statuses
odd_names
hostile_files
a_class
without_a_library
must "./setup says how to install what is missing, if it may not" says_how
must "make help fits on a screen" fits_on_a_screen

finish
