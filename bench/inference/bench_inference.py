#!/usr/bin/env python3
"""Our worker behind `bastide serve` against llama-server of the same llama.cpp sources: paired ratios of interleaved rounds,
one line of JSON a figure.

usage: bench/inference/bench_inference.py --model FILE.gguf [--binary build/release/bastide] [--rounds N] [--threads N]
           [--only one,people,assistants,gaps,document,schema,speculation,equal,kills,adapters,soak] [--people 4,8,16] [--adapters 100]

Builds llama-server on its first call (bench/inference/build_reference). All traffic stays on loopback; every loop is bounded.
"""
import argparse
import json
import os
import signal
import statistics
import sys
import threading
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from equality import equality, greedy_prompts  # noqa: E402
from servers import Ours, Reference, ROOT, prose, user  # noqa: E402
from soak import soak  # noqa: E402
import adapters as random_adapters  # noqa: E402

parser = argparse.ArgumentParser()
parser.add_argument("--model", required=True)
parser.add_argument("--binary", default=os.path.join(ROOT, "build/release/bastide"))
parser.add_argument("--rounds", type=int, default=3)
parser.add_argument("--threads", type=int, default=2)
parser.add_argument("--people", default="4,8,16")
parser.add_argument("--prompts", type=int, default=200)
parser.add_argument("--tokens", type=int, default=48)
parser.add_argument("--schemas", type=int, default=1000)
parser.add_argument("--minutes", type=int, default=120)
parser.add_argument("--kills", type=int, default=100)
parser.add_argument("--adapters", type=int, default=100)
parser.add_argument("--only", default="one,people,assistants,gaps,document,schema,speculation,equal,kills,adapters")
args = parser.parse_args()
CONTEXT = 4608
MODEL = os.path.abspath(args.model)
failed = []


def figure(name, **values):
    print(json.dumps({"figure": name, **{k: round(v, 4) if isinstance(v, float) else v for k, v in values.items()}}), flush=True)


def p95(values):
    values = sorted(values)
    return values[min(len(values) - 1, int(0.95 * len(values)))]


def ratio(name, ours, theirs, goal):
    """Median of the rounds' ratios, ours to theirs."""
    figure(name, ratio=statistics.median(a / b for a, b in zip(ours, theirs)), goal=goal,
           ours=statistics.median(ours), reference=statistics.median(theirs), rounds=len(ours))


def one_person(ours):
    speeds = {"prompt": ([], []), "generation": ([], [])}
    with Reference(MODEL, 1, CONTEXT, args.threads) as theirs:
        for r in range(-1, args.rounds):
            for side, server in ((0, ours), (1, theirs)):
                answer = server.ask(user(f"Edition {r}. " + prose(1000, r)), 96, ignore_eos=True)
                if answer.error:
                    raise RuntimeError(answer.error)
                if r >= 0:
                    speeds["prompt"][side].append(answer.prompt / answer.first_s)
                    speeds["generation"][side].append((answer.tokens - 1) / (answer.took_s - answer.first_s))
    for what, (mine, reference) in speeds.items():
        ratio(f"one person, {what} tokens/s", mine, reference, 1.0)


def waves(ours, count, assistants):
    """`count` people ask at the same time, in turns one of so many assistants with rules of their own: cold, then other questions warm."""
    figures = {name: ([], []) for name in ("cold tokens/s", "cold first p95 s", "warm tokens/s", "warm first p95 s")}
    asked = 0
    with Reference(MODEL, count, CONTEXT, args.threads) as theirs:
        for r in range(args.rounds):
            rules = [f"Edition {time.time_ns()}. You are the assistant of the town hall. Follow these rules. " + prose(1460, r * assistants + i)
                     for i in range(assistants)]
            for heat in ("cold", "warm"):
                asked += count
                prompts = [user(f"Question {asked + i}: " + prose(40, asked + i) + "?", rules[i % assistants]) for i in range(count)]
                for side, server in ((0, ours), (1, theirs)):
                    answers, took = server.wave(prompts, 64, ignore_eos=True)
                    figures[f"{heat} tokens/s"][side].append(sum(a.tokens for a in answers) / took)
                    figures[f"{heat} first p95 s"][side].append(p95([a.first_s for a in answers]))
    return figures


def people(ours):
    goals = {"cold tokens/s": {4: 1.8, 8: 3, 16: 4}, "cold first p95 s": {4: 1 / 2, 8: 1 / 4, 16: 1 / 6}}
    for count in map(int, args.people.split(",")):
        for name, (mine, reference) in waves(ours, count, 1).items():
            default = 1.2 if "tokens" in name else 1.0
            ratio(f"{count} people, shared prompt, {name}", mine, reference, goals.get(name, {}).get(count, default))


def assistants(ours):
    for name, (mine, reference) in waves(ours, 16, 4).items():
        ratio(f"16 people, four assistants, {name}", mine, reference, 1.2 if "tokens" in name else 1.0)


def gaps(ours):
    """Eight answers that go on while as many others beside them have ended: their slots do not stand side by side any more."""
    def speed(server):
        calls = [(user(f"Question {asked + i}: " + prose(20, asked + i) + "?"), 2 if i % 2 else 96, {"ignore_eos": True}) for i in range(16)]
        going_on = [answer for answer in server.each(calls) if answer.tokens == 96]
        return 8 * 95 / (max(a.took_s for a in going_on) - max(a.first_s for a in going_on))

    asked = 0
    speeds = ([], [])
    with Reference(MODEL, 16, CONTEXT, args.threads) as theirs:
        for _ in range(args.rounds * 2):
            asked += 16
            for side, server in ((0, ours), (1, theirs)):
                speeds[side].append(speed(server))
    ratio("8 answers between idle slots, tokens/s", *speeds, goal=1.2)


def document(ours):
    text = f"Edition {time.time_ns()}. " + prose(3940, 77)
    other = ours.second_key()

    def first(question, key=None):
        mine, ours.key = ours.key, key or ours.key
        answer = ours.ask(user(question, "Answer from this document.\n" + text), 8)
        ours.key = mine
        if answer.error:
            raise RuntimeError(answer.error)
        return answer

    cold = first("What does the council publish?")
    again = first("Who can ask for a copy?")
    colleague = first("When do people travel?", other)
    time.sleep(2)  # what an answer leaves is written behind it
    ours.restart()
    restarted = first("What may be ordered?", other)
    figure("4,000-token document, first question", first_token_s=cold.first_s, tokens=cold.prompt)
    for name, answer in (("same person", again), ("another person", colleague), ("after a restart", restarted)):
        figure(f"4,000-token document, second question, {name}", first_token_s=answer.first_s, ratio=answer.first_s / cold.first_s,
               goal=0.1, cached=answer.cached)


def schema_cases(count):
    kinds = [{"type": "string", "maxLength": 40}, {"type": "integer", "minimum": 0, "maximum": 9999}, {"type": "boolean"},
             {"type": "array", "items": {"type": "string", "maxLength": 12}, "minItems": 1, "maxItems": 4},
             {"enum": ["low", "medium", "high"]}, {"type": "number"}, {"type": ["string", "null"], "maxLength": 20},
             {"type": "object", "properties": {"street": {"type": "string", "maxLength": 30}, "zip": {"type": "string", "pattern": "^[0-9]{5}$"}},
              "required": ["street", "zip"], "additionalProperties": False}]
    names = ["name", "age", "open", "tags", "level", "score", "note", "address"]
    for i in range(count):
        picked = [(i * 7 + j * 3) % len(kinds) for j in range(2 + i % 4)]
        properties = {names[k]: kinds[k] for k in picked}
        yield {"type": "object", "properties": properties, "required": sorted(properties), "additionalProperties": False}


def conforms(value, schema):
    """The part of JSON Schema that the cases use."""
    if "enum" in schema:
        return value in schema["enum"]
    types = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
    if value is None:
        return "null" in types
    if isinstance(value, bool):
        return "boolean" in types
    if isinstance(value, str):
        import re
        return "string" in types and len(value) <= schema.get("maxLength", 1 << 30) and re.search(schema.get("pattern", ""), value) is not None
    if isinstance(value, int) and "integer" in types:
        return schema.get("minimum", value) <= value <= schema.get("maximum", value)
    if isinstance(value, (int, float)):
        return "number" in types
    if isinstance(value, list):
        return "array" in types and schema.get("minItems", 0) <= len(value) <= schema.get("maxItems", 1 << 30) and all(
            conforms(each, schema["items"]) for each in value)
    return "object" in types and set(schema["required"]) <= set(value) <= set(schema["properties"]) and all(
        conforms(value[k], schema["properties"][k]) for k in value)


def schemas(ours):
    """All schemas, eight answers at once, must be kept to; some of them are timed, one at a time, against free text."""
    cases, valid, cut = list(schema_cases(args.schemas)), 0, 0
    asked = [(user(f"Describe a shop number {i} as JSON."),
              {"response_format": {"type": "json_schema", "json_schema": {"name": "shop", "schema": schema}}}) for i, schema in enumerate(cases)]
    for at in range(0, len(asked), 8):
        answers = ours.each([(question, 400, {**fields, "temperature": (i % 4) * 0.4}) for i, (question, fields) in
                             enumerate(asked[at:at + 8], at)])
        for schema, answer in zip(cases[at:], answers):
            if answer.finish == "length":
                cut += 1
                continue
            try:
                valid += conforms(json.loads(answer.text), schema)
            except ValueError:
                pass
    figure("JSON under a schema", valid=valid, ended=len(cases) - cut, share=valid / max(1, len(cases) - cut), goal=1.0)
    if valid < len(cases) - cut:
        failed.append("schema: an answer that ended does not keep to its schema")
    for temperature in (0, 0.8):
        speeds = ([], [])
        for question, fields in asked[:args.rounds * 8]:
            constrained = ours.ask(question, 400, temperature=temperature, seed=1, **fields)
            if constrained.error:
                raise RuntimeError(constrained.error)
            if constrained.tokens >= 16:
                free = ours.ask(question, constrained.tokens, temperature=temperature, seed=1, ignore_eos=True)
                for into, answer in zip(speeds, (constrained, free)):
                    into.append((answer.tokens - 1) / max(1e-6, answer.took_s - answer.first_s))
        ratio(f"JSON under a schema, temperature {temperature}, tokens/s to free text", *speeds, goal=0.95)


def speculation(ours):
    """The same answers with and without guessing ahead: quotes gain, free text does not lose, no word differs."""
    days = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday"]
    places = ["library", "swimming pool", "town hall", "museum", "market", "school"]

    def notice(i):
        return " ".join(f"The {places[(i + k) % 6]} opens on {days[(i * 3 + k) % 5]} at {8 + (i + k) % 4} and closes at {17 + k % 4}; "
                        f"the entry costs {2 + (i * k) % 7} euros." for k in range(4))

    quotes = [user(f"Correct the spelling of this notice and write all of it:\n\n{notice(i)}\n\nBegin with: {notice(i)[:40]}") for i in range(args.rounds * 4)]
    for name, prompts, goal in (("quotes", quotes, 1.3), ("free text", greedy_prompts(args.rounds * 8), 0.98)):
        speeds, same = ([], []), 0
        for prompt in prompts:
            ours.ask(prompt, 1)  # both find it read
            with_it = ours.ask(prompt, 96, ignore_eos=True)
            without = ours.ask(prompt, 96, ignore_eos=True, **{"speculative.n_max": 0})
            same += with_it.text == without.text
            for into, answer in zip(speeds, (with_it, without)):
                if answer.error:
                    raise RuntimeError(answer.error)
                into.append((answer.tokens - 1) / (answer.took_s - answer.first_s))
        ratio(f"guessing ahead, {name}, tokens/s to none", *speeds, goal=goal)
        figure(f"guessing ahead, {name}, the same words", equal=same, of=len(prompts))
        if same < len(prompts):
            failed.append(f"speculation: guessing ahead changed an answer ({name})")


def equal(ours):
    if not equality(ours, MODEL, CONTEXT, args.threads, args.prompts, args.tokens, figure):
        failed.append("equal: log-probabilities differ by more than the tolerance")


def mixed(ours):
    if not soak(ours, args.minutes, figure):
        failed.append("soak: speed or memory did not stay")


def kills(ours):
    """The worker is killed under load: how soon its calls know, whether the next ones are answered, and those that another worker has."""
    def ask_the_other():
        while not over.is_set():
            others.append(ours.ask(user(f"Count the days. {len(others)}"), 64, ignore_eos=True, model="bystander"))

    install(ours, MODEL, "--name", "bystander")
    time.sleep(SOON_SEEN_S)
    mine = set(ours.worker_pids())
    if ours.ask(user("Hello"), 1, model="bystander").error:
        raise RuntimeError("the other model does not answer")
    bystander = set(ours.worker_pids()) - mine
    over, others = threading.Event(), []
    other = threading.Thread(target=ask_the_other)
    other.start()
    try:
        slowest, failed_after = kill_again_and_again(ours, bystander)
    finally:
        over.set()
        other.join(timeout=60)
    failed_others = sum(bool(answer.error) for answer in others)
    figure("worker killed under load", kills=args.kills, slowest_error_s=slowest, goal_s=1.0, calls_failed_afterwards=failed_after,
           calls_of_another_worker=len(others), failed_of_them=failed_others)
    if slowest > 1 or failed_after or failed_others or set(ours.worker_pids()) & bystander != bystander:
        failed.append("kills: a call learnt too late that its worker had died, one failed after it was back, or one of another worker failed")


def kill_again_and_again(ours, spared):
    """Of the calls of killed workers, the slowest to know; and how many failed when the worker was back."""
    slowest, failed_after = 0.0, 0
    for i in range(args.kills):
        answers = []
        threads = [threading.Thread(target=lambda n=n: answers.append(ours.ask(user(f"Count. {n}"), 4000, ignore_eos=True))) for n in range(3)]
        for thread in threads:
            thread.start()
        time.sleep(0.4)
        killed = time.perf_counter()
        pids = set(ours.worker_pids()) - spared
        if not pids:
            raise RuntimeError(f"kill {i}: no worker runs")
        for pid in pids:
            os.kill(pid, signal.SIGKILL)
        for thread in threads:
            thread.join(timeout=60)
        slowest = max(slowest, time.perf_counter() - killed)
        if len(answers) != 3 or not all(a.error or a.finish not in ("stop", "length") for a in answers):
            raise RuntimeError(f"kill {i}: an answer that was cut looks whole: {[(a.error, a.finish) for a in answers]}")
        failed_after += bool(ours.ask(user("Hello"), 2).error)
    return slowest, failed_after


SOON_SEEN_S = 1.5  # the folder of models is looked at once a second


def install(ours, *words):
    done = ours.house.command("model", "import", *words)
    if done.returncode:
        raise RuntimeError(done.stderr)


def adapters(ours):
    """Short questions that nobody asked before, to another adapter each time and to the model alone: what a switch adds to the first token."""
    def first(model):
        nonlocal asked
        asked += 1
        ours.model = model
        answer = ours.ask(user("Hello", prose(10, asked)), 2, ignore_eos=True)
        if answer.error:
            raise RuntimeError(answer.error)
        return answer.first_s

    asked = 0
    install(ours, MODEL, "--name", "base")
    architecture, shapes = random_adapters.read_head(MODEL)
    file = os.path.join(ours.house.folder, "adapter.gguf")
    models = [f"base:a{i}" for i in range(args.adapters)]
    for seed, model in enumerate(models):
        random_adapters.write_random(file, architecture, shapes, 8, seed)
        install(ours, file, "--name", model.removeprefix("base:"), "--base", "base")
    time.sleep(SOON_SEEN_S)
    own = ours.model
    try:
        first("base")
        loading, kept, alone = [], [], []
        for model in models:
            loading.append(first(model))
            first("base")
            alone.append(first("base"))  # no switch
        for _ in range(args.rounds):
            kept += [first(model) for model in models]
    finally:
        ours.model = own
    base = statistics.median(alone)
    for name, seconds in (("when it is loaded", loading), ("afterwards", kept)):
        figure(f"{args.adapters} adapters, added to the first token by a switch, {name}", median_s=statistics.median(seconds) - base,
               p95_s=p95(seconds) - p95(alone), goal_s=0.05, first_token_s=statistics.median(seconds), without_s=base)


signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # so that both servers end with us
PARTS = {"one": one_person, "people": people, "assistants": assistants, "gaps": gaps, "document": document, "schema": schemas, "speculation": speculation, "equal": equal, "kills": kills,
         "adapters": adapters, "soak": mixed}
with Ours(args.binary, MODEL, CONTEXT) as house:
    for part in args.only.split(","):
        PARTS[part](house)
if failed:
    sys.exit("\n".join(failed))
