#!/usr/bin/env python3
"""Figures of the whole server, one line of JSON each: start, idle memory, many streams at once.

usage: bench/server/bench_server.py [BINARY] [--documents N] [--streams N] [--seconds N]
BINARY defaults to build/release/bastide. All traffic stays on loopback; every loop is bounded.
"""
import argparse
import asyncio
import json
import os
import resource
import sys
import time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, ROOT)
parser = argparse.ArgumentParser()
parser.add_argument("binary", nargs="?", default=os.path.join(ROOT, "build/release/bastide"))
parser.add_argument("--documents", type=int, default=1000)
parser.add_argument("--streams", type=int, default=2000)
parser.add_argument("--seconds", type=int, default=20)
args = parser.parse_args()
os.environ["BASTIDE_BINARY"] = os.path.abspath(args.binary)
from tests.e2e.bastide import Bastide, free_port  # noqa: E402


def figure(name, value, unit, goal, **more):
    print(json.dumps({"figure": name, "value": round(value, 3), "unit": unit, "goal": goal, **more}), flush=True)


def resident_mb(pid):
    with open(f"/proc/{pid}/status") as file:
        return next(int(line.split()[1]) / 1024 for line in file if line.startswith("VmRSS"))


def start_and_idle():
    with Bastide().add_admin() as bastide:
        folder = os.path.join(bastide.folder, "files")
        os.makedirs(folder)
        for i in range(args.documents):
            with open(os.path.join(folder, f"note{i}.md"), "w") as file:
                file.write(f"# Note {i}\n\n" + f"Le dossier {i} suit la procédure numéro {i % 17} du service {i % 31}. " * 20)
        added = bastide.command("knowledge", "add", "Notes", folder, "--wait", timeout=900)
        assert added.returncode == 0, added.stderr[-2000:]
        times = []
        for _ in range(5):
            begun = time.perf_counter()
            bastide.start()
            times.append((time.perf_counter() - begun) * 1000)
            memory = resident_mb(bastide.process.pid)
            bastide.stop()
        figure("start to /readyz", sorted(times)[2], "ms", "<= 300", documents=args.documents, runs=[round(t) for t in times])
        bastide.start()
        time.sleep(5)
        memory = resident_mb(bastide.process.pid)
        figure("resident memory idle, no model", memory, "MB", "<= 40", documents=args.documents)
        bastide.stop()


async def provider(port):
    async def serve(reader, writer):
        head = await reader.readuntil(b"\r\n\r\n")
        length = next(int(line.split(b":")[1]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length"))
        await reader.readexactly(length)
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n")

        def send(text):
            data = text.encode()
            writer.write(b"%x\r\n%s\r\n" % (len(data), data))

        try:
            for i in range(args.seconds):
                send('data: {"choices":[{"index":0,"delta":{"content":"t%d "},"finish_reason":null}]}\n\n' % i)
                await writer.drain()
                await asyncio.sleep(1)
            send('data: {"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}\n\ndata: [DONE]\n\n')
            writer.write(b"0\r\n\r\n")
            await writer.drain()
        except ConnectionError:
            pass
        writer.close()

    return await asyncio.start_server(serve, "127.0.0.1", port, backlog=4096, limit=1 << 20)


async def one_stream(port, key):
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    body = json.dumps({"model": "m", "stream": True, "messages": [{"role": "user", "content": "q"}]}).encode()
    writer.write(b"POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\nauthorization: Bearer " + key.encode() +
                 b"\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n" % len(body) + body)
    tokens, done = 0, False
    while True:
        line = await asyncio.wait_for(reader.readline(), args.seconds + 60)
        if not line:
            break
        if b'"content":"t%d ' % tokens in line:
            tokens += 1
        if b"[DONE]" in line:
            done = True
            break
    writer.close()
    return tokens if done else tokens - 1_000_000


async def streams():
    port = free_port()
    config = f"""
[limits]
requests_per_minute = 1000000
tokens_per_minute = 1000000000
[[provider]]
id = "p"
dialect = "openai"
base_url = "http://127.0.0.1:{port}/v1"
zone = "walls"
[[model]]
id = "m"
provider = "p"
upstream = "m"
"""
    with Bastide(config).add_admin() as bastide:
        bastide.start()
        before = resident_mb(bastide.process.pid)
        server = await provider(port)
        running = []
        for i in range(args.streams):
            running.append(asyncio.create_task(one_stream(bastide.port, bastide.key)))
            if i % 50 == 49:
                await asyncio.sleep(0.05)
        highest = before
        while not all(task.done() for task in running):
            highest = max(highest, resident_mb(bastide.process.pid))
            await asyncio.sleep(0.5)
        results = await asyncio.gather(*running, return_exceptions=True)
        whole = sum(1 for result in results if result == args.seconds)
        lost = sum(args.seconds - max(0, result if isinstance(result, int) else 0) for result in results)
        figure("streams open at once without a lost event", whole, "streams", f">= {args.streams}", events_lost=lost,
               tokens_per_stream=args.seconds)
        figure("resident memory with these streams", highest, "MB", "bounded", before_mb=round(before, 1),
               kb_per_stream=round((highest - before) * 1024 / args.streams, 1))
        server.close()


resource.setrlimit(resource.RLIMIT_NOFILE, (min(65536, resource.getrlimit(resource.RLIMIT_NOFILE)[1]),) * 2)
start_and_idle()
asyncio.run(streams())
