"""The rows of runtime.c on Python's asyncio: a line each, id and ns for one."""

import asyncio
import time

MANY = 10000
REPEATS = 5


def nothing():
    pass


async def callbacks(n):
    loop = asyncio.get_running_loop()
    for _ in range(n):
        loop.call_soon(nothing)
    await asyncio.sleep(0)
    return n


async def turns(n):
    for _ in range(n):
        await asyncio.sleep(0)
    return n


async def timers(n):
    loop = asyncio.get_running_loop()
    for _ in range(n):
        loop.call_later(0, nothing)
    await asyncio.sleep(0.001)
    return n


async def futures(n):
    loop = asyncio.get_running_loop()
    for _ in range(n):
        loop.create_future().set_result(None)
    return n


async def awaits(n):
    future = asyncio.get_running_loop().create_future()
    future.set_result(None)
    for _ in range(n):
        await future
    return n


async def at_once():
    pass


async def tasks(n):
    for _ in range(n):
        await asyncio.create_task(at_once())
    return n


async def crowd(n):
    for task in [asyncio.create_task(at_once()) for _ in range(n)]:
        await task
    return n


async def give_way(n):
    for _ in range(n):
        await asyncio.sleep(0)


async def switches(n):
    a, b = asyncio.create_task(give_way(n)), asyncio.create_task(give_way(n))
    await a
    await b
    return 2 * n


async def measure(row):
    ns = []
    for i in range(REPEATS + 1):
        start = time.perf_counter_ns()
        n = await row(MANY)
        if i > 0:
            ns.append((time.perf_counter_ns() - start) / n)
    return sorted(ns)[REPEATS // 2]


for name, row in [("callback", callbacks), ("turn", turns), ("timer", timers), ("future", futures),
                  ("await", awaits), ("task", tasks), ("crowd", crowd), ("switch", switches)]:
    print(f"{name}\t{asyncio.run(measure(row)):.1f}")
