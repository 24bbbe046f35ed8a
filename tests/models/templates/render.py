#!/usr/bin/env python3
"""Prompts as the models' makers render them: their chat templates in Jinja2, set up as transformers'
`apply_chat_template` does. Reads calls.json (OpenAI bodies) and prints {template: {call: prompt}} for the template files that are named.

    render.py FOLDER TEMPLATE...

A date that the template asks for comes as its format in double angle brackets. What a template refuses is left out."""
import json
import os
import sys

import jinja2
import jinja2.ext
import jinja2.sandbox


class Refused(Exception):
    pass


def refuse(message):
    raise Refused(message)


def to_json(value, ensure_ascii=False, indent=None, separators=None, sort_keys=False):
    return json.dumps(value, ensure_ascii=ensure_ascii, indent=indent, separators=separators, sort_keys=sort_keys)


def environment():
    out = jinja2.sandbox.ImmutableSandboxedEnvironment(trim_blocks=True, lstrip_blocks=True, extensions=[jinja2.ext.loopcontrols])
    out.filters["tojson"] = to_json
    out.globals["raise_exception"] = refuse
    out.globals["strftime_now"] = lambda form: f"<<{form}>>"
    return out


def messages_of(call, takes_thinking_chunks):
    """As transformers' users write them: arguments of tool calls are objects, a thought stands where the family has its place."""
    messages = json.loads(json.dumps(call["messages"]))
    for message in messages:
        if "reasoning_content" in message and takes_thinking_chunks:
            message["content"] = [{"type": "thinking", "thinking": message["reasoning_content"]}, {"type": "text", "text": message["content"]}]
        elif "reasoning_content" in message:
            message["thinking"] = message["reasoning_content"]  # as gpt-oss calls it
        for each in message.get("tool_calls", []):
            each["function"]["arguments"] = json.loads(each["function"]["arguments"])
    return messages


def render(template, call, takes_thinking_chunks):
    # Bastide lets a model think unless it is asked not to, and tells today's date, as llama.cpp's server does.
    more = {"enable_thinking": True, "date_string": "<<%d %b %Y>>"}
    more.update(call.get("chat_template_kwargs", {}))
    if "reasoning_effort" in call:
        more["reasoning_effort"] = call["reasoning_effort"]
    return template.render(messages=messages_of(call, takes_thinking_chunks), tools=call.get("tools"), add_generation_prompt=True, bos_token="<s>",
                           eos_token="</s>", **more)


def main():
    with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "calls.json"), encoding="utf-8") as file:
        calls = json.load(file)
    out = {}
    for name in sys.argv[2:]:
        with open(os.path.join(sys.argv[1], name + ".jinja"), encoding="utf-8") as file:
            source = file.read()
        template = environment().from_string(source)
        out[name] = {}
        for title, call in calls.items():
            try:
                out[name][title] = render(template, call, "['type'] == 'thinking'" in source)
            except (Refused, jinja2.TemplateError, TypeError):
                continue
    json.dump(out, sys.stdout, ensure_ascii=False)


main()
