"""chat_clients.py - clients of the chat in Python: over TCP, and over WebSockets.

    python3 chat_clients.py tcp TCP_PORT
    python3 chat_clients.py websocket HTTP_PORT TCP_PORT      (python3-websockets; status 77 without)

Prints lines "ok   words" and "FAIL words".
"""
import asyncio
import json
import sys

PATIENCE = 60
LIMIT = 1 << 20


def check(words, good, got=""):
    print(f"ok   {words}" if good else f"FAIL {words}: {str(got)[:200]}", flush=True)


class Terminal:
    @classmethod
    async def open(cls, port, name=None, room="general"):
        self = cls()
        self.reader, self.writer = await asyncio.open_connection("127.0.0.1", port, limit=LIMIT)
        await self.get("welcome")
        if name:
            self.send(type="register", username=name)
            self.send(type="join", room_id=room)
            await self.get("room_info")
        return self

    def send(self, **content):
        self.writer.write(json.dumps(content, ensure_ascii=False).encode() + b"\n")

    async def get(self, kind):
        """The next object of a kind; None at the end."""
        async def search():
            while line := await self.reader.readline():
                content = json.loads(line)
                if content["type"] == kind:
                    return content
            return None
        return await asyncio.wait_for(search(), PATIENCE)

    async def refused(self, words, line, code):
        self.writer.write(line)
        got = await self.get("error")
        check(words, got and got["code"] == code, got)


async def bad_input(port):
    good = await Terminal.open(port, "good")
    bad = await Terminal.open(port, "bad")
    await bad.refused("no JSON is refused", b"hello\n", "bad-json")
    await bad.refused("no object is refused", b"[1, 2]\n", "bad-json")
    await bad.refused("half an object is refused", b'{"type":"mess\n', "bad-json")
    await bad.refused("no UTF-8 is refused", b'{"type":"caf\xe9"}\n', "bad-utf8")
    await bad.refused("an unknown type is refused", b'{"type":"dance"}\n', "unknown-type")
    await bad.refused("no type is refused", b'{}\n', "unknown-type")
    await bad.refused("a name that is taken is refused", b'{"type":"register","username":"good"}\n',
                      "already-registered")
    await bad.refused("an unknown room is refused", b'{"type":"join","room_id":"x"}\n', "no-such-room")
    await bad.refused("an empty message is refused", b'{"type":"message","message":"  "}\n', "bad-text")
    await bad.refused("deep nesting is refused", b"[" * 10000 + b"\n", "bad-json")
    await bad.refused("a line of 10 MB is refused", b"x" * 10_000_000 + b"\n", "too-long")
    await bad.refused("a message that is too long is refused",
                      b'{"type":"message","message":"' + b"y" * 5000 + b'"}\n', "too-long")
    bad.send(type="message", message="still here")
    got = await good.get("chat_message")
    check("and nobody has lost a message", got and got["message"] == "still here", got)
    other = await Terminal.open(port)
    await other.refused("a name that somebody has is refused",
                        b'{"type":"register","username":"good"}\n', "name-taken")
    await other.refused("a name with a line break is refused",
                        b'{"type":"register","username":"a\\nb"}\n', "bad-name")
    for one in (good, bad, other):
        one.writer.close()


async def history(port):
    first = await Terminal.open(port, "first", "tech")
    for i in range(15):
        first.send(type="message", message=f"message {i}")
    for _ in range(15):
        await first.get("chat_message")
    second = await Terminal.open(port)
    second.send(type="register", username="second")
    second.send(type="join", room_id="tech")
    info = await second.get("room_info")
    check("who comes in is told the last ten messages",
          [m["message"] for m in info["recent_messages"]] == [f"message {i}" for i in range(5, 15)],
          info)
    check("and who is there", [m["username"] for m in info["members"]] == ["first", "second"], info)
    second.send(type="stats", id=1)
    stats = await second.get("server_stats")
    check("statistics", stats["total_messages"] >= 15 and stats["current_rooms"] == 3
          and stats["id"] == 1, stats)
    first.writer.close()
    got = await second.get("user_left")
    check("who goes is missed", got and got["username"] == "first", got)
    second.writer.close()


async def slow_reader(port):
    """One does not read; two others talk until he is dropped."""
    slow = await Terminal.open(port, "slow", "random")
    slow.writer.transport.pause_reading()
    a = await Terminal.open(port, "a", "random")
    b = await Terminal.open(port, "b", "random")
    got = said = 0
    for _ in range(400):
        for _ in range(50):
            a.send(type="message", message="z" * 3000)
            said += 1
        for _ in range(50):
            got += (await b.get("chat_message")) is not None
        a.send(type="stats")
        while True:
            content = json.loads(await asyncio.wait_for(a.reader.readline(), PATIENCE))
            if content["type"] == "server_stats":
                break
        if content["current_clients"] == 2:
            break
    check("who does not read is dropped", content["current_clients"] == 2, content)
    check("and the others have lost nothing", got == said, (got, said))
    a.writer.close()
    b.writer.close()
    slow.writer.transport.abort()


async def tcp(port):
    await bad_input(port)
    await history(port)
    await slow_reader(port)


async def websocket(http_port, tcp_port):
    try:
        import websockets
    except ImportError:
        print("python3-websockets is not installed")
        sys.exit(77)
    url = f"ws://127.0.0.1:{http_port}/chat"

    async def get(socket, kind):
        while True:
            content = json.loads(await asyncio.wait_for(socket.recv(), PATIENCE))
            if content["type"] == kind:
                return content

    async with websockets.connect(url, origin=f"http://127.0.0.1:{http_port}") as one:
        await one.send(json.dumps({"type": "register", "username": "ws"}))
        await one.send(json.dumps({"type": "join", "room_id": "general"}))
        await get(one, "room_info")
        terminal = await Terminal.open(tcp_port, "tcp")
        await one.send(json.dumps({"type": "message", "message": "from a WebSocket"}))
        got = await terminal.get("chat_message")
        check("TCP hears a WebSocket", got["message"] == "from a WebSocket", got)
        terminal.send(type="message", message="from TCP: 田中")
        await get(one, "chat_message")
        got = await get(one, "chat_message")
        check("a WebSocket hears TCP", got["message"] == "from TCP: 田中", got)
        await terminal.get("chat_message")  # its own
        await asyncio.wait_for(await one.ping(), PATIENCE)
        check("a ping is answered", True)
        await one.send(['{"type":"mess', 'age","message":"in ', 'pieces"}'])
        got = await terminal.get("chat_message")
        check("a message in fragments is heard", got["message"] == "in pieces", got)
        await one.send("no JSON")
        got = await get(one, "error")
        check("no JSON gets an error", got["code"] == "bad-json", got)
        terminal.send(type="message", message="x" * 4000)
        got = await get(one, "chat_message")
        while got["message"] == "in pieces":
            got = await get(one, "chat_message")
        check("a large message comes in one piece", got["message"] == "x" * 4000, got)
        terminal.writer.close()
    check("a close is answered", one.close_code == 1000, one.close_code)

    async def offend(words, code, data):
        async with websockets.connect(url) as socket:
            await socket.send(data)
            try:
                while True:
                    await asyncio.wait_for(socket.recv(), PATIENCE)
            except websockets.ConnectionClosed:
                check(words, socket.close_code == code, socket.close_code)

    await offend("bytes are closed with 1003", 1003, b"bytes")
    await offend("a message that is too long is closed with 1009", 1009, "x" * 20000)
    words = "a page of a stranger is kept out"
    try:
        async with websockets.connect(url, origin="http://evil.example"):
            check(words, False, "let in")
    except websockets.InvalidStatusCode as refusal:
        check(words, refusal.status_code == 403, refusal)

    # The other direction: frames of ours, read by a stranger's library, three hundred of them.
    async with websockets.connect(url, max_queue=None) as one:
        await one.send(json.dumps({"type": "register", "username": "many"}))
        await one.send(json.dumps({"type": "join", "room_id": "random"}))
        for i in range(300):
            await one.send(json.dumps({"type": "message", "message": f"{i} " + "w" * (i % 200)}))
        heard = [(await get(one, "chat_message"))["message"].split()[0] for _ in range(300)]
        check("300 messages come in order", heard == [str(i) for i in range(300)], heard)


if sys.argv[1] == "tcp":
    asyncio.run(tcp(int(sys.argv[2])))
else:
    asyncio.run(websocket(int(sys.argv[2]), int(sys.argv[3])))
