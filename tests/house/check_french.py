#!/usr/bin/env python3
"""What goes wrong is told in the reader's language: every detail code with which the rooms that people meet fail has its
sentence in src/http_api/problem.cc, or stands below because only a terminal or a log shows it. Exits 1 otherwise."""
import os
import re
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
ROOMS = ("identity", "knowledge", "chat", "responses", "files", "batches", "exchange", "guard", "governance/audit.cc", "policy", "storage/identity",
         "storage/knowledge", "storage/chat", "storage/responses", "storage/files", "storage/batches", "storage/guard", "models/local", "models/providers", "models/install", "gateway", "http_api/workspace",
         "http_api/multipart.cc")
# Seen by who runs the server or a program, never in the workspace.
ELSEWHERE = {
    "bad_event", "bad_sizes", "bad_person",  # misuse by our own code
    "unknown_finding_type", "unreadable_file", "no_files", "wrong_master_key",  # at start or on the command line
    "worker_protocol", "bad_request", "not_admitted",
    "adapter_without_base", "bad_name", "no_adapter", "no_chat_model", "other_architecture",  # bastide model import
}
CALL = re.compile(r"\bfail\(\s*(?:Code::\w+|\w+),(.*?)\)\s*;", re.S)
TEXT = re.compile(r'"((?:[^"\\\\]|\\\\.)*)"')
CODE = re.compile(r"[a-z][a-z_]+")
ROW = re.compile(r'^    \{"(\w+)",', re.M)


def sources():
    for room in ROOMS:
        path = os.path.join(ROOT, "src", room)
        if os.path.isfile(path):
            yield path
        for base, _, names in os.walk(path):
            yield from (os.path.join(base, name) for name in sorted(names) if name.endswith(".cc"))


def main() -> int:
    with open(os.path.join(ROOT, "src", "http_api", "problem.cc"), encoding="utf-8") as file:
        told = set(ROW.findall(file.read()))
    breaches, seen = [], set()
    for path in sources():
        with open(path, encoding="utf-8") as file:
            text = file.read()
        for call in CALL.findall(text):
            for code in filter(CODE.fullmatch, TEXT.findall(call)):
                seen.add(code)
                if code not in told and code not in ELSEWHERE:
                    breaches.append(f"{os.path.relpath(path, ROOT)}: \"{code}\" has no French sentence in problem.cc")
    for breach in sorted(set(breaches)):
        print(breach)
    print(f"french: {len(seen)} codes of {len(ROOMS)} rooms, {len(set(breaches))} breaches")
    return 1 if breaches else 0


if __name__ == "__main__":
    sys.exit(main())
