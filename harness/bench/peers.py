"""The rows on Python's asyncio, or with a second argument "uvloop" on uvloop: prints one number."""

import asyncio
import os
import sys
import time

SHORT = "BENCH_SHORT" in os.environ


def work(n):
    return n // 10 if SHORT else n


async def give_way(n):
    for _ in range(n):
        await asyncio.sleep(0)


async def switch():
    n = work(50000)
    start = time.process_time_ns()
    a, b = asyncio.create_task(give_way(n)), asyncio.create_task(give_way(n))
    await a
    await b
    return (time.process_time_ns() - start) / 2 / n


async def nothing():
    pass


async def spawn():
    n = work(50000)
    start = time.process_time_ns()
    for _ in range(n):
        await asyncio.create_task(nothing())
    return (time.process_time_ns() - start) / n


async def queue():
    n, q = work(100000), asyncio.Queue(128)

    async def produce():
        for _ in range(n):
            await q.put(q)

    async def consume():
        for _ in range(n):
            await q.get()

    start = time.process_time_ns()
    await asyncio.gather(produce(), consume())
    return (time.process_time_ns() - start) / n


async def lock():
    n, it = work(100000), asyncio.Lock()
    start = time.process_time_ns()
    for _ in range(n):
        await it.acquire()
        it.release()
    return (time.process_time_ns() - start) / n


async def gather():
    best = None
    for _ in range(work(20)):
        start = time.process_time_ns()
        await asyncio.gather(*[give_way(1) for _ in range(10000)])
        ms = (time.process_time_ns() - start) / 1e6
        best = ms if best is None else min(best, ms)
    return best


async def sleepers():
    n = work(100000)
    start = time.process_time_ns()
    await asyncio.gather(*[asyncio.create_task(asyncio.sleep(1)) for _ in range(n)])
    return (time.process_time_ns() - start) / 1e9


def memory_in_use():
    with open("/proc/self/statm") as f:
        return int(f.read().split()[1]) * os.sysconf("SC_PAGESIZE")


async def memory():
    n, before = work(100000), memory_in_use()
    tasks = [asyncio.create_task(asyncio.sleep(1000)) for _ in range(n)]
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    print(round((memory_in_use() - before) / n), flush=True)
    os._exit(len(tasks) == 0)


async def job():
    n, loop = work(10000), asyncio.get_running_loop()
    start = time.perf_counter_ns()
    for _ in range(n):
        await loop.run_in_executor(None, int)
    return (time.perf_counter_ns() - start) / 1e3 / n


async def echo():
    async def serve(reader, writer):
        try:
            while data := await reader.read(4096):
                writer.write(data)
                await writer.drain()
        except ConnectionError:
            pass
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if sys.argv[2:] == ["uvloop"]:
    import uvloop

    uvloop.install()
print(f"{asyncio.run(globals()[sys.argv[1]]()):.4f}")
