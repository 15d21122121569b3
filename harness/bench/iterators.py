"""What an item of an asynchronous generator costs in Python: the peer of `jsonl items`."""

import asyncio
import time

ITEMS = 300_000
RUNS = 3


async def count():
    for i in range(ITEMS):
        yield i


async def stage(source):
    async for item in source:
        yield item + 1


async def buffered(source):
    queue = asyncio.Queue(128)

    async def fill():
        async for item in source:
            await queue.put(item)
        await queue.put(None)

    filler = asyncio.create_task(fill())
    while (item := await queue.get()) is not None:
        yield item
    await filler


async def ns(make):
    best = float("inf")
    for _ in range(RUNS):
        begin = time.process_time_ns()
        async for _ in make():
            pass
        best = min(best, (time.process_time_ns() - begin) / ITEMS)
    return best


async def main():
    for name, make in [
        ("item", count),
        ("stage", lambda: stage(count())),
        ("buffered", lambda: buffered(count())),
    ]:
        print(f"{name}\t{await ns(make):.1f}", flush=True)


asyncio.run(main())
