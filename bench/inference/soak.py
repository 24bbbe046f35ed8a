"""Mixed load for long: whether the speed stays and memory is flat."""
import os
import random
import threading
import time

from servers import prose, user

PEOPLE = 6


def resident_mb(pids):
    total = 0
    for pid in pids:
        try:
            with open(f"/proc/{pid}/smaps_rollup") as file:
                total += next(int(line.split()[1]) for line in file if line.startswith("Pss_Anon:"))
        except (OSError, StopIteration):
            pass
    return total / 1024


def cpu_s(pids):
    total = 0
    for pid in pids:
        try:
            with open(f"/proc/{pid}/stat") as file:
                total += sum(map(int, file.read().rsplit(")", 1)[1].split()[11:13]))
        except OSError:
            pass
    return total / os.sysconf("SC_CLK_TCK")


def one_call(pick, rules):
    """Messages, tokens and fields: shared rules, own questions, histories that grow, schemas, texts to repeat."""
    kind = pick.random()
    if kind < 0.4:
        return user(f"Question {pick.random()}: " + prose(30, pick.random()) + "?", pick.choice(rules)), 48, {}
    if kind < 0.6:
        return user(prose(pick.randint(5, 600), pick.random())), 64, {"temperature": 0.8}
    if kind < 0.75:
        schema = {"type": "object", "properties": {"name": {"type": "string", "maxLength": 20}, "age": {"type": "integer"}},
                  "required": ["name", "age"], "additionalProperties": False}
        return user("Describe somebody as JSON."), 96, {"json_schema": schema}
    if kind < 0.9:
        return user("Repeat this text word for word:\n" + prose(50, pick.random())), 64, {}
    turns = [message for turn in range(pick.randint(1, 6)) for message in
             ({"role": "user", "content": prose(20, turn)}, {"role": "assistant", "content": prose(30, turn)})]
    return turns + user("And then?"), 32, {}


def soak(ours, minutes, figure):
    """Tokens each minute, and what the server and its worker hold. True when the last quarter is within 5 % of the first, and memory
    grew by less than 5 % since then. Tokens a second of the processor's time too: beside other programs that is the speed."""
    rules = [f"Rules {i}. " + prose(700, i) for i in range(4)]
    counted, errors, over = [], [], threading.Event()

    def person(seed):
        pick = random.Random(seed)
        while not over.is_set():
            messages, tokens, fields = one_call(pick, rules)
            answer = ours.ask(messages, tokens, **fields)
            if answer.error:
                errors.append(answer.error)
            counted.append((time.monotonic(), answer.tokens))

    threads = [threading.Thread(target=person, args=(seed,)) for seed in range(PEOPLE)]
    begun = time.monotonic()
    for thread in threads:
        thread.start()
    memory, processor = [], [cpu_s(ours.worker_pids())]
    for minute in range(minutes):
        time.sleep(max(0, begun + 60 * (minute + 1) - time.monotonic()))
        memory.append(resident_mb(ours.worker_pids() + [ours.house.process.pid]))
        processor.append(cpu_s(ours.worker_pids()))
        speed = sum(tokens for at, tokens in counted if begun + 60 * minute <= at < begun + 60 * (minute + 1)) / 60
        figure("mixed load", minute=minute + 1, tokens_per_s=speed, anonymous_mb=memory[-1],
               tokens_per_cpu_s=60 * speed / max(1e-9, processor[-1] - processor[-2]))
    over.set()
    for thread in threads:
        thread.join()

    def written(first, last):
        return sum(tokens for at, tokens in counted if begun + 60 * first <= at < begun + 60 * last)

    window = max(1, minutes // 4)
    speed = written(minutes - window, minutes) / max(1e-9, written(0, window))
    per_cpu = speed * (processor[window] - processor[0]) / max(1e-9, processor[minutes] - processor[minutes - window])
    growth = memory[-1] / memory[max(0, minutes // 4 - 1)]
    figure("mixed load, last quarter to first", tokens_per_s_ratio=speed, tokens_per_cpu_s_ratio=per_cpu, goal=0.95, memory_ratio=growth, memory_goal=1.05,
           minutes=minutes, calls=len(counted), errors=len(errors))
    return max(speed, per_cpu) >= 0.95 and growth <= 1.05 and not errors
