#!/usr/bin/env python3
"""The rule of the house: who may include whom (who_may_know_whom.txt), where sockets and TLS may be seen, how long files
may grow, and marks of unfinished work. Prints each breach with file and line; exits 1 when there is one."""
import os
import re
import sys

HOUSE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HOUSE))
SRC = os.path.join(ROOT, "src")
LINES_MAX = 500
NETWORK = re.compile(r'#include <(sys/epoll\.h|openssl/ssl\.h|netinet/|sys/socket\.h)|#include "picohttpparser')
# The socket pair between a parent and its worker process is no network.
NETWORK_ELSEWHERE = ("models/local/", "knowledge/parse/")
UNFINISHED = re.compile(r"\b(TODO|FIXME|XXX|HACK)\b")


def read_table() -> dict:
    table = {}
    with open(os.path.join(HOUSE, "who_may_know_whom.txt")) as file:
        for line in file:
            line = line.split("#")[0].strip()
            if line:
                room, allowed = line.split(":")
                table[room.strip()] = allowed.split()
    return table


def room_of(path: str, rooms) -> str:
    """The longest room name that `path` (relative to src) lies in; '' when there is none."""
    found = [room for room in rooms if path.startswith(room + "/")]
    return max(found, key=len) if found else ""


def main() -> int:
    table = read_table()
    breaches = []
    checked = 0
    for base, _, names in os.walk(SRC):
        for name in sorted(names):
            if not name.endswith((".h", ".cc")):
                continue
            path = os.path.join(base, name)
            relative = os.path.relpath(path, SRC)
            room = room_of(relative, table)
            if not room:
                breaches.append(f"src/{relative}: its folder is not a room of who_may_know_whom.txt")
                continue
            checked += 1
            with open(path, encoding="utf-8") as file:
                lines = file.readlines()
            if len(lines) > LINES_MAX:
                breaches.append(f"src/{relative}: {len(lines)} lines, more than {LINES_MAX}: which ideas does it hold?")
            for number, line in enumerate(lines, 1):
                where = f"src/{relative}:{number}"
                if UNFINISHED.search(line):
                    breaches.append(f"{where}: a mark of unfinished work")
                inside = relative.startswith(NETWORK_ELSEWHERE)
                if NETWORK.search(line) and room != "net" and not inside:
                    breaches.append(f"{where}: sockets, TLS and the HTTP parser are seen in src/net only")
                match = re.match(r'#include "([^"]+)"', line)
                if not match or "*" in table[room]:
                    continue
                target = match.group(1)
                other = room_of(target, table)
                if not other or other in (room, "base"):
                    continue
                if other not in table[room] and target not in table[room]:
                    breaches.append(f"{where}: {room} may not know {target}")
    for breach in breaches:
        print(breach)
    print(f"house: {checked} files of {len(table)} rooms checked, {len(breaches)} breaches")
    return 1 if breaches or checked == 0 else 0


sys.exit(main())
