"""Three asyncio clients at once: python3 pizza_clients.py PORT

Prints "ok" if each had exactly its pizza no earlier than 2 s after its order, and all together
within 5 s; else what was wrong.
"""

import asyncio
import sys
import time

ORDERS = [b"margherita", b"funghi", b"quattro stagioni"]


async def order(port, words):
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    start = time.monotonic()
    writer.write(words)
    await writer.drain()
    pizza = await reader.read()
    waited = time.monotonic() - start
    writer.close()
    await writer.wait_closed()
    return pizza, waited


async def main(port):
    start = time.monotonic()
    results = await asyncio.gather(*(order(port, words) for words in ORDERS))
    together = time.monotonic() - start
    for pizza, waited in results:
        if pizza != b"Here's your pizza!":
            return f"received {pizza!r}"
        if waited < 2.0:
            return f"received it after {waited:.3f} s"
    return "ok" if together < 5.0 else f"together they took {together:.3f} s"


print(asyncio.run(asyncio.wait_for(main(int(sys.argv[1])), 20)))
