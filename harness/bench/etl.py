"""The pipeline of chapter 13 in asyncio: four sources, two queues, batches, files and a database.

    python3 harness/bench/etl.py DIRECTORY URL PREFIX DATABASE SIZE

It does what solutions/13-etl does, with what the standard library has: csv, json and sqlite3 are C, and what blocks or
computes for a whole batch runs in the executor. Prints how many items it has processed.
"""

import asyncio
import csv
import datetime
import json
import os
import sqlite3
import sys

ROWS = 1000


def hash_of(text):
    value = 2166136261
    for byte in text.encode():
        value = (value ^ byte) * 16777619 & 0xFFFFFFFF
    return value % 10000


HASHES = {name: hash_of(name) for name in ("database_1", "api_endpoint", "csv_file", "json_feed")}


def in_thread(function, *arguments):
    return asyncio.get_running_loop().run_in_executor(None, function, *arguments)


async def table(path):
    database = sqlite3.connect(path, check_same_thread=False)
    last, rows = -1, [None] * ROWS
    query = "SELECT rowid, id, timestamp, value, category FROM items WHERE rowid > ? ORDER BY rowid LIMIT ?"
    while len(rows) == ROWS:
        rows = await in_thread(lambda: database.execute(query, (last, ROWS)).fetchall())
        for last, id_, timestamp, value, category in rows:
            yield {"id": id_, "timestamp": timestamp, "value": value, "category": category,
                   "source": "database_1"}
    database.close()


def some_rows(rows):
    result = []
    for row in rows:
        row["value"] = float(row["value"])
        row["source"] = "csv_file"
        result.append(row)
        if len(result) == ROWS:
            break
    return result


async def csv_file(path):
    with open(path, newline="", encoding="utf-8") as file:
        rows = csv.DictReader(file)
        while some := await in_thread(some_rows, rows):
            for row in some:
                yield row


def some_lines(file):
    result = []
    for line in file:
        item = json.loads(line)
        item["source"] = "json_feed"
        result.append(item)
        if len(result) == ROWS:
            break
    return result


async def json_feed(path):
    with open(path, encoding="utf-8") as file:
        while some := await in_thread(some_lines, file):
            for item in some:
                yield item


async def endpoint(url):
    host, _, path = url.removeprefix("http://").partition("/")
    name, _, port = host.partition(":")
    reader, writer = await asyncio.open_connection(name, int(port))
    number, last = 0, False
    while not last:
        number += 1
        writer.write(f"GET /{path}?page={number} HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())
        await writer.drain()
        head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        assert head[0].split()[1] == "200", head[0]
        size = next(int(line.split(":")[1]) for line in head if line.lower().startswith("content-length:"))
        page = await in_thread(json.loads, await reader.readexactly(size))
        last = page["last"]
        for item in page["items"]:
            item["source"] = "api_endpoint"
            yield item
    writer.close()


async def extract(source, items):
    async for item in source:
        await items.put(item)


def transform(batch, number):
    records, errors = [], []
    now = datetime.datetime.now(datetime.timezone.utc).isoformat()
    for item in batch:
        try:
            value, category = item["value"], item["category"]
            if not item["id"] or len(category) != 1 or not "A" <= category <= "Z":
                raise ValueError(category)
            records.append({
                "id": item["id"], "processed_at": now, "normalized_value": value / 1000.0,
                "category_code": ord(category) - ord("A"), "source_hash": HASHES[item["source"]],
                "is_high_value": value > 500,
                "metadata": {"original_value": value, "processing_batch": number}})
        except (KeyError, TypeError, ValueError) as error:
            errors.append(str(error))
    return records, errors


class Loader:
    """Files by category, whole or not at all, and a database, a transaction for each batch."""

    def __init__(self, prefix, path):
        self.prefix, self.files = prefix, {}
        self.database = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        for statement in ("PRAGMA journal_mode = WAL", "PRAGMA synchronous = FULL",
                          "CREATE TABLE loaded(id TEXT NOT NULL, processed_at TEXT NOT NULL, normalized_value REAL,"
                          " category_code INTEGER, source_hash INTEGER, is_high_value INTEGER, original_value REAL,"
                          " processing_batch INTEGER)"):
            self.database.execute(statement)

    def write(self, records):
        texts = {}
        for record in records:
            texts.setdefault(record["category_code"], []).append(json.dumps(record))
        for category, lines in texts.items():
            if category not in self.files:
                self.files[category] = open(f"{self.prefix}_category_{category}.json.tmp", "w", encoding="utf-8")
                self.files[category].write("[\n  ")
            else:
                self.files[category].write(",\n  ")
            self.files[category].write(",\n  ".join(lines))

    def insert(self, records):
        self.database.execute("BEGIN IMMEDIATE")
        self.database.executemany(
            "INSERT INTO loaded VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            [(r["id"], r["processed_at"], r["normalized_value"], r["category_code"], r["source_hash"],
              r["is_high_value"], r["metadata"]["original_value"], r["metadata"]["processing_batch"])
             for r in records])
        self.database.execute("COMMIT")

    async def load(self, records):
        await asyncio.gather(in_thread(self.write, records), in_thread(self.insert, records))

    def publish(self):
        for file in self.files.values():
            file.write("\n]\n")
            file.flush()
            os.fsync(file.fileno())
            file.close()
            os.rename(file.name, file.name.removesuffix(".tmp"))
        self.database.close()


async def transform_stage(items, batches, size):
    number, item = 0, True
    while item is not None:
        batch = []
        while len(batch) < size and (item := await items.get()) is not None:
            batch.append(item)
        if batch:
            await batches.put(await in_thread(transform, batch, number))
            number += 1
    await batches.put(None)


async def load_stage(batches, loader):
    processed = 0
    while (batch := await batches.get()) is not None:
        await loader.load(batch[0])
        processed += len(batch[0])
    return processed


async def main(directory, url, prefix, database, size):
    items, batches = asyncio.Queue(2 * size), asyncio.Queue(2)
    loader = Loader(prefix, database)
    sources = (table(f"{directory}/database_1.db"), endpoint(url), csv_file(f"{directory}/csv_file.csv"),
               json_feed(f"{directory}/json_feed.jsonl"))
    transforming = asyncio.create_task(transform_stage(items, batches, size))
    loading = asyncio.create_task(load_stage(batches, loader))
    await asyncio.gather(*(extract(source, items) for source in sources))
    await items.put(None)
    await transforming
    processed = await loading
    await in_thread(loader.publish)
    print(processed)


asyncio.run(main(*sys.argv[1:5], int(sys.argv[5])))
