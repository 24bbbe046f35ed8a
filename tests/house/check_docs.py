#!/usr/bin/env python3
"""The documentation against the tree: relative links and their anchors lead somewhere, paths of the repository in backticks exist,
and each toml snippet is TOML whose sections and keys docs/configuration.md names. Prints each breach with file and line; exits 1
when there is one."""
import glob
import os
import re
import subprocess
import sys
import tomllib

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
LINK = re.compile(r"\]\(([^)\s]+)\)")
CODE = re.compile(r"`([^`\n]+)`")
# What begins like a path of the repository; build/ is made, so only its scripts' names could be checked.
PATH = re.compile(r"^(?:\./[\w-]+$|(?:src|tests|docs|tools|bench|fuzz|web|cmake|third_party|\.ci)/[\w./-]*$)")
# Made by a build, and named in the documentation.
MADE = ("web/dist", "web/node_modules")
VARIABLE = re.compile(r"\b[A-Z]{2,}\b|…|\*")
FENCE = re.compile(r"^\s*```(\w*)\s*$")


def documents() -> list:
    found = []
    for pattern in ("*.md", "docs/*.md", "src/**/README.md", "tests/**/README.md", "web/README.md"):
        found += glob.glob(os.path.join(ROOT, pattern), recursive=True)
    return sorted(set(path for path in found if "node_modules" not in path))


def anchors(path: str) -> set:
    """As the usual hosts make them of headings."""
    out = set()
    with open(path, encoding="utf-8") as file:
        for line in file:
            if line.startswith("#"):
                words = re.sub(r"[^\w\- ]", "", line.lstrip("#").strip().lower())
                out.add(words.replace(" ", "-"))
    return out


def check_link(where: str, base: str, target: str, breaches: list) -> None:
    if re.match(r"[a-z]+:", target):
        return
    path, _, anchor = target.partition("#")
    full = os.path.normpath(os.path.join(base, path)) if path else where.rsplit(":", 1)[0]
    full = full if os.path.isabs(full) else os.path.join(ROOT, full)
    if not full.startswith(ROOT + os.sep) or not os.path.exists(full):
        breaches.append(f"{where}: the link {target} leads nowhere")
    elif anchor and full.endswith(".md") and anchor not in anchors(full):
        breaches.append(f"{where}: there is no heading for {target}")


def check_ignored(found: dict, breaches: list) -> None:
    """What git ignores exists on this disk only: naming it is wrong for everyone else. One question to git for all."""
    asked = subprocess.run(["git", "check-ignore", "--stdin"], cwd=ROOT, input="\n".join(found), text=True,
                           capture_output=True, check=False)
    for path in asked.stdout.splitlines():
        breaches.append(f"{found[path]}: {path} exists on this machine only: git ignores it")


def check_path(where: str, word: str, base: str, found: dict, breaches: list) -> None:
    path = word.split()[0]
    if not PATH.match(path) or VARIABLE.search(path) or path.startswith(MADE):
        return
    # In a room's README, src/ may be the room's own folder.
    for folder in (ROOT, base):
        if os.path.exists(os.path.join(folder, path)):
            found.setdefault(os.path.relpath(os.path.join(folder, path), ROOT), where)
            return
    breaches.append(f"{where}: {path} does not exist")


def keys_of(table: dict, prefix: str = ""):
    """Each section and key of a parsed snippet: ("server", None), ("server", "listen") ..."""
    for key, value in table.items():
        if isinstance(value, dict) and prefix == "":
            yield key, None
            for inner in value:
                yield key, inner
                items = value[inner] if isinstance(value[inner], list) else [value[inner]]
                for item in items:
                    if isinstance(item, dict):
                        for deeper in item:
                            yield key, deeper
        elif isinstance(value, list) and value and all(isinstance(item, dict) for item in value):
            yield key, None
            for item in value:
                for inner in item:
                    yield key, inner
        else:
            yield key, None


def check_toml(where: str, text: str, documented: str, breaches: list) -> None:
    try:
        parsed = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        breaches.append(f"{where}: not TOML: {error}")
        return
    for section, key in keys_of(parsed):
        if not re.search(r"^## .*\[" + re.escape(section) + r"\b", documented, re.MULTILINE):
            breaches.append(f"{where}: docs/configuration.md has no section [{section}]")
        elif key and f"`{key}`" not in documented and f"[[{section}.{key}]]" not in documented \
                and f"[{section}.{key}]" not in documented:
            breaches.append(f"{where}: docs/configuration.md does not name the key {section}.{key}")


def check_keys(documented: str, breaches: list) -> int:
    """Every key that the reader of bastide.toml knows is in docs/configuration.md."""
    count = 0
    read = re.compile(r'(?:\.|->)(?:text|integer|number|flag|words|id|range|secret|choice|table)\(\s*"(\w+)"'
                      r'|read_int\(\*table, "(\w+)"')
    for path in sorted(glob.glob(os.path.join(ROOT, "src/base/config_*.cc"))):
        with open(path, encoding="utf-8") as file:
            text = file.read()
        for match in read.finditer(text):
            count += 1
            key = match.group(1) or match.group(2)
            if not any(form in documented for form in (f"`{key}`", f"`{key}_env`", f"[{key}]", f".{key}]")):
                breaches.append(f"{os.path.relpath(path, ROOT)}: docs/configuration.md does not name {key}")
    return count


def main() -> int:
    breaches = []
    found = {}
    links = paths = snippets = 0
    with open(os.path.join(ROOT, "docs", "configuration.md"), encoding="utf-8") as file:
        documented = file.read()
    for path in documents():
        base = os.path.dirname(path)
        name = os.path.relpath(path, ROOT)
        language, block, begun = None, [], 0
        with open(path, encoding="utf-8") as file:
            lines = file.read().splitlines()
        for number, line in enumerate(lines, 1):
            where = f"{name}:{number}"
            fence = FENCE.match(line)
            if fence and language is None:
                language, block, begun = fence.group(1) or "text", [], number
                continue
            if fence:
                if language == "toml":
                    snippets += 1
                    check_toml(f"{name}:{begun}", "\n".join(block), documented, breaches)
                language = None
                continue
            if language is not None:
                block.append(line)
                if language == "sh":
                    for word in line.split("#")[0].split():
                        check_path(where, word, ROOT, found, breaches)
                continue
            for target in LINK.findall(CODE.sub("", line) if "](" not in line else line):
                links += 1
                check_link(where, base, target, breaches)
            for word in CODE.findall(line):
                if word.split():
                    paths += 1
                    check_path(where, word, base, found, breaches)
        if language is not None:
            breaches.append(f"{name}:{begun}: a code block without an end")
    check_ignored(found, breaches)
    keys = check_keys(documented, breaches)
    for breach in breaches:
        print(breach)
    print(f"docs: {len(documents())} files, {links} links, {paths} names, {snippets} snippets, {keys} keys of the "
          f"configuration, {len(breaches)} breaches")
    return 1 if breaches or links == 0 or snippets == 0 or keys == 0 else 0


sys.exit(main())
