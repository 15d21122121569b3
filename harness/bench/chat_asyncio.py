"""chat_asyncio.py - the chat server of chapter 14 in asyncio, as far as chat_load needs it.

    python3 chat_asyncio.py [joined]       prints "port N"

The design of the textbook's program, as fast as it gets: a message is serialised once; each client
has a bounded queue and a task that writes whatever has gathered there with one call; who does not
read is dropped. With "joined", what was said in one turn of the loop is joined to one message, as
in solutions/14-chat/chat.c.
"""
import asyncio
import json
import resource
import sys
import time

MOST_MESSAGES = 1024


class Client:
    def __init__(self, writer):
        self.writer = writer
        self.queue = asyncio.Queue(MOST_MESSAGES)
        self.name = self.id = None

    def send(self, line):
        try:
            self.queue.put_nowait(line)
        except asyncio.QueueFull:
            self.writer.transport.abort()

    async def write(self):
        queue, writer = self.queue, self.writer
        while True:
            lines = [await queue.get()]
            while not queue.empty():
                lines.append(queue.get_nowait())
            writer.write(b"".join(lines))
            await writer.drain()


def line_of(content):
    return json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"


def now():
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime()) + "Z"


class Chat:
    def __init__(self):
        self.members = {}
        self.names = set()
        self.history = []
        self.serial = 0
        self.said = [] if sys.argv[1:] == ["joined"] else None

    def broadcast(self, line, but=None):
        for member in self.members:
            if member is not but:
                member.send(line)

    def send_said(self):
        if self.said:
            self.broadcast(b"".join(self.said))
            self.said.clear()

    def register(self, client, request):
        name = request["username"]
        if name in self.names:
            return client.send(line_of({"type": "error", "code": "name-taken"}))
        self.names.add(name)
        client.name, client.id = name, f"client_{self.serial}_{int(time.time())}"
        self.serial += 1
        client.send(line_of({"type": "registered", "user_id": client.id, "username": name}))

    def join(self, client, request):
        self.send_said()
        self.members[client] = True
        self.broadcast(line_of({"type": "user_joined", "user_id": client.id,
                                "username": client.name, "room_id": "general",
                                "timestamp": now(),
                                "message": f"{client.name} joined the room"}), client)
        first = [{"id": m.id, "username": m.name} for m, _ in zip(self.members, range(100))]
        client.send(line_of({"type": "room_info", "room_id": "general", "room_name": "General",
                             "member_count": len(self.members), "members": first,
                             "recent_messages": self.history[-10:]}))

    def message(self, client, request):
        content = {"type": "chat_message", "user_id": client.id, "username": client.name,
                   "room_id": "general", "message": request["message"], "timestamp": now()}
        self.history.append(content)
        del self.history[:-100]
        if self.said is None:
            return self.broadcast(line_of(content))
        if not self.said:
            asyncio.get_running_loop().call_soon(self.send_said)
        self.said.append(line_of(content))

    def leave(self, client):
        self.send_said()
        self.names.discard(client.name)
        if self.members.pop(client, None):
            self.broadcast(line_of({"type": "user_left", "user_id": client.id,
                                    "username": client.name, "room_id": "general",
                                    "timestamp": now(),
                                    "message": f"{client.name} left the room"}))

    async def serve(self, reader, writer):
        client = Client(writer)
        task = asyncio.create_task(client.write())
        acts = {"register": self.register, "join": self.join, "message": self.message}
        try:
            while line := await reader.readline():
                request = json.loads(line)
                acts[request["type"]](client, request)
                await asyncio.sleep(0)
        except OSError:
            pass
        finally:
            self.leave(client)
            task.cancel()
            writer.close()


async def main():
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    server = await asyncio.start_server(Chat().serve, "127.0.0.1", 0, backlog=1024)
    print("port", server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


try:
    asyncio.run(main())
except KeyboardInterrupt:
    pass
