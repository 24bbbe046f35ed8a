#!/usr/bin/env python3
"""Writes an assembler file that carries a folder's files in the binary, and the C++ table that names them.

usage: embed.py FOLDER OUT_BASE    makes OUT_BASE.S and OUT_BASE.cc, defining bastide::http_api::embedded_web_files().
A file NAME.br beside NAME is its Brotli form. A folder that does not exist gives an empty table.
"""
import hashlib
import os
import sys

TYPES = {
    ".html": "text/html; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8",
    ".svg": "image/svg+xml", ".png": "image/png", ".woff2": "font/woff2", ".json": "application/json",
    ".webmanifest": "application/manifest+json", ".txt": "text/plain; charset=utf-8", ".ico": "image/x-icon",
    ".map": "application/json",
}


def main() -> None:
    folder, out = sys.argv[1], sys.argv[2]
    paths = []
    for base, _, names in os.walk(folder):
        paths += [os.path.join(base, name) for name in names if not name.endswith((".br", ".map"))]
    rows, sections = [], []

    def section(index: str, path: str) -> str:
        sections.append(f'.global web_{index}\nweb_{index}:\n.incbin "{os.path.abspath(path)}"\n')
        return f"{{web_{index}, {os.path.getsize(path)}}}"

    for index, path in enumerate(sorted(paths, key=lambda p: "/" + os.path.relpath(p, folder))):
        url = "/" + os.path.relpath(path, folder)
        with open(path, "rb") as file:
            etag = hashlib.sha256(file.read()).hexdigest()[:16]
        plain = section(str(index), path)
        brotli = section(f"{index}_br", path + ".br") if os.path.exists(path + ".br") else "{}"
        kind = TYPES.get(os.path.splitext(path)[1], "application/octet-stream")
        rows.append(f'    {{"{url}", "{kind}", "\\"{etag}\\"", {plain}, {brotli}}},')

    names = [line.split()[1] for text in sections for line in text.splitlines() if line.startswith(".global")]
    with open(out + ".S", "w") as file:
        file.write(".section .rodata\n" + "".join(sections) + '.section .note.GNU-stack,"",@progbits\n')
    with open(out + ".cc", "w") as file:
        file.write('#include "http_api/web_files.h"\n\n')
        if names:
            file.write('extern "C" {\n' + "".join(f"extern const char {name}[];\n" for name in names) + "}\n\n")
        file.write("namespace bastide::http_api {\n")
        if rows:
            file.write("WebFiles embedded_web_files() {\n  static const WebFile files[] = {\n" + "\n".join(rows) +
                       "\n  };\n  return files;\n}\n")
        else:
            file.write("WebFiles embedded_web_files() { return {}; }\n")
        file.write("}  // namespace bastide::http_api\n")


main()
