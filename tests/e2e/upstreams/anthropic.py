"""Anthropic's messages, as its server checks and answers them."""
import base64
import json
import re

from tests.e2e.upstreams.brain import Refused, View, answer, need, only, split

NAME = "anthropic"
FIELDS = ("model messages max_tokens system stream temperature top_p top_k stop_sequences tools tool_choice metadata thinking "
          "output_config cache_control container service_tier context_management mcp_servers inference_geo")
COUNT_FIELDS = "model messages system tools tool_choice thinking output_config cache_control"
BLOCKS = {"text": "type text cache_control citations", "image": "type source cache_control", "document": "type source title context citations cache_control",
          "thinking": "type thinking signature", "redacted_thinking": "type data", "tool_use": "type id name input cache_control caller",
          "tool_result": "type tool_use_id content is_error cache_control", "search_result": "type source title content citations cache_control"}
SOURCES = {"base64": "type media_type data", "url": "type url", "file": "type file_id", "text": "type media_type data", "content": "type content"}
SIGNATURE = base64.b64encode(b"the mock of anthropic thought this").decode()
KINDS = {"rate_limit": (429, "rate_limit_error"), "overloaded": (529, "overloaded_error"), "bad_request": (400, "invalid_request_error"),
         "auth": (401, "authentication_error"), "context": (400, "invalid_request_error"), "server": (500, "api_error"), "error_200": (200, "api_error")}


def authorised(headers):
    return headers.get("x-api-key") == "key-anthropic" and re.fullmatch(r"20\d\d-\d\d-\d\d", headers.get("anthropic-version", "")) is not None


def take_source(block, view, where):
    source = block["source"]
    need(source.get("type") in SOURCES, f"{where}: source {source.get('type')}")
    only(source, SOURCES[source["type"]], where)
    if source["type"] == "base64":
        size = len(base64.b64decode(source["data"], validate=True))
        view.images.append((source["media_type"], size))


def take_blocks(content, role, view, where):
    """(text, tool uses, tool results) of a message's content."""
    if isinstance(content, str):
        need(content, f"{where}: empty")
        return content, {}, []
    text, uses, results = "", {}, []
    need(content, f"{where}: content must not be empty")
    for index, block in enumerate(content):
        at = f"{where}.content[{index}]"
        kind = block.get("type")
        need(kind in BLOCKS, f"{at}: unknown block {kind}")
        only(block, BLOCKS[kind], at)
        if kind == "text":
            need(block["text"].strip(), f"{at}: text content blocks must be non-empty")
            text += block["text"]
        elif kind in ("image", "document"):
            need(role == "user", f"{at}: only of the user")
            take_source(block, view, at)
        elif kind == "thinking":
            need(role == "assistant" and block["signature"] == SIGNATURE, f"{at}: Invalid `signature` in `thinking` block")
        elif kind == "tool_use":
            need(role == "assistant" and isinstance(block["input"], dict), f"{at}: input must be an object")
            uses[block["id"]] = block["name"]
        elif kind == "tool_result":
            need(role == "user" and not text, f"{at}: results come first")
            before = len(view.images)
            inner = take_blocks(block["content"], "user", view, at)[0] if block.get("content") else ""
            results.append((block["tool_use_id"], inner, len(view.images) - before))
    return text, uses, results


def read(body, fields=FIELDS):
    only(body, fields, "body")
    need(fields != FIELDS or isinstance(body.get("max_tokens"), int), "max_tokens: Field required")
    view = View(model=body["model"], stream=bool(body.get("stream")), max_tokens=body.get("max_tokens", 0), stop=body.get("stop_sequences") or [])
    system = body.get("system", "")
    view.system = system if isinstance(system, str) else "\n".join(block["text"] for block in system)
    open_calls, last = {}, None
    for index, message in enumerate(body["messages"]):
        where, role = f"messages[{index}]", message["role"]
        only(message, "role content", where)
        need(role in ("user", "assistant"), f"{where}: role {role}")
        need(index or role == "user", "messages: first must be the user's")
        text, uses, results = take_blocks(message["content"], role, view, where)
        need({call for call, _, _ in results} == set(open_calls), f"{where}: tool results {results} do not answer {open_calls}")
        if role == "user":
            view.results = [(open_calls[call], inner, images) for call, inner, images in results]
        need(role != last, f"{where}: roles must alternate")
        open_calls, last = uses, role
        view.turns.append((role, text))
    for tool in body.get("tools") or []:
        only(tool, "name description input_schema cache_control type strict", "tools")
        need(tool["input_schema"].get("type") == "object", "tools: input_schema.type: Field required")
        view.tools[tool["name"]] = tool["input_schema"]
    choice = body.get("tool_choice") or {"type": "auto"}
    only(choice, "type name disable_parallel_tool_use", "tool_choice")
    view.choice = choice.get("name") or choice["type"]
    output = body.get("output_config") or {}
    only(output, "effort format", "output_config")
    if output.get("format"):
        only(output["format"], "type schema", "output_config.format")
        view.schema = output["format"]["schema"]
    thinking = body.get("thinking") or {"type": "disabled"}
    if thinking["type"] == "enabled":
        need(1024 <= thinking["budget_tokens"] < body["max_tokens"], "thinking.budget_tokens: at least 1024 and below max_tokens")
        need(body.get("temperature") in (None, 1), "temperature may only be 1 with thinking")
        need(view.choice in ("auto", "none"), "thinking may not be enabled when tool_choice forces tool use")
    view.thinks = thinking["type"] != "disabled"
    if last == "assistant":
        view.turns.append(("user", "continue: " + view.turns[-1][1]))
    return view


STOP = {"stop": "end_turn", "length": "max_tokens", "tool": "tool_use"}


def usage(reply):
    return {"input_tokens": reply.input_tokens - reply.cached_tokens, "cache_creation_input_tokens": 0, "cache_read_input_tokens": reply.cached_tokens,
            "cache_creation": {"ephemeral_5m_input_tokens": 0, "ephemeral_1h_input_tokens": 0}, "output_tokens": reply.output_tokens + reply.thinking_tokens,
            "service_tier": "standard"}


def whole(view, reply):
    content = [{"type": "thinking", "thinking": reply.thinking, "signature": SIGNATURE}] if reply.thinking else []
    content.append({"type": "text", "text": reply.text})
    content += [{"type": "tool_use", "id": f"toolu_{i:02}{name}", "name": name, "input": arguments} for i, (name, arguments) in enumerate(reply.calls)]
    return {"model": view.model, "id": "msg_mock", "type": "message", "role": "assistant", "content": content, "stop_reason": STOP[reply.finish],
            "stop_sequence": None, "usage": usage(reply)}


def events(view, reply):
    """With pings, an event that nobody knows yet, and arguments in pieces that begin with an empty one."""
    def event(kind, **more):
        return kind, {"type": kind, **more}

    message = dict(whole(view, reply), content=[], stop_reason=None, usage=dict(usage(reply), output_tokens=1))
    yield event("message_start", message=message)
    index = 0

    def block(start, deltas):
        yield event("content_block_start", index=index, content_block=start)
        for delta in deltas:
            yield event("content_block_delta", index=index, delta=delta)
        yield event("content_block_stop", index=index)

    if reply.thinking:
        yield from block({"type": "thinking", "thinking": "", "signature": ""}, [{"type": "thinking_delta", "thinking": piece} for piece in split(reply.thinking)] +
                         [{"type": "signature_delta", "signature": SIGNATURE}])
        index += 1
    yield event("ping")
    yield event("weather_report", sky="clear")
    yield from block({"type": "text", "text": ""}, [{"type": "text_delta", "text": piece} for piece in reply.pieces])
    for i, (name, arguments) in enumerate(reply.calls):
        index += 1
        text = json.dumps(arguments)
        yield from block({"type": "tool_use", "id": f"toolu_{i:02}{name}", "name": name, "input": {}},
                         [{"type": "input_json_delta", "partial_json": piece} for piece in ("", text[:5], text[5:])])
    yield event("message_delta", delta={"stop_reason": STOP[reply.finish], "stop_sequence": None}, usage={"output_tokens": usage(reply)["output_tokens"]})
    yield event("message_stop")


def stream_error():
    return "error", {"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}}


def error(refused):
    status, kind = KINDS[refused.kind]
    message = "prompt is too long: 210000 tokens > 200000 maximum" if refused.kind == "context" else refused.message
    headers = {"retry-after": "7"} if refused.kind == "rate_limit" else {}
    return status, headers, {"type": "error", "error": {"type": kind, "message": message}, "request_id": "req_mock"}


def post(path, body):
    if path == "/v1/messages/count_tokens":
        view = read(body, COUNT_FIELDS)
        return 200, {"input_tokens": 7 + len(view.turns)}
    if path != "/v1/messages":
        raise Refused("bad_request", f"no such path {path}")
    view = read(body)
    return view, answer(view, NAME)
