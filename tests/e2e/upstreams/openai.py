"""OpenAI's chat completions and embeddings, as its server checks and answers them."""
import base64
import json
import struct

from tests.e2e.upstreams.brain import Refused, View, answer, need, only

NAME, KEY_HEADER = "openai", "authorization"
FIELDS = ("model messages stream stream_options max_tokens max_completion_tokens temperature top_p seed stop tools tool_choice "
          "parallel_tool_calls response_format reasoning_effort logprobs top_logprobs n user metadata store presence_penalty "
          "frequency_penalty verbosity service_tier modalities prompt_cache_key safety_identifier")
PARTS = {"text": "type text", "image_url": "type image_url", "input_audio": "type input_audio", "file": "type file", "refusal": "type refusal"}
STATUS = {"rate_limit": 429, "overloaded": 503, "bad_request": 400, "auth": 401, "context": 400, "server": 500, "error_200": 200}
CODES = {"rate_limit": "rate_limit_exceeded", "context": "context_length_exceeded", "auth": "invalid_api_key"}
TYPES = {"rate_limit": "requests", "auth": "invalid_request_error", "server": "server_error", "overloaded": "server_error"}


def authorised(headers):
    return headers.get("authorization") == "Bearer key-openai"


def take_parts(content, view, where, kinds=PARTS):
    """The text of a message's content; images go to the view."""
    if content is None:
        return ""
    if isinstance(content, str):
        return content
    text = ""
    need(isinstance(content, list), f"{where}.content: a text or a list")
    for part in content:
        need(part.get("type") in kinds, f"{where}.content: unknown part {part.get('type')}")
        only(part, kinds[part["type"]], where)
        if part["type"] == "text":
            text += part["text"]
        if part["type"] == "image_url":
            url = part["image_url"] if isinstance(part["image_url"], str) else part["image_url"]["url"]
            need(url.startswith("data:") and ";base64," in url, f"{where}: only data URLs here")
            view.images.append((url[5:url.index(";")], len(base64.b64decode(url.split(",", 1)[1], validate=True))))
    return text


def read(body, fields=FIELDS, message_fields="role content name tool_calls tool_call_id refusal reasoning_content annotations audio function_call", kinds=PARTS):
    only(body, fields, "body")
    view = View(model=body["model"], stream=bool(body.get("stream")), max_tokens=body.get("max_completion_tokens") or body.get("max_tokens") or 0)
    stop = body.get("stop") or []
    view.stop = [stop] if isinstance(stop, str) else stop
    open_calls = {}
    for index, message in enumerate(body["messages"]):
        where = f"messages[{index}]"
        only(message, message_fields, where)
        role = message["role"]
        before = len(view.images)
        text = take_parts(message.get("content"), view, where, kinds)
        if role in ("system", "developer"):
            view.system += text
            continue
        if role == "tool":
            need(message.get("tool_call_id") in open_calls, f"{where}: tool_call_id {message.get('tool_call_id')!r} answers no call")
            need(NAME != "openai" or len(view.images) == before, f"{where}: a tool message holds text only")
            view.results.append((open_calls.pop(message["tool_call_id"]), text, len(view.images) - before))
            continue
        need(not open_calls, f"{where}: calls {sorted(open_calls)} were not answered")
        if role == "user":
            view.results = []
        for call in message.get("tool_calls") or []:
            only(call, "id type function index", where)
            only(call["function"], "name arguments", where)
            need(call["id"] and isinstance(call["function"]["arguments"], str), f"{where}: a call has an id and its arguments as text")
            json.loads(call["function"]["arguments"])
            open_calls[call["id"]] = call["function"]["name"]
        view.turns.append((role, text))
    for tool in body.get("tools") or []:
        need(tool["type"] == "function", "tools: only functions")
        only(tool["function"], "name description parameters strict", "tools")
        view.tools[tool["function"]["name"]] = tool["function"].get("parameters", {})
    choice = body.get("tool_choice", "auto")
    view.choice = choice["function"]["name"] if isinstance(choice, dict) else {"required": "any"}.get(choice, choice)
    form = body.get("response_format") or {}
    if form.get("type") == "json_schema":
        view.schema = form["json_schema"]["schema"]
    elif form.get("type") == "json_object":
        view.schema = {"type": "object", "properties": {"answer": {"type": "string"}}}
    return view


def usage(reply):
    return {"prompt_tokens": reply.input_tokens, "completion_tokens": reply.output_tokens + reply.thinking_tokens,
            "total_tokens": reply.input_tokens + reply.output_tokens + reply.thinking_tokens,
            "prompt_tokens_details": {"cached_tokens": reply.cached_tokens},
            "completion_tokens_details": {"reasoning_tokens": reply.thinking_tokens}}


def calls_of(reply):
    return [{"id": f"call_{i}_{name}", "type": "function", "function": {"name": name, "arguments": json.dumps(arguments)}}
            for i, (name, arguments) in enumerate(reply.calls)]


FINISH = {"stop": "stop", "length": "length", "tool": "tool_calls"}


def completion(view, text, finish=None, logprobs=None, **more):
    return {"id": "cmpl-mock", "object": "text_completion", "created": 1, "model": view.model,
            "choices": [{"index": 0, "text": text, "logprobs": logprobs, "finish_reason": finish}], **more}


def whole(view, reply):
    if view.completes:
        return completion(view, reply.text, FINISH[reply.finish], usage=usage(reply))
    message = {"role": "assistant", "content": reply.text, "refusal": None, "annotations": []}
    if reply.calls:
        message["tool_calls"] = calls_of(reply)
    return {"id": "chatcmpl-mock", "object": "chat.completion", "created": 1, "model": view.model, "system_fingerprint": "fp_mock",
            "choices": [{"index": 0, "message": message, "logprobs": None, "finish_reason": FINISH[reply.finish]}], "usage": usage(reply)}


def events(view, reply):
    """Usage comes in a chunk of its own without choices, then [DONE]."""
    if view.completes:
        for piece in reply.pieces:
            yield None, completion(view, piece)
        yield None, completion(view, "", FINISH[reply.finish])
        yield None, dict(completion(view, ""), choices=[], usage=usage(reply))
        yield None, "[DONE]"
        return

    def chunk(delta, finish=None):
        return None, {"id": "chatcmpl-mock", "object": "chat.completion.chunk", "created": 1, "model": view.model,
                      "choices": [{"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}], "usage": None}

    yield chunk({"role": "assistant", "content": "", "refusal": None})
    for piece in reply.pieces:
        yield chunk({"content": piece})
    for index, call in enumerate(calls_of(reply)):
        arguments = call["function"]["arguments"]
        yield chunk({"tool_calls": [dict(call, index=index, function={"name": call["function"]["name"], "arguments": ""})]})
        for part in (arguments[:3], arguments[3:]):
            yield chunk({"tool_calls": [{"index": index, "function": {"arguments": part}}]})
    yield chunk({}, FINISH[reply.finish])
    yield None, {"id": "chatcmpl-mock", "object": "chat.completion.chunk", "created": 1, "model": view.model, "choices": [], "usage": usage(reply)}
    yield None, "[DONE]"


def stream_error():
    return None, {"error": {"message": "mock: overloaded", "type": "server_error", "param": None, "code": "overloaded_error"}}


def error(refused):
    headers = {"retry-after": "7"} if refused.kind == "rate_limit" else {}
    return STATUS[refused.kind], headers, {"error": {"message": refused.message, "type": TYPES.get(refused.kind, "invalid_request_error"),
                                                     "param": None, "code": CODES.get(refused.kind)}}


def vectors(texts, dimensions=None):
    """One a text, or a list of tokens: how long it is, and two numbers that no float holds in few decimals."""
    return [[float(len(text)), 0.1, 2.5][:dimensions or 3] for text in texts]


def inputs(body):
    """Texts and lists of tokens."""
    given = body["input"]
    texts = [given] if isinstance(given, str) or isinstance(given[0], int) else given
    for text in texts:
        need(text and (isinstance(text, str) or all(isinstance(token, int) for token in text)), "input: texts or tokens")
    return texts


def post(path, body):
    """(status, answer) or (view, reply) for a chat."""
    if path == "/v1/embeddings":
        only(body, "model input encoding_format dimensions user", "body")
        texts = inputs(body)
        need(body.get("dimensions") in (None, 2, 3), "dimensions: 2 or 3")
        packed = body.get("encoding_format") == "base64"
        data = [{"object": "embedding", "index": i, "embedding": base64.b64encode(struct.pack(f"<{len(v)}f", *v)).decode() if packed else v}
                for i, v in enumerate(vectors(texts, body.get("dimensions")))]
        return 200, {"object": "list", "model": body["model"], "data": data, "usage": {"prompt_tokens": 5, "total_tokens": 5}}
    if path == "/v1/rerank":
        only(body, "model query documents top_n return_documents", "body")
        need(all(isinstance(text, str) for text in body["documents"]), "documents: texts")
        scores = [1.0 if body["query"] in text else 0.1 for text in body["documents"]]
        best = sorted(range(len(scores)), key=lambda i: -scores[i])[:body.get("top_n")]
        return 200, {"model": body["model"], "usage": {"total_tokens": 11}, "results": [{"index": i, "relevance_score": scores[i]} for i in best]}
    if path == "/v1/completions":
        only(body, "model prompt suffix stream stream_options max_tokens temperature top_p n stop logprobs echo best_of user seed", "body")
        need(isinstance(body["prompt"], str) and body["prompt"], "prompt: a text")
        view = View(model=body["model"], stream=bool(body.get("stream")), completes=True, max_tokens=body.get("max_tokens", 16),
                    turns=[("user", f"{body['prompt']}…{body.get('suffix', '')}")])
        return view, answer(view, NAME)
    if path != "/v1/chat/completions":
        raise Refused("bad_request", f"no such path {path}")
    view = read(body)
    return view, answer(view, NAME)
