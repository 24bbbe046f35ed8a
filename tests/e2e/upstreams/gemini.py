"""Gemini's generateContent and its neighbours, as its server checks and answers them."""
import base64
import json
import re

from tests.e2e.upstreams import openai
from tests.e2e.upstreams.brain import Refused, View, answer, need, only

NAME = "gemini"
FIELDS = "contents systemInstruction tools toolConfig safetySettings generationConfig cachedContent model labels serviceTier store"
CONFIG = ("temperature topP topK candidateCount maxOutputTokens stopSequences responseLogprobs logprobs presencePenalty frequencyPenalty seed "
          "responseMimeType responseSchema responseJsonSchema responseModalities thinkingConfig speechConfig mediaResolution")
PARTS = ("text", "inlineData", "fileData", "functionCall", "functionResponse", "executableCode", "codeExecutionResult")
SCHEMA = ("type format title description nullable enum maxItems minItems properties required minProperties maxProperties minLength maxLength "
          "pattern example anyOf propertyOrdering default items minimum maximum")
SIGNATURE = base64.b64encode(b"the mock of gemini thought this").decode()
UNSIGNED = "skip_thought_signature_validator"
KINDS = {"rate_limit": (429, "RESOURCE_EXHAUSTED"), "overloaded": (503, "UNAVAILABLE"), "bad_request": (400, "INVALID_ARGUMENT"),
         "auth": (400, "INVALID_ARGUMENT"), "context": (400, "INVALID_ARGUMENT"), "server": (500, "INTERNAL"), "error_200": (200, "INTERNAL")}


# Google takes both spellings of its own fields.
SNAKE = {"parameters_json_schema": "parametersJsonSchema", "mime_type": "mimeType", "file_uri": "fileUri", "inline_data": "inlineData",
         "file_data": "fileData", "thought_signature": "thoughtSignature", "response_json_schema": "responseJsonSchema"}
FREE = ("args", "response", "properties", "parametersJsonSchema", "responseJsonSchema")  # what callers name themselves


def camel(value):
    if isinstance(value, list):
        return [camel(each) for each in value]
    if not isinstance(value, dict):
        return value
    named = {SNAKE.get(name, name): inner for name, inner in value.items()}
    return {name: inner if name in FREE else camel(inner) for name, inner in named.items()}


def authorised(headers):
    return headers.get("x-goog-api-key") == "key-gemini"


def check_schema(schema, where):
    """Gemini's own schema language: a subset of OpenAPI."""
    only(schema, SCHEMA, where)
    for part in list(schema.get("properties", {}).values()) + schema.get("anyOf", []) + ([schema["items"]] if "items" in schema else []):
        check_schema(part, where)


def read_part(part, role, view, where):
    kinds = [kind for kind in PARTS if kind in part]
    need(len(kinds) == 1, f"{where}: exactly one of {PARTS}, not {sorted(part)}")
    only(part, f"{kinds[0]} thought thoughtSignature videoMetadata mediaResolution", where)
    return kinds[0], part[kinds[0]]


def read(body, fields=FIELDS):
    body = camel(body)
    only(body, fields, "body")
    config = body.get("generationConfig") or {}
    only(config, CONFIG, "generationConfig")
    view = View(max_tokens=config.get("maxOutputTokens", 0), stop=config.get("stopSequences") or [])
    instruction = body.get("systemInstruction") or {}
    view.system = "".join(part["text"] for part in instruction.get("parts", []))
    need(body.get("contents"), "contents: must not be empty")
    open_calls, last = [], None
    for index, content in enumerate(body["contents"]):
        where, role = f"contents[{index}]", content.get("role", "user")
        only(content, "role parts", where)
        need(role in ("user", "model") and content.get("parts"), f"{where}: role {role}, parts {content.get('parts')}")
        text, calls, results = "", [], []
        for part in content["parts"]:
            kind, value = read_part(part, role, view, where)
            if kind == "text":
                text += "" if part.get("thought") else value
            elif kind == "inlineData":
                only(value, "mimeType data", where)
                view.images.append((value["mimeType"], len(base64.b64decode(value["data"], altchars="-_" if set(value["data"]) & set("-_") else None, validate=True))))
            elif kind == "functionCall":
                only(value, "name args id", where)
                need(role == "model" and isinstance(value.get("args", {}), dict), f"{where}: functionCall")
                need(calls or part.get("thoughtSignature") in (SIGNATURE, UNSIGNED), f"{where}: Function call is missing a thought_signature in functionCall parts")
                calls.append(value["name"])
            elif kind == "functionResponse":
                only(value, "name response id parts", where)
                need(isinstance(value["response"], dict), f"{where}: response must be an object")
                shown = value["response"].get("output", value["response"].get("result", value["response"]))
                images = [p["inlineData"]["mimeType"] for p in value.get("parts", [])]
                results.append((value["name"], shown if isinstance(shown, str) else json.dumps(shown), len(images)))
        if open_calls or results:
            need(sorted(name for name, _, _ in results) == sorted(open_calls), f"{where}: responses {results} do not answer the calls {open_calls}")
        if role == "user":
            view.results = results
        need(role != last, f"{where}: roles should alternate")
        open_calls, last = calls, role
        view.turns.append((role, text))
    for tool in body.get("tools") or []:
        only(tool, "functionDeclarations googleSearch codeExecution urlContext", "tools")
        for function in tool.get("functionDeclarations", []):
            only(function, "name description parameters parametersJsonSchema", "tools")
            if "parameters" in function:
                check_schema(function["parameters"], f"tools.{function['name']}.parameters")
            view.tools[function["name"]] = function.get("parameters") or function.get("parametersJsonSchema") or {}
    calling = (body.get("toolConfig") or {}).get("functionCallingConfig") or {}
    only(calling, "mode allowedFunctionNames", "functionCallingConfig")
    view.choice = {"ANY": "any", "NONE": "none"}.get(calling.get("mode", "AUTO"), "auto")
    if len(calling.get("allowedFunctionNames") or []) == 1:
        view.choice = calling["allowedFunctionNames"][0]
    if config.get("responseSchema") or config.get("responseJsonSchema"):
        need(config.get("responseMimeType") == "application/json", "generationConfig: a schema needs responseMimeType application/json")
        if config.get("responseSchema"):
            check_schema(config["responseSchema"], "responseSchema")
        view.schema = config.get("responseSchema") or config.get("responseJsonSchema")
    elif config.get("responseMimeType") == "application/json":
        view.schema = {"type": "object", "properties": {"answer": {"type": "string"}}}
    thinking = config.get("thinkingConfig") or {}
    only(thinking, "includeThoughts thinkingBudget thinkingLevel", "thinkingConfig")
    view.thinks = bool(thinking.get("includeThoughts"))
    return view


def usage(reply, candidates):
    """Thoughts are not among the candidates' tokens."""
    return {"promptTokenCount": reply.input_tokens, "candidatesTokenCount": candidates, "thoughtsTokenCount": reply.thinking_tokens,
            "totalTokenCount": reply.input_tokens + candidates + reply.thinking_tokens, "promptTokensDetails": [{"modality": "TEXT", "tokenCount": reply.input_tokens}]}


def chunk(view, reply, parts, candidates, finish=None):
    candidate = {"content": {"parts": parts, "role": "model"}, "index": 0}
    if finish:
        candidate["finishReason"] = finish
    return {"candidates": [candidate], "usageMetadata": usage(reply, candidates), "modelVersion": view.model, "responseId": "mock"}


def call_parts(reply):
    """Whole arguments, no id, and the signature on the first call only; it ends as STOP."""
    parts = [{"functionCall": {"name": name, "args": arguments}} for name, arguments in reply.calls]
    if parts:
        parts[0]["thoughtSignature"] = SIGNATURE
    return parts


def whole(view, reply):
    parts = [{"text": reply.thinking, "thought": True}] if reply.thinking else []
    parts.append({"text": reply.text})
    return chunk(view, reply, parts + call_parts(reply), reply.output_tokens, "MAX_TOKENS" if reply.finish == "length" else "STOP")


def events(view, reply):
    if reply.thinking:
        yield None, chunk(view, reply, [{"text": reply.thinking, "thought": True}], 0)
    for index, piece in enumerate(reply.pieces):
        yield None, chunk(view, reply, [{"text": piece}], min(index + 1, reply.output_tokens))
    for part in call_parts(reply):
        yield None, chunk(view, reply, [part], reply.output_tokens)
    yield None, chunk(view, reply, [{"text": ""}], reply.output_tokens, "MAX_TOKENS" if reply.finish == "length" else "STOP")


def stream_error():
    return None, {"error": {"code": 503, "message": "The model is overloaded.", "status": "UNAVAILABLE"}}


def error(refused):
    status, word = KINDS[refused.kind]
    details = []
    if refused.kind == "rate_limit":
        details = [{"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "6.4s"}]
    message = "API key not valid. Please pass a valid API key." if refused.kind == "auth" else refused.message
    if refused.kind == "context":
        message = "The input token count (1200000) exceeds the maximum number of tokens allowed (1048576)."
    return status, {}, {"error": {"code": status, "message": message, "status": word, "details": details}}


def vector(request, model):
    only(request, "model content taskType title outputDimensionality", "requests")
    need(request.get("model") == f"models/{model}", "model must be the path's")
    need(request.get("taskType") in (None, "RETRIEVAL_QUERY", "RETRIEVAL_DOCUMENT", "SEMANTIC_SIMILARITY"), "taskType")
    for part in request["content"]["parts"]:
        only(part, "text", "content.parts")
    text = "".join(part["text"] for part in request["content"]["parts"])
    return {"values": openai.vectors([text], request.get("outputDimensionality"))[0]}


def post(path, body):
    found = re.fullmatch(r"/v1beta/models/([^:/]+):(\w+)", path.partition("?")[0])
    if not found:
        raise Refused("bad_request", f"no such path {path}")
    model, method = found.groups()
    if method == "embedContent":
        return 200, {"embedding": vector(body, model), "usageMetadata": {"promptTokenCount": 5}}
    if method == "batchEmbedContents":
        only(body, "requests", "body")
        need(0 < len(body["requests"]) <= 100, "requests: at most 100")
        return 200, {"embeddings": [vector(request, model) for request in body["requests"]]}
    if method == "countTokens":
        inner = body.get("generateContentRequest", body)
        only(body, "contents generateContentRequest", "body")
        return 200, {"totalTokens": 7 + len(read(inner).turns)}
    need(method in ("generateContent", "streamGenerateContent"), f"no such method {method}")
    view = read(body)
    view.model, view.stream = model, method == "streamGenerateContent"
    need(not view.stream or path.endswith("?alt=sse"), "mock: streams as server-sent events only")
    return view, answer(view, NAME)
