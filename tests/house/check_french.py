#!/usr/bin/env python3
"""What goes wrong is told in the reader's language: every detail code with which the rooms that people meet fail has its
sentence in src/http_api/french.cc, or stands below because only a terminal or a log shows it; and each value that a
sentence tells is given somewhere. Exits 1 otherwise."""
import os
import re
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
ROOMS = ("identity", "knowledge", "chat", "responses", "files", "batches", "exchange", "guard", "governance/audit.cc", "policy", "storage/identity",
         "storage/knowledge", "storage/chat", "storage/responses", "storage/files", "storage/batches", "storage/guard", "models/local", "models/schema", "models/providers", "models/install", "gateway", "http_api/workspace",
         "http_api/multipart.cc", "dialects/failure.cc")
# Seen by who runs the server or a program, never in the workspace.
ELSEWHERE = {
    "bad_event", "bad_sizes", "bad_person",  # misuse by our own code
    "unknown_finding_type", "unreadable_file", "no_files", "wrong_master_key",  # at start or on the command line
    "not_admitted",
    "no_such_path", "line_failed", "vectors_missing",  # a command's words; our own faults, told by their code
    "adapter_without_base", "bad_name", "no_adapter", "no_chat_model", "not_a_model", "other_architecture",  # bastide model import
}
CALL = re.compile(r"(?:\bfail\(\s*\w+|\{?\s*Code::\w+)\s*,(.*?)[)}]\s*;", re.S)
TEXT = re.compile(r'(\(?)"((?:[^"\\]|\\.)*)"')
CODE = re.compile(r"[a-z][a-z_]+")
ROW = re.compile(r'^    \{"(\w+)",', re.M)
VALUE = re.compile(r'\{"(\w+)", ')
PLACE = re.compile(r"\{(\w+)\}")
# Every error may name them: base/error_text.h.
ALWAYS = {"field", "retry_after_s"}


def sources():
    for room in ROOMS:
        path = os.path.join(ROOT, "src", room)
        if os.path.isfile(path):
            yield path
        for base, _, names in os.walk(path):
            yield from (os.path.join(base, name) for name in sorted(names) if name.endswith(".cc"))


def main() -> int:
    with open(os.path.join(ROOT, "src", "http_api", "french.cc"), encoding="utf-8") as file:
        rows = file.read()
    told, missing = set(ROW.findall(rows)), set(PLACE.findall(rows)) - ALWAYS
    breaches, seen = [], set()
    for path in sources():
        with open(path, encoding="utf-8") as file:
            text = file.read()
        missing -= set(VALUE.findall(text))
        for call in CALL.findall(text):
            # What stands first within brackets belongs to a call or a condition.
            for code in (text for bracket, text in TEXT.findall(call) if not bracket and CODE.fullmatch(text)):
                seen.add(code)
                if code not in told and code not in ELSEWHERE:
                    breaches.append(f"{os.path.relpath(path, ROOT)}: \"{code}\" has no French sentence in french.cc")
    breaches += [f"src/http_api/french.cc: no error has the value {{{name}}}" for name in missing]
    for breach in sorted(set(breaches)):
        print(breach)
    print(f"french: {len(seen)} codes of {len(ROOMS)} rooms, {len(set(breaches))} breaches")
    return 1 if breaches else 0


if __name__ == "__main__":
    sys.exit(main())
