"""The two sides of the comparison: our worker behind `bastide serve`, and llama-server. Standard library only."""
import http.client
import json
import os
import random
import subprocess
import sys
import threading
import time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, ROOT)
WORDS = ("the council shall publish every year a report on its budget and people who work for it can ask for a copy of this page "
         "before they travel or order new material from any other house in town when time allows").split()


def prose(words, seed):
    """About one token a word."""
    pick = random.Random(seed)
    return " ".join(pick.choice(WORDS) for _ in range(words))


def user(text, system=None):
    return ([{"role": "system", "content": system}] if system else []) + [{"role": "user", "content": text}]


def raise_priority(pid):
    """Ahead of other sessions' builds where the kernel groups processes by session; both sides alike."""
    try:
        with open(f"/proc/{pid}/autogroup", "w") as file:
            file.write("-10")
    except OSError:
        pass


class Answer:
    def __init__(self):
        self.first_s = self.took_s = 0.0
        self.text, self.error, self.finish = "", None, None
        self.tokens = self.prompt = self.cached = 0
        self.choices, self.arrivals = [], []


class Server:
    """What both sides share: chat completions over HTTP."""
    port, key, model = 0, "none", "m"

    def ask(self, messages, max_tokens=64, gate=None, timeout=600, **fields):
        body = {"model": self.model, "messages": messages, "max_tokens": max_tokens, "temperature": 0, "stream": True,
                "stream_options": {"include_usage": True}, **fields}
        answer = Answer()
        if gate:
            gate.wait()
        begun = time.perf_counter()
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)
        try:
            connection.request("POST", "/v1/chat/completions", json.dumps(body),
                               {"content-type": "application/json", "authorization": "Bearer " + self.key})
            response = connection.getresponse()
            if response.status != 200:
                answer.error = f"{response.status} {response.read(400)!r}"
                return answer
            for line in response:
                if not line.startswith(b"data:") or b"[DONE]" in line:
                    if line.startswith(b"event: error"):
                        answer.error = "error event"
                    continue
                event = json.loads(line[5:])
                if "error" in event:
                    answer.error = str(event["error"])[:300]
                usage = event.get("usage")
                if usage:
                    answer.tokens, answer.prompt = usage.get("completion_tokens", 0), usage.get("prompt_tokens", 0)
                    answer.cached = (usage.get("prompt_tokens_details") or {}).get("cached_tokens", 0)
                for choice in event.get("choices") or []:
                    answer.finish = choice.get("finish_reason") or answer.finish
                    if choice.get("logprobs"):
                        answer.choices += choice["logprobs"].get("content") or []
                    piece = (choice.get("delta") or {}).get("content")
                    if piece:
                        now = time.perf_counter() - begun
                        answer.first_s = answer.first_s or now
                        answer.arrivals.append(now)
                        answer.text += piece
        except (OSError, http.client.HTTPException) as error:
            answer.error = str(error)
        finally:
            answer.took_s = time.perf_counter() - begun
            connection.close()
        return answer

    def each(self, calls):
        """Calls (messages, max_tokens, fields) all at once; the answers in order."""
        gate, answers = threading.Event(), [None] * len(calls)

        def one(index):
            messages, max_tokens, fields = calls[index]
            answers[index] = self.ask(messages, max_tokens, gate, **fields)

        threads = [threading.Thread(target=one, args=(i,)) for i in range(len(calls))]
        for thread in threads:
            thread.start()
        time.sleep(0.05)
        gate.set()
        for thread in threads:
            thread.join()
        for answer in answers:
            if answer.error:
                raise RuntimeError(answer.error)
        return answers

    def wave(self, prompts, max_tokens=64, **fields):
        """All at once; the answers in order and the seconds until the last has ended."""
        answers = self.each([(prompt, max_tokens, fields) for prompt in prompts])
        return answers, max(answer.took_s for answer in answers)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


class Reference(Server):
    """llama-server with its best settings here: no Flash Attention, a cache of its own for each slot."""

    def __init__(self, model_file, slots, context, threads, more=()):
        from tests.e2e.bastide import free_port
        folder = subprocess.run([os.path.join(ROOT, "bench/inference/build_reference")], capture_output=True, text=True,
                                check=True).stdout.strip()
        self.port = free_port()
        self.process = subprocess.Popen(
            [os.path.join(folder, "llama-server"), "-m", model_file, "-c", str(context * slots), "-np", str(slots), "-t", str(threads),
             "-tb", str(threads), "-fa", "off", "--no-kv-unified", "--host", "127.0.0.1", "--port", str(self.port), *more],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)
        raise_priority(self.process.pid)
        end = time.time() + 120
        while time.time() < end:
            try:
                connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
                connection.request("GET", "/health")
                if connection.getresponse().status == 200:
                    return
            except OSError:
                time.sleep(0.1)
        raise RuntimeError("llama-server did not start")

    def close(self):
        self.process.terminate()
        self.process.wait(timeout=30)


class Ours(Server):
    model = "bench"

    def __init__(self, binary, model_file, context):
        os.environ["BASTIDE_BINARY"] = os.path.abspath(binary)
        from tests.e2e.bastide import Bastide
        self.house = Bastide(f"""
[limits]
requests_per_minute = 1000000
tokens_per_minute = 1000000000
[[model]]
id = "bench"
provider = "local"
file = "{model_file}"
context_tokens = {context}
parameters_billion = {{ active = [0.1, 0.1], total = [0.1, 0.1] }}
""").add_admin()
        self.start()

    def start(self):
        self.house.start()
        raise_priority(self.house.process.pid)
        self.port, self.key = self.house.port, self.house.key
        answer = self.ask([{"role": "user", "content": "Hello"}], 1)
        if answer.error:
            raise RuntimeError(answer.error)

    def restart(self):
        self.house.stop()
        self.start()

    def second_key(self):
        """The key of another person of the same organisation."""
        email = "paul@valmont.example"
        self.house.command("user", "add", email, "--role", "member", "--name", "Paul", "--password-stdin", text="un autre mot de passe")
        made = self.house.command("key", "create", "--user", email, "--name", "bench")
        if made.returncode:
            raise RuntimeError(made.stderr)
        return made.stdout.strip()

    def worker_pids(self):
        pids = []
        for pid in filter(str.isdigit, os.listdir("/proc")):
            try:
                with open(f"/proc/{pid}/stat") as file:
                    stat = file.read()
                if int(stat[stat.rindex(")") + 2:].split()[1]) == self.house.process.pid and "bastide-model" in stat:
                    pids.append(int(pid))
            except OSError:
                pass
        return pids

    def close(self):
        self.house.close()
