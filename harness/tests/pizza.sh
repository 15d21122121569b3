#!/bin/sh
# pizza.sh - the pizza server and its client, with the other side in Python, and Ctrl-C.
#
# Everything happens on 127.0.0.1, on free ports. Whatever is started here is ended here, by its
# process id.
cd "$(dirname "$0")/../.." || exit 2
name=pizza
. harness/tests/checks

# Starts the server on a free port: its process id is in $server, the port in $port.
start_server() {
    : >"$work/server.out" # the port is that of this server
    "$workbook" demo --chapter 09 --name pizzeria -- 0 >"$work/server.out" 2>&1 &
    server=$!
    started="$started $server"
    port=$(after 'running on 127\.0\.0\.1:' "$work/server.out")
}

# Ctrl-C, and what becomes of it.
interrupt_server() {
    kill -INT "$server"
    end_of "$server"
    is "$1" "$status" 0
}

# The server, and clients in Python.
start_server
is "the server says on which port it listens" "${port:+yes}" yes
is "three clients in Python have their pizzas, each after 2 s" \
    "$(timeout 30 python3 harness/tests/pizza_clients.py "$port" 2>&1)" ok
is "the server has read all orders" "$(grep -c '^Order received: ' "$work/server.out")" 3

# Another server on the same port.
timeout 30 "$workbook" demo --chapter 09 --name pizzeria -- "$port" >"$work/second.out" 2>&1
is "a second server on that port ends with status 1" "$?" 1
is "and says why" "$(cat "$work/second.out")" "pizzeria: port $port: address already in use"

# The server, and the client in C; a client who waits is no reason to stay.
is "the client in C has a pizza of the server in C" \
    "$(timeout 30 "$workbook" demo --chapter 09 --name take_away -- "$port" calzone 2>&1 | head -n 1)" \
    "Here's your pizza!"
interrupt_server "Ctrl-C ends the server with status 0"
start_server
timeout 30 "$workbook" demo --chapter 09 --name take_away -- "$port" calzone >"$work/waiting.out" 2>&1 &
waiting=$!
started="$started $waiting"
is "a client waits for his pizza" "$(after 'Order received: ' "$work/server.out")" calzone
interrupt_server "Ctrl-C does not wait for him"
end_of "$waiting"
is "and he hears of it: his connection ends without a pizza" "$status$(head -n 1 "$work/waiting.out")" 0

# The client in C, and a server in Python.
timeout 60 python3 harness/tests/pizza_server.py >"$work/python.out" 2>&1 &
python=$!
started="$started $python"
port=$(after 'port ' "$work/python.out")
is "the client in C has a pizza of a server in Python" \
    "$(timeout 30 "$workbook" demo --chapter 09 --name take_away -- "$port" 'quattro stagioni' 2>&1 | head -n 1)" \
    "Here's your pizza!"
is "which has read his order" "$(after 'order ' "$work/python.out")" "b'quattro stagioni'"
kill "$python"
end_of "$python"
timeout 30 "$workbook" demo --chapter 09 --name take_away -- "$port" >"$work/refused.out" 2>&1
is "without a server the client ends with status 1" "$?" 1
is "and says why" "$(cat "$work/refused.out")" "take_away: port $port: connection refused"

finish
