"""An asyncio server for the C client: bakes for half a second, and sends a pizza in two slices.

It listens on a free port of 127.0.0.1, prints the port, then each order, and ends when it is told
to, or by itself after a minute.
"""

import asyncio


async def serve(reader, writer):
    order = await reader.read(1024)
    print("order", repr(order), flush=True)
    await asyncio.sleep(0.5)
    writer.write(b"Here's yo")
    await writer.drain()
    await asyncio.sleep(0.1)
    writer.write(b"ur pizza!")
    await writer.drain()
    writer.close()
    await writer.wait_closed()


async def main():
    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    print("port", server.sockets[0].getsockname()[1], flush=True)
    await asyncio.sleep(60)
    server.close()


asyncio.run(main())
