#!/usr/bin/env python3
"""Where fuzzing of the decoders begins: recorded answers and streams of providers, and calls of every kind.

usage: fuzz/seeds.py RECORDINGS OUT      (../shared/data/wire; absent: calls alone)

Writes OUT/TARGET/NUMBER for each target below. Recordings: *.json an answer or an error, *.chunks.txt a stream, one event a line.
"""
import os
import pathlib
import sys

HERE = pathlib.Path(__file__).parent
BYTES_MAX = 16384  # of a seed: longer ones mutate too slowly to teach anything
REQUEST, ANSWER, ERROR, STREAM = b"0", b"1", b"2", b"3"  # the first byte that fuzz_codec() looks at
CODECS = {"dialects_anthropic_fuzz": "anthropic", "dialects_gemini_fuzz": "google", "dialects_mistral_fuzz": "mistral",
          "dialects_completions_fuzz": "openai/completion"}
TRANSLATED = {"openai/chat": b"\0", "mistral": b"\1", "anthropic": b"\2", "google": b"\3"}
FAMILIES = 6  # of fuzz/models/families.h
ANSWERS = (b'<tool_call>\n{"name": "get_weather", "arguments": {"city": "Lyon"}}\n</tool_call>', b"<think>\nSo.\n</think>\n\nGood.",
           b'{"name": "get_weather", "parameters": {"city": "Lyon"}}', b'[TOOL_CALLS]get_weather[ARGS]{"city": "Lyon"}',
           b'<|tool_call>call:get_weather{city:<|"|>Lyon<|"|>}<tool_call|>',
           b'<|channel|>analysis<|message|>So.<|end|><|start|>assistant<|channel|>commentary to=functions.get_weather '
           b'<|constrain|>json<|message|>{"city": "Lyon"}<|call|>')
PLAIN = ("dialects_openai_fuzz", "dialects_scan_fuzz", "dialects_doors_fuzz", "dialects_embeddings_fuzz",
         "dialects_responses_state_fuzz")


def calls(*names):
    for name in names:
        yield from (HERE / "requests" / f"{name}.jsonl").read_bytes().splitlines()


def recordings(folder):
    """(is it a stream, its bytes): streams that are too long end after a line, long answers are left out."""
    for path in sorted(folder.rglob("*")) if folder.is_dir() else ():
        bytes_ = path.read_bytes() if path.is_file() else b""
        if path.name.endswith(".chunks.txt"):
            yield True, bytes_ if len(bytes_) < BYTES_MAX else bytes_[:bytes_.rfind(b"\n", 0, BYTES_MAX) + 1]
        elif path.name.endswith(".json") and len(bytes_) < BYTES_MAX:
            yield False, bytes_


def events(stream):
    return b"".join(b"data: " + line + b"\n\n" for line in stream.splitlines() if line)


def seeds(wire):
    """(target, seed)"""
    for target, folder in CODECS.items():
        own = {"google": "gemini", "openai/completion": "others"}.get(folder, folder)
        for call in calls(own):
            yield target, REQUEST + call
        for is_stream, recording in recordings(wire / folder):
            for kind in (STREAM,) if is_stream else (ANSWER, ERROR):
                yield target, kind + recording
    everything = [each for _, each in recordings(wire)] + list(calls("openai", "responses", "anthropic", "gemini", "mistral", "others"))
    for target in PLAIN:
        for seed in everything:
            yield target, seed
    for seed in everything:
        yield "batches_input_fuzz", b"\0" + seed
    for family in range(FAMILIES):
        for call in calls("openai"):
            yield "worker_call_fuzz", bytes([family]) + call
        for answer in ANSWERS:
            yield "answer_fuzz", bytes([family, 1, 3]) + answer
    for folder, dialect in TRANSLATED.items():
        for is_stream, recording in recordings(wire / folder):
            if is_stream:
                yield "net_sse_fuzz", b"\3" + events(recording)
                for caller in TRANSLATED.values():  # nothing of ours, the recording in the middle
                    yield "gateway_translator_fuzz", (dialect + caller + b"\0\x80" + events(recording))[:4096]


def main() -> None:
    wire, out = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
    count = 0
    for target, seed in seeds(wire):
        os.makedirs(out / target, exist_ok=True)
        (out / target / str(count)).write_bytes(seed)
        count += 1
    print(f"{count} seeds in {out}")


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    main()
