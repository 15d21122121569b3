#!/bin/sh
# chat.sh - the chat server with real clients: nc, Python over TCP and over WebSockets, two browsers.
#
# Everything happens on 127.0.0.1, on free ports. Whatever is started here is ended here, by its
# process id. A part that is not installed is a failed check: ./setup check installs it.
cd "$(dirname "$0")/../.." || exit 2

# Called by the test of the page, in between: chat.sh stop, chat.sh start. The settings are in the
# environment.
case ${1:-} in
stop)
    kill -INT "$(cat "$CHAT_WORK/pid")"
    for _ in $(seq 300); do
        kill -0 "$(cat "$CHAT_WORK/pid")" 2>/dev/null || exit 0
        sleep 0.1
    done
    exit 1
    ;;
start)
    build/workbook demo --chapter 14 --name chat_server -- --tcp "$CHAT_TCP" --http "$CHAT_HTTP" \
        >"$CHAT_WORK/again.out" 2>&1 </dev/null &
    echo $! >"$CHAT_WORK/pid"
    exit 0
    ;;
esac

name=chat
. harness/tests/checks

python=/usr/bin/python3 # Debian's packages are for Debian's Python
[ -x "$python" ] || python=python3
server=
browsers=

end_all() {
    [ -z "$server" ] || kill -9 "$server" 2>/dev/null
    [ -z "$browsers" ] || kill "$browsers" 2>/dev/null
    [ ! -f "$work/pid" ] || kill -9 "$(cat "$work/pid")" 2>/dev/null
    rm -f "$work/pid"
    server=
    browsers=
    end_started
}

# Counts the checks of another program, which has printed them; a status other than 0 is one more.
count_checks() { # words, file, status
    grep -E '^(ok  |FAIL) ' "$2"
    passed=$((passed + $(grep -c '^ok ' "$2")))
    failed=$((failed + $(grep -c '^FAIL' "$2")))
    is "$1" "$3 $([ "$3" -eq 0 ] || tail -n 3 "$2")" "0 "
}

checks_of() { # words, command ...
    words=$1
    shift
    timeout 600 "$@" >"$work/checks.out" 2>&1
    count_checks "$words" "$work/checks.out" $?
}

# Starts the server on free ports: its process id is in $server, the ports in $tcp and $http.
start_server() { # options
    : >"$work/server.out" # the port is that of this server
    "$workbook" demo --chapter 14 --name chat_server -- --tcp 0 --http 0 "$@" >"$work/server.out" 2>&1 &
    server=$!
    tcp=$(after 'nc 127\.0\.0\.1 ' "$work/server.out")
    http=$(after 'http:..127\.0\.0\.1:' "$work/server.out")
    http=${http%/}
}

# Ctrl-C; the status is left in $status, 137 if it takes longer than half a minute.
interrupt_server() {
    kill -INT "$server"
    (
        for _ in $(seq 300); do
            sleep 0.1
            kill -0 "$server" || exit 0
        done
        kill -9 "$server"
    ) >/dev/null 2>&1 &
    wait "$server" 2>/dev/null
    status=$?
    server=
}

say() { # words ...
    printf '%s\n' "$@"
}

# Somebody with nc who stays until he is told to leave. What he hears is in a file.
enter() { # file, words ...
    file=$1
    shift
    mkfifo "$work/words"
    nc 127.0.0.1 "$tcp" <"$work/words" >"$file" 2>&1 &
    guest=$!
    exec 9>"$work/words"
    rm "$work/words"
    [ $# -eq 0 ] || say "$@" >&9
}

leave() {
    kill "$guest" 2>/dev/null
    exec 9>&-
    wait "$guest" 2>/dev/null
}

# Browsers take their time, so they begin first, with a server of their own.
start_server --clients 50
mv "$work/server.out" "$work/browsers-server.out" # it goes on to write there
echo "$server" >"$work/pid"
server=
CHAT_WORK=$work CHAT_TCP=$tcp CHAT_HTTP=$http
export CHAT_WORK CHAT_TCP CHAT_HTTP
timeout 600 "$python" harness/tests/chat_page.py "$http" "$tcp" "sh harness/tests/chat.sh" "$work" \
    >"$work/browsers.out" 2>&1 &
browsers=$!

# Bad starts.
"$workbook" demo --chapter 14 --name chat_server -- --tcp nowhere >"$work/usage.out" 2>&1
is "a port that is none: status 2" "$?" 2
is "and the usage" "$(cut -c1-18 "$work/usage.out" | tail -n 1)" "usage: chat_server"
"$workbook" demo --chapter 14 --name chat_server -- --page /nowhere >"$work/page.out" 2>&1
is "a page that is not there: status 1" "$?" 1
is "and says so" "$(cat "$work/page.out")" \
    "chat_server: /nowhere/index.html: no such file or directory (--page says where the page is)"

# The simulation, on the virtual clock.
"$workbook" demo --chapter 14 --name simulation --clock virtual >"$work/simulation.out" 2>&1
is "the simulation: eight messages of five people" \
    "$(grep -c '^\[.*@.*\]: ' "$work/simulation.out") $(after 'peak_concurrent_users: ' "$work/simulation.out")" "8 5"

# nc.
start_server --clients 50
is "the server says where it listens" "${tcp:+yes} ${http:+yes}" "yes yes"
if command -v nc >/dev/null 2>&1; then
    say '{"type":"register","username":"nc"}' '{"type":"join","room_id":"general"}' \
        '{"type":"message","message":"hello"}' | timeout 30 nc -N 127.0.0.1 "$tcp" >"$work/nc.out"
    is "nc hears what it has said, and then the end" \
        "$(grep -c '"type":"chat_message".*"username":"nc".*"message":"hello"' "$work/nc.out")" 1
else
    is "nc is installed (Debian: netcat-openbsd)" no yes
fi

# A second server on the same port.
timeout 60 "$workbook" demo --chapter 14 --name chat_server -- --tcp "$tcp" --http 0 >"$work/second.out" 2>&1
is "a second server on that port: status 1" "$?" 1
is "and says why" "$(cat "$work/second.out")" "chat_server: 127.0.0.1, port $tcp: address already in use"

# HTTP.
if command -v curl >/dev/null 2>&1; then
    status_of() { curl -s -m 30 -o "$work/body" -w '%{http_code}' "$@"; }
    is "the page" "$(status_of "http://127.0.0.1:$http/") $(grep -c 'From Yield to Await' "$work/body")" "200 1"
    is "its style" "$(status_of "http://127.0.0.1:$http/chat.css?x")" 200
    is "its script" "$(status_of "http://127.0.0.1:$http/chat.js")" 200
    is "another page" "$(status_of "http://127.0.0.1:$http/../../etc/passwd" --path-as-is)" 404
    is "another method" "$(status_of -X POST -d x "http://127.0.0.1:$http/")" 405
    is "a WebSocket without an upgrade" "$(status_of "http://127.0.0.1:$http/chat")" 426
    is "a head that is too large" \
        "$(status_of -H "X: $(head -c 10000 /dev/zero | tr '\0' x)" "http://127.0.0.1:$http/")" 431
    is "localhost" "$(status_of "http://localhost:$http/")" 200
    is "a stranger's name that leads here" \
        "$(status_of -H "Host: evil.example:$http" "http://127.0.0.1:$http/") $(grep -c -e '--name NAME' "$work/body")" "421 1"
    is "also for a WebSocket, whose origin is that name" \
        "$(status_of -H "Host: evil.example:$http" -H "Origin: http://evil.example:$http" -H 'Connection: upgrade' \
            -H 'Upgrade: websocket' -H 'Sec-WebSocket-Version: 13' -H 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==' \
            "http://127.0.0.1:$http/chat")" 421
else
    is "curl is installed" no yes
fi
is "no HTTP at all" "$(printf 'hello\r\n\r\n' | timeout 30 nc 127.0.0.1 "$http" | head -n 1 | tr -d '\r')" \
    "HTTP/1.1 400 Bad Request"

checks_of "clients in Python over TCP" "$python" harness/tests/chat_clients.py tcp "$tcp"
checks_of "clients in Python over WebSockets (python3-websockets)" \
    "$python" harness/tests/chat_clients.py websocket "$http" "$tcp"

# The log.
is "the log says who was dropped, and why" "$(grep -c '^slow is dropped: too-slow$' "$work/server.out")" 1

# Ctrl-C, with somebody who listens.
enter "$work/last.out" '{"type":"register","username":"last"}'
after '"type":"registered"' "$work/last.out" >/dev/null
interrupt_server
is "Ctrl-C ends the server with status 0" "$status" 0
is "and everybody is told" "$(grep -c '"code":"closing"' "$work/last.out")" 1
is "and nothing is left to be said" "$(grep -c '^Closed\. Messages: ' "$work/server.out")" 1
leave

# A limit, and another name.
start_server --clients 1 --name chat.example
enter "$work/one.out" '{"type":"register","username":"one"}'
after '"type":"registered"' "$work/one.out" >/dev/null
is "one too many is refused, and hears why" \
    "$(say '{"type":"register","username":"two"}' | timeout 30 nc 127.0.0.1 "$tcp" | grep -c '"code":"full"')" 1
leave
is "a name that the server was given" \
    "$(curl -s -m 30 -o "$work/body" -w '%{http_code}' -H "Host: chat.example" "http://127.0.0.1:$http/")" 200
interrupt_server

# Silence.
start_server --idle 1
enter "$work/silent.out"
is "who does not say who he is is dropped, and hears why" "$(after '"code":"idl' "$work/silent.out" | cut -c 1-2)" 'e"'
leave
enter "$work/pinged.out" '{"type":"register","username":"silent"}'
is "who is silent is pinged" "$(after '"type":"pin' "$work/pinged.out" | cut -c 1-2)" 'g"'
leave
interrupt_server

# Browsers.
wait "$browsers"
count_checks "two browsers and nc (chromium, chromium-driver, python3-selenium)" "$work/browsers.out" $?
browsers=

finish
