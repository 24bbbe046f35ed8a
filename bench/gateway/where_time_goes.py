#!/usr/bin/env python3
"""Where the CPU of a call goes: samples of `perf record` on the gateway under load, as shares by part, a line of JSON each.

usage: bench/gateway/where_time_goes.py [build/release/bastide] [--kit ../shared/kit/gateway] [--seconds 4] [--test 2k]

Needs `perf`, and the right to use it (kernel.perf_event_paranoid). Own code is told by the names of its functions: what the
compiler has made part of another function counts there.
"""
import argparse
import os
import re
import subprocess
import sys
import tempfile

import stage
from bench_gateway import TESTS, configure, driver_of

SYSCALLS = {"sendto": "kernel: send", "sendmsg": "kernel: send", "recvfrom": "kernel: receive", "epoll_wait": "kernel: wait for events"}
# The first that matches; what a function is called decides.
PARTS = [
    ("memory: allocation, copies", r"operator (new|delete)|malloc|calloc|realloc|cfree|_int_|unlink_chunk|mem(move|cpy|set|cmp|chr)"),
    ("clocks", r"clock_gettime|_clock::now|now_ms|coarse_now"),
    ("HTTP: scanning and reading two heads, writing two",
     r"parse_(request|response|headers|target)|phr_|get_token|HeadScanner|head_text|Call::begin|net::Headers|net::Request|read_head|answer_one"),
    ("what the call asks and what the answer cost", r"Scanner|FieldWalk|usage|Meter|simdjson|find_bytes|begins_as_error"),
    ("route, key, scope", r"http_api|identity|KeyTable|SHA|EVP|siphash|short_hash|CRYPTO|OPENSSL|_Hash_bytes|Principal"),
    ("relay, links, loop", r"net::|EndOfTurn|__libc_(send|recv)|__send|epoll|asynccancel|take_frame|give_frame"),
    ("plan, limits, budget, id, usage row, rate headers", r"gateway|policy|KeyRing|new_id|Account|Purse|storage|Counter|Histogram"),
]


def samples(data: str, *arguments: str):
    """Share and name of each line of a report."""
    report = subprocess.run(["perf", "report", "-i", data, "-g", "none", *arguments], capture_output=True, text=True, check=True).stdout
    for line in report.splitlines():
        found = re.match(r"\s*([\d.]+)%\s+(?:[\d.]+%\s+)?(.*\S)", line)
        if found and not line.startswith("#"):
            yield float(found[1]), found[2]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("binary", nargs="?", default=stage.BINARY)
    parser.add_argument("--kit", default=stage.KIT)
    parser.add_argument("--seconds", type=float, default=4)
    parser.add_argument("--test", default="2k", choices=TESTS)
    asked = parser.parse_args()
    arguments, model, _, _ = TESTS[asked.test]
    with tempfile.TemporaryDirectory(prefix="where-") as folder, stage.Stage(asked.kit, asked.binary) as house:
        keys = configure(house)
        house.mock()
        server = house.serve()
        data = os.path.join(folder, "perf.data")
        perf = subprocess.Popen(["perf", "record", "-q", "-F", "4999", "--call-graph", "fp", "-p", str(server.pid), "-o", data, "--",
                                 "sleep", str(asked.seconds)], stderr=subprocess.DEVNULL)
        house.load(stage.BASTIDE, keys[model], "-m", model, "-d", asked.seconds, "-w", 0.2, *arguments, process=server, driver=driver_of(model))
        if perf.wait() != 0:
            sys.exit("perf recorded nothing: see kernel.perf_event_paranoid.")
        shares, kernel = {}, 0.0
        for share, name in samples(data, "--no-children", "-s", "symbol"):
            if "[k]" in name:
                kernel += share
                continue
            part = next((part for part, names in PARTS if re.search(names, name)), "the rest")
            shares[part] = shares.get(part, 0) + share
        calls = {}
        for share, name in samples(data, "--children", "-s", "symbol"):
            call = re.search(r"_sys_(\w+)\b", name)  # several functions of a call are named so: the outermost has most
            if call and call[1] in SYSCALLS:
                calls[call[1]] = max(calls.get(call[1], 0), share)
        for call, share in calls.items():
            shares[SYSCALLS[call]] = shares.get(SYSCALLS[call], 0) + share
        shares["kernel: the rest"] = kernel - sum(calls.values())
        for part, share in sorted(shares.items(), key=lambda one: -one[1]):
            stage.tell(part, round(share, 1), unit="percent")


if __name__ == "__main__":
    main()
