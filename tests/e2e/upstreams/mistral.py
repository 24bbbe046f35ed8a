"""Mistral's chat, FIM and embeddings, as its server checks and answers them."""
import json

from tests.e2e.upstreams import openai
from tests.e2e.upstreams.brain import Refused, View, answer, need, only, split

NAME = "mistral"
FIELDS = ("model messages stream max_tokens min_tokens temperature top_p random_seed stop tools tool_choice parallel_tool_calls "
          "response_format presence_penalty frequency_penalty n prediction prompt_mode reasoning_effort safe_prompt metadata "
          "guardrails prompt_cache_key service_tier logprobs top_logprobs top_k repetition_penalty")
PARTS = {"text": "type text", "image_url": "type image_url", "document_url": "type document_url document_name", "reference": "type reference_ids",
         "input_audio": "type input_audio", "thinking": "type thinking closed signature", "file": "type file_id"}
STATUS = {"rate_limit": 429, "overloaded": 503, "bad_request": 422, "auth": 401, "context": 400, "server": 500, "error_200": 200}


def authorised(headers):
    return headers.get("authorization") == "Bearer key-mistral"


def read(body):
    view = openai.read(body, FIELDS, "role content tool_calls tool_call_id name prefix", PARTS)
    last = body["messages"][-1]
    need(last["role"] != "assistant" or last.get("prefix") is True, "messages: the last may be the assistant's only with prefix")
    for message in body["messages"]:
        for call in message.get("tool_calls") or []:
            need(len(call["id"]) == 9 and call["id"].isalnum(), f"tool call id {call['id']!r} must be nine letters or digits")
    view.choice = {"required": "any"}.get(view.choice, view.choice)
    view.thinks = body.get("prompt_mode") == "reasoning" or body.get("reasoning_effort") not in (None, "none")
    if last["role"] == "assistant":
        view.turns[-1] = ("user", "continue: " + last["content"])
    return view


def calls_of(reply):
    return [{"id": f"call{i}mock"[:9], "function": {"name": name, "arguments": json.dumps(arguments)}} for i, (name, arguments) in enumerate(reply.calls)]


def usage(reply):
    total = reply.output_tokens + reply.thinking_tokens
    return {"prompt_tokens": reply.input_tokens, "total_tokens": reply.input_tokens + total, "completion_tokens": total}


def thinking(text):
    return {"type": "thinking", "thinking": [{"type": "text", "text": text}]}


def whole(view, reply):
    content = [thinking(reply.thinking), {"type": "text", "text": reply.text}] if reply.thinking else reply.text
    message = {"role": "assistant", "tool_calls": calls_of(reply) or None, "content": content}
    return {"id": "mock", "created": 1, "model": view.model, "usage": usage(reply), "object": "chat.completion",
            "choices": [{"index": 0, "finish_reason": openai.FINISH[reply.finish], "message": message}]}


def events(view, reply):
    """Continuation deltas of calls have an empty name and no id; usage rides the chunk that finishes."""
    def chunk(delta, finish=None, **more):
        return None, {"id": "mock", "object": "chat.completion.chunk", "created": 1, "model": view.model,
                      "choices": [{"index": 0, "delta": delta, "finish_reason": finish, "logprobs": None}], **more}

    yield chunk({"role": "assistant", "content": ""})
    for piece in split(reply.thinking) if reply.thinking else []:
        yield chunk({"content": [thinking(piece)]})
    for piece in reply.pieces:
        yield chunk({"content": [{"type": "text", "text": piece}] if reply.thinking else piece})
    for index, call in enumerate(calls_of(reply)):
        arguments = call["function"]["arguments"]
        yield chunk({"content": "", "tool_calls": [{"id": call["id"], "type": "function", "index": index,
                                                    "function": {"name": call["function"]["name"], "arguments": ""}}]})
        for part in (arguments[:4], arguments[4:]):
            yield chunk({"content": "", "tool_calls": [{"type": "function", "function": {"name": "", "arguments": part}, "index": index}]})
    yield chunk({"content": ""}, openai.FINISH[reply.finish], usage=usage(reply))
    yield None, "[DONE]"


def stream_error():
    return None, {"object": "error", "message": "mock: overloaded", "type": "internal_server_error", "param": None, "code": "3000"}


def error(refused):
    headers = {"retry-after": "7"} if refused.kind == "rate_limit" else {}
    if refused.kind == "bad_request":
        return 422, headers, {"object": "error", "message": {"detail": [{"type": "extra_forbidden", "loc": ["body"], "msg": refused.message}]},
                              "type": "invalid_request_error", "param": None, "code": None}
    if refused.kind == "auth":
        return 401, headers, {"detail": "Unauthorized"}
    if refused.kind == "context":
        refused = Refused("context", "Prompt contains 40000 tokens, too large for model with 32768 maximum context length")
    return STATUS[refused.kind], headers, {"object": "error", "message": refused.message, "type": refused.kind, "param": None, "code": "3051"}


def post(path, body):
    if path == "/v1/embeddings":
        only(body, "model input encoding_format output_dimension output_dtype metadata", "body")
        texts = openai.inputs(body)
        need(all(isinstance(text, str) for text in texts), "input: texts only")
        made = openai.vectors(texts, body.get("output_dimension"))
        if body.get("output_dtype") == "int8":
            made = [[int(number) for number in vector] for vector in made]
        return 200, {"id": "mock", "object": "list", "model": body["model"], "usage": {"prompt_tokens": 5, "total_tokens": 5, "completion_tokens": 0},
                     "data": [{"object": "embedding", "index": i, "embedding": v} for i, v in enumerate(made)]}
    if path == "/v1/fim/completions":
        only(body, "model prompt suffix stream temperature top_p max_tokens min_tokens stop random_seed metadata prompt_cache_key", "body")
        view = View(model=body["model"], stream=bool(body.get("stream")), turns=[("user", f"{body['prompt']}…{body.get('suffix', '')}")])
        return view, answer(view, NAME)
    if path != "/v1/chat/completions":
        raise Refused("bad_request", f"no such path {path}")
    view = read(body)
    return view, answer(view, NAME)
