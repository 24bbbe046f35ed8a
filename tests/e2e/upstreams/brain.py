"""What a mock model understands of a request, and what it answers: the same whatever the dialect."""
import json
import re
from dataclasses import dataclass, field


class Refused(Exception):
    """The upstream refuses: `kind` chooses status and body in each dialect."""

    def __init__(self, kind, message=""):
        super().__init__(message or kind)
        self.kind, self.message = kind, message or f"mock: {kind}"


@dataclass
class View:
    """A request as the model sees it."""
    model: str = ""
    stream: bool = False
    completes: bool = False  # a text, not a conversation
    system: str = ""
    turns: list = field(default_factory=list)  # (role, text)
    tools: dict = field(default_factory=dict)  # name: JSON schema of its parameters
    choice: str = "auto"  # auto none any, or a tool's name
    results: list = field(default_factory=list)  # (name or id, text, number of images) since the last words of the user
    images: list = field(default_factory=list)  # (media type, bytes)
    schema: dict = None
    thinks: bool = False
    max_tokens: int = 0
    stop: list = field(default_factory=list)

    @property
    def question(self):
        return next((text for role, text in reversed(self.turns) if role == "user" and text), "")


@dataclass
class Reply:
    pieces: list = field(default_factory=list)
    thinking: str = ""
    calls: list = field(default_factory=list)  # (name, arguments)
    finish: str = "stop"  # stop length tool
    input_tokens: int = 31
    output_tokens: int = 17
    thinking_tokens: int = 0
    cached_tokens: int = 0

    @property
    def text(self):
        return "".join(self.pieces)


def need(condition, message):
    if not condition:
        raise Refused("bad_request", message)


def only(given, allowed, where):
    """As the real ones: a field that is not known is an error."""
    need(isinstance(given, dict), f"{where}: must be an object")
    unknown = sorted(set(given) - set(allowed.split()))
    need(not unknown, f"{where}: unknown field {unknown}")


def fill(schema):
    """A value that fits a JSON schema (or Gemini's, with its types in capitals)."""
    if "enum" in schema:
        return schema["enum"][0]
    if "anyOf" in schema:
        return fill(schema["anyOf"][0])
    kind = schema.get("type", "object")
    kind = (kind[0] if isinstance(kind, list) else kind).lower()
    if kind == "object":
        return {name: fill(part) for name, part in schema.get("properties", {}).items()}
    return {"string": "Lyon", "integer": 21, "number": 21.5, "boolean": True, "null": None}.get(kind) if kind != "array" else [
        fill(schema.get("items", {"type": "string"}))]


def split(text, size=9):
    return [text[i:i + size] for i in range(0, len(text), size)] or [""]


def answer(view: View, name: str) -> Reply:
    fault = re.search(r"fail:(\w+)", view.question)
    if fault and fault[1] in ("rate_limit", "overloaded", "bad_request", "auth", "context", "html", "error_200", "redirect", "hang", "server", "gzip", "short"):
        raise Refused(fault[1])
    reply = Reply(thinking="Let me think about it." if view.thinks else "", thinking_tokens=5 if view.thinks else 0)
    if view.results:
        reply.pieces = split("The tool said: " + "; ".join(f"{text}" + f" and {images} image" * (images > 0) for _, text, images in view.results) + ".")
    elif view.tools and view.choice != "none":
        wanted = [view.choice] if view.choice in view.tools else list(view.tools)
        reply.calls = [(tool, fill(view.tools[tool])) for tool in wanted]
        reply.pieces = ["I look it up."]
        reply.finish = "tool"
    elif view.schema is not None:
        reply.pieces = split(json.dumps(fill(view.schema)))
    elif view.images:
        reply.pieces = split("I see " + ", ".join(f"{media} of {size} bytes" for media, size in view.images) + ".")
    else:
        reply.pieces = split(f"{name} heard « {view.question} »" + (f" as {view.system}" if view.system else "") + ".")
    if 0 < view.max_tokens < 5:
        reply.pieces, reply.finish = reply.pieces[:1], "length"
    for word in view.stop:
        if word in reply.text:
            reply.pieces = [reply.text[:reply.text.index(word)]]
    return reply
