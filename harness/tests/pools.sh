#!/bin/sh
# pools.sh - a real database and real trouble: kill -9 in the middle of transactions, Ctrl-C, files
# that are none, a file that may not grow, a lock held by another process.
#
# The other side is Python's own sqlite3. Whatever is started here is ended here, by its process id.
cd "$(dirname "$0")/../.." || exit 2
name=pools
. harness/tests/checks

if ! pkg-config --exists sqlite3; then
    echo "FAIL SQLite is not installed: libsqlite3-dev brings it"
    echo "0 passed, 1 failed"
    exit 1
fi

demo() { # name, arguments
    name=$1
    shift
    timeout 60 "$workbook" demo --chapter 12 --name "$name" -- "$@" 2>&1
}

# Waits up to 30 s until a file has so many lines.
lines_in() { # file, lines
    for _ in $(seq 600); do
        [ "$(wc -l <"$1")" -lt "$2" ] || return 0
        sleep 0.05
    done
    return 1
}

# The output is emptied here: who begins in the background may be late.
start_numbers() { # database, output
    : >"$2"
    "$workbook" demo --chapter 12 --name numbers -- "$1" >"$2" 2>"$2.err" &
    numbers=$!
    started="$started $numbers"
}

# What Python finds in the database after a crash, held against what was printed: every number that
# was printed is there, in both tables, none is missing in between, and at most one more is there,
# which was committed and not printed any more.
examine() { # database, output of all runs, how often it was ended
    python3 - "$1" "$2" "$3" <<'END'
import sqlite3, sys
database = sqlite3.connect(sys.argv[1])
printed = [int(line) for line in open(sys.argv[2]) if line.endswith("\n")]
one = [row[0] for row in database.execute("SELECT n FROM one ORDER BY n")]
other = [row[0] for row in database.execute("SELECT n FROM other ORDER BY n")]
whole = database.execute("PRAGMA integrity_check").fetchone()[0]
unprinted = sorted(set(one) - set(printed))
if whole != "ok":
    sys.exit("integrity_check: " + whole)
if one != other:
    sys.exit("half a transaction: %r" % sorted(set(one) ^ set(other)))
if set(printed) - set(one):
    sys.exit("printed and lost: %r" % sorted(set(printed) - set(one)))
if one != list(range(1, len(one) + 1)):
    sys.exit("a number is missing")
if len(unprinted) > int(sys.argv[3]):
    sys.exit("more than one for each kill was not printed: %r" % unprinted)
print("whole")
END
}

# Kills the program again and again, at some number or other, and lets it go on with what is there.
# In each round it must come further.
kill_it() { # rounds
    database=$work/killed.db
    : >"$work/printed"
    for round in $(seq "$1"); do
        start_numbers "$database" "$work/round"
        lines_in "$work/round" $((round * 3 % 7 + 2)) || break
        sleep "0.0$((round * 37 % 90 + 10))"
        kill -9 "$numbers"
        wait "$numbers" 2>/dev/null
        cat "$work/round" >>"$work/printed"
        verdict=$(examine "$database" "$work/printed" "$round" 2>&1)
        [ "$verdict" = whole ] || break
    done
    echo "$round rounds: $verdict"
}

is "after kill -9 in the middle everything that was committed is there, and nothing by halves" \
    "$(kill_it 8)" "8 rounds: whole"

# Ctrl-C.
start_numbers "$work/interrupted.db" "$work/interrupted"
lines_in "$work/interrupted" 3
kill -INT "$numbers"
wait "$numbers"
is "Ctrl-C ends it with status 0" "$?" 0
is "what it has printed is there" "$(examine "$work/interrupted.db" "$work/interrupted" 1 2>&1)" whole
is "and no journal is left behind" "$(find "$work" -name 'interrupted.db-*')" ""

# Files that are none.
is "a directory" "$(demo numbers "$work")" "numbers: $work: illegal operation on a directory"
is "a directory that is not there" "$(demo numbers "$work/nowhere/a.db")" \
    "numbers: $work/nowhere/a.db: no such file or directory"
seq 1000 >"$work/text"
is "a file that is no database" "$(demo user "$work/text")" \
    "user: $work/text: inappropriate file type or format"
demo user "$work/text" >/dev/null
is "that is status 1" "$?" 1
is "and the file is as it was" "$(seq 1000 | cmp - "$work/text" && echo same)" same
is "a user who is not there" "$(demo user "$work/shop.db" 7 | head -n 1)" "user: there is no user 7"
is "a number that is none" "$(demo user "$work/shop.db" seven)" "usage: user [DATABASE [ID]]"

# Nobody's permission: as somebody else than root, who may do everything.
: >"$work/secret.db"
chmod 000 "$work/secret.db"
if [ "$(id -u)" -ne 0 ]; then
    is "a file that may not be read" "$(demo numbers "$work/secret.db")" \
        "numbers: $work/secret.db: permission denied"
else
    echo "(root may read every file: that a file may not be read is not tested)"
fi

# A file that may not grow.
(
    ulimit -f 64
    demo numbers "$work/small.db" >"$work/small"
    echo $? >"$work/small.status"
)
is "a file that may not grow ends it with status 1" "$(cat "$work/small.status")" 1
is "it says why" "$(tail -n 2 "$work/small")" "numbers: disk I/O error
numbers: $work/small.db: i/o error"
grep '^[0-9]*$' "$work/small" >"$work/small.numbers"
is "and what was committed is there" "$(examine "$work/small.db" "$work/small.numbers" 1 2>&1)" whole

# Another process has locked it.
demo transfer "$work/bank.db" >/dev/null
: >"$work/holder"
python3 - "$work/bank.db" >"$work/holder" <<'END' &
import sqlite3, sys, time
database = sqlite3.connect(sys.argv[1], isolation_level=None)
database.execute("BEGIN IMMEDIATE")
print("locked", flush=True)
time.sleep(60)
END
holder=$!
started="$started $holder"
lines_in "$work/holder" 1
is "locked by another process" "$(demo transfer "$work/bank.db" | tail -n 2)" \
    "transfer: database is locked
transfer: $work/bank.db: resource busy or locked"
kill "$holder"
wait "$holder" 2>/dev/null
is "and free again" "$(demo transfer "$work/bank.db" | sed -n 's/^\(at the beginning\).*/\1/p')" "at the beginning"

finish
