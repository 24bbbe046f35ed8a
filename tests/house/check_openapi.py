#!/usr/bin/env python3
"""The API's description against the API: src/http_api/openapi.json has exactly the routes that the source registers, its
references resolve, every path variable is declared, and what anybody may call is marked so. Exits 1 on any difference."""
import json
import os
import re
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
API = os.path.join(ROOT, "src", "http_api")
ROUTE = re.compile(r'routes\.add\(\{\s*"([A-Z]+)",\s*"([^"]+)",\s*Access::(\w+)')
ADDED = re.compile(r"routes\.add\(")
METHODS = {"get", "post", "put", "patch", "delete", "head", "options"}


def registered(breaches: list) -> dict:
    """(METHOD, path with {} for each variable) to access."""
    routes = {}
    for base, _, names in os.walk(API):
        for name in sorted(names):
            if not name.endswith(".cc"):
                continue
            path = os.path.join(base, name)
            with open(path, encoding="utf-8") as file:
                text = file.read()
            found = ROUTE.findall(text)
            where = os.path.relpath(path, ROOT)
            if len(found) != len(ADDED.findall(text)):
                breaches.append(f"{where}: a route is registered in a form that this check cannot read")
            for method, pattern, access in found:
                if (method, pattern) in routes:
                    breaches.append(f"{where}: {method} {pattern} is registered twice")
                routes[(method, pattern)] = access
    return routes


def check_references(node, whole: dict, breaches: list) -> None:
    if isinstance(node, list):
        for item in node:
            check_references(item, whole, breaches)
    if not isinstance(node, dict):
        return
    target = node.get("$ref")
    if isinstance(target, str):
        at = whole
        for part in target.removeprefix("#/").split("/"):
            at = at.get(part) if isinstance(at, dict) else None
        if at is None:
            breaches.append(f"openapi.json: {target} points to nothing")
    for item in node.values():
        check_references(item, whole, breaches)


def check_operation(name: str, path: str, operation: dict, breaches: list) -> None:
    if not operation.get("summary"):
        breaches.append(f"openapi.json: {name} has no summary")
    if not operation.get("responses"):
        breaches.append(f"openapi.json: {name} has no responses")
    declared = {p.get("name") for p in operation.get("parameters", []) if p.get("in") == "path"}
    wanted = set(re.findall(r"{([^}]*)}", path))
    if declared != wanted:
        breaches.append(f"openapi.json: {name} declares the path variables {sorted(declared)}, not {sorted(wanted)}")


def main() -> int:
    breaches = []
    routes = registered(breaches)
    with open(os.path.join(API, "openapi.json"), encoding="utf-8") as file:
        whole = json.load(file)
    described = {}
    ids = []
    for path, item in whole["paths"].items():
        for method, operation in item.items():
            if method not in METHODS:
                continue
            key = (method.upper(), re.sub(r"{[^}]*}", "{}", path))
            if key in described:
                breaches.append(f"openapi.json: {key[0]} {path} is described twice")
            described[key] = operation
            ids.append(operation.get("operationId"))
            check_operation(f"{key[0]} {path}", path, operation, breaches)
    if None in ids or len(ids) != len(set(ids)):
        breaches.append("openapi.json: each operation needs an operationId of its own")
    for method, path in sorted(routes.keys() - described.keys()):
        breaches.append(f"openapi.json: {method} {path} is registered in src/http_api but not described")
    for method, path in sorted(described.keys() - routes.keys()):
        breaches.append(f"openapi.json: {method} {path} is described but not registered in src/http_api")
    for key in routes.keys() & described.keys():
        if (routes[key] == "anyone") != (described[key].get("security") == []):
            breaches.append(f"openapi.json: {key[0]} {key[1]}: \"security\": [] belongs to routes for anyone, and only to them")
    check_references(whole, whole, breaches)
    for breach in breaches:
        print(breach)
    print(f"openapi: {len(routes)} routes, {len(described)} described, {len(breaches)} breaches")
    return 1 if breaches or not routes else 0


sys.exit(main())
