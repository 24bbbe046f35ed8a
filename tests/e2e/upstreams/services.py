"""Moderations, transcripts and speech of OpenAI and Mistral, as their servers check and answer them."""
import base64
import json
from email import message_from_bytes

from tests.e2e.upstreams.brain import Refused, need, only

WORDS = ["Bonjour", " à", " tous."]
TEXT = "".join(WORDS)
SOUND = b"RIFF" + bytes(range(256)) * 40
SEGMENTS = [(" Bonjour", 0.0, 1.5), (" à tous.", 1.5, 3.25)]
FORM = {
    "openai": "model file language prompt response_format temperature stream include[] timestamp_granularities[] chunking_strategy",
    "mistral": "model file file_url file_id language temperature stream diarize context_bias timestamp_granularities speaker_references",
}
SPEECH = {
    "openai": "model input voice instructions response_format speed stream_format",
    "mistral": "model input voice_id ref_audio stream response_format metadata expressiveness",
}


class Answer:
    """`pieces` come one by one; a pause between them shows who forwards at once."""

    def __init__(self, pieces, media="application/json"):
        self.media, self.pieces = media, [piece if isinstance(piece, bytes) else json.dumps(piece, ensure_ascii=False).encode() for piece in pieces]


def form_of(content_type, body):
    """[(name, value, file name)]: a strict reading of multipart/form-data."""
    parts = message_from_bytes(b"content-type: " + content_type.encode() + b"\r\n\r\n" + body)
    need(parts.is_multipart(), "a form")
    return [(part.get_param("name", header="content-disposition"), part.get_payload(decode=True), part.get_filename()) for part in parts.get_payload()]


def events(dicts, named):
    return Answer([((f"event: {each['type']}\n" if named else "") + "data: " + json.dumps(each, ensure_ascii=False) + "\n\n").encode() for each in dicts],
                  "text/event-stream")


def moderate(name, path, body):
    only(body, "model input", "body")
    inputs = body["input"] if isinstance(body["input"], list) else [body["input"]]
    if path.startswith("/v1/chat/"):
        need(name == "mistral", "no such path")
        inputs = inputs if isinstance(inputs[0], list) else [inputs]
        inputs = [conversation[-1]["content"] for conversation in inputs]
    elif isinstance(inputs[0], dict):
        need(name == "openai" and all(part["type"] in ("text", "image_url") for part in inputs), "input: parts")
        inputs = [" ".join(part.get("text", "") for part in inputs)]
    results = []
    for text in inputs:
        bad = "violence" in text
        categories = {"violence": bad, "hate": False} if name == "openai" else {"violence_and_threats": bad, "pii": False}
        result = {"categories": categories, "category_scores": {key: 0.9 if value else 0.01 for key, value in categories.items()}}
        results.append(dict(result, flagged=bad) if name == "openai" else result)
    return Answer([{"id": "modr-mock", "model": body["model"], "results": results}])


def transcribe(name, path, content_type, body):
    form = form_of(content_type, body)
    for field, _, _ in form:
        need(field in FORM[name].split(), f"form: no such field {field}")
    fields = {field: value if file else value.decode() for field, value, file in form}
    file = next(((value, named) for field, value, named in form if field == "file"), None)
    need(file is None or (file[1] and len(file[0]) > 0), "file: named and not empty")
    need(file or name == "mistral", "file: missing")
    if fields.get("language") == "xx":
        raise Refused("server")
    stream = fields.get("stream") == "true"
    granular = fields.get("timestamp_granularities")
    if name == "mistral":
        usage = {"prompt_tokens": 4, "completion_tokens": 6, "total_tokens": 300, "prompt_audio_seconds": 12}
        whole = {"model": fields["model"], "text": TEXT, "language": "fr", "usage": usage,
                 "segments": [{"type": "transcription_segment", "text": text, "start": start, "end": end} for text, start, end in SEGMENTS if granular]}
        if not stream:
            return Answer([whole])
        return events([{"type": "transcription.language", "audio_language": "fr"}] +
                      [{"type": "transcription.text.delta", "text": word} for word in WORDS] + [dict(whole, type="transcription.done")], True)
    whisper = fields["model"] == "whisper"
    form = fields.get("response_format", "json")
    need(whisper or form == "json", "response_format: json only")
    usage = {"type": "duration", "seconds": 9} if whisper else {"type": "tokens", "input_tokens": 14, "output_tokens": 5, "total_tokens": 19,
                                                                "input_token_details": {"audio_tokens": 10, "text_tokens": 4}}
    text = TEXT + (f" ({fields['prompt']})" if "prompt" in fields else "")
    if stream:
        done = [] if fields.get("language") == "cut" else [{"type": "transcript.text.done", "text": text, "usage": usage}]
        return events([{"type": "transcript.text.delta", "delta": word} for word in WORDS] + done, False)
    if form == "text":
        return Answer([(text + "\n").encode()], "text/plain; charset=utf-8")
    if form == "srt":
        return Answer([b"1\n00:00:00,000 --> 00:00:09,000\nBonjour\n\n"], "text/plain; charset=utf-8")
    task = "translate" if path.endswith("translations") else "transcribe"
    segments = [{"id": i, "start": start, "end": end, "text": said} for i, (said, start, end) in enumerate(SEGMENTS)]
    more = {"task": task, "language": "french", "duration": 9.0, "segments": segments} if form == "verbose_json" else {}
    return Answer([dict(more, text=text, usage=usage)])


def speak(name, body):
    only(body, SPEECH[name], "body")
    need(body["input"] and (name == "mistral" or body["voice"]), "input and voice")
    streamed = body.get("stream") if name == "mistral" else body.get("stream_format") == "sse"
    if not streamed:
        return Answer([{"audio_data": base64.b64encode(SOUND).decode()}]) if name == "mistral" else Answer([SOUND[:4096], SOUND[4096:]], "audio/mpeg")
    field = "audio_data" if name == "mistral" else "audio"
    usage = {"prompt_tokens": 3, "completion_tokens": 40, "total_tokens": 43} if name == "mistral" else {"input_tokens": 3, "output_tokens": 40, "total_tokens": 43}
    return events([{"type": "speech.audio.delta", field: base64.b64encode(SOUND[at:at + 4001]).decode()} for at in range(0, len(SOUND), 4001)] +
                  [{"type": "speech.audio.done", "usage": usage}], name == "mistral")


def post(name, path, content_type, body):
    """An Answer, or None when the path is of no service."""
    if path in ("/v1/moderations", "/v1/chat/moderations"):
        return moderate(name, path, json.loads(body))
    if path in ("/v1/audio/transcriptions", "/v1/audio/translations"):
        return transcribe(name, path, content_type, body)
    return speak(name, json.loads(body)) if path == "/v1/audio/speech" else None
