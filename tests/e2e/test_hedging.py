"""Two providers at once, where it was asked for: whoever says the first word answers, the other is hung up on, and both are paid for."""
import json
import threading
import time
import unittest
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from tests.e2e.bastide import Bastide
from tests.e2e.upstreams import Upstreams


class Slow:
    """A provider of OpenAI's dialect that begins to answer after `waits_s`, unless the caller hangs up before."""

    def __init__(self):
        self.waits_s, self.asked, self.left_at = 20.0, 0, []
        slow = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_):
                pass

            def do_POST(self):
                self.rfile.read(int(self.headers["content-length"]))
                slow.asked += 1
                self.connection.settimeout(slow.waits_s)
                try:
                    self.connection.recv(1)
                    slow.left_at.append(time.monotonic())
                    self.close_connection = True
                    return
                except TimeoutError:
                    self.connection.settimeout(20)
                except OSError:
                    slow.left_at.append(time.monotonic())
                    self.close_connection = True
                    return
                event = {"id": "c", "object": "chat.completion.chunk", "created": 1, "model": "m",
                         "choices": [{"index": 0, "delta": {"role": "assistant", "content": "Slow but sure."}, "finish_reason": "stop"}],
                         "usage": {"prompt_tokens": 20, "completion_tokens": 4, "total_tokens": 24}}
                data = f"data: {json.dumps(event)}\n\ndata: [DONE]\n\n".encode()
                self.send_response(200)
                self.send_header("content-type", "text/event-stream")
                self.send_header("content-length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

        class Quiet(ThreadingHTTPServer):
            daemon_threads = True
            request_queue_size = 64

            def handle_error(self, *_):
                pass

        self.server = Quiet(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def config(self, fallback="on-anthropic", own="hedge_after_ms = 150"):
        return f"""
[[provider]]
id = "slow"
dialect = "openai"
base_url = "http://127.0.0.1:{self.server.server_address[1]}/v1"
zone = "walls"
[[model]]
id = "tardy"
provider = "slow"
aliases = ["pool"]
price = {{ input = 1.0, output = 2.0 }}
fallback = ["{fallback}"]
{own}
"""

    def close(self):
        self.server.shutdown()
        self.server.server_close()


def asked_of(upstreams):
    return [dialect for dialect, *_ in upstreams.seen]


class Hedging(unittest.TestCase):
    def setUp(self):
        self.slow, self.upstreams = Slow(), Upstreams()
        self.bastide = None

    def tearDown(self):
        if self.bastide:
            self.bastide.close()
        self.slow.close()
        self.upstreams.close()

    def start(self, first="", **slow):
        config = first + self.upstreams.config + self.slow.config(**slow)
        self.bastide = Bastide(config, env=self.upstreams.env).add_admin().start()

    def chat(self, headers=None, **more):
        body = {"model": "tardy", "messages": [{"role": "user", "content": "What is a bastide?"}], "max_tokens": 50, **more}
        return self.bastide.call("POST", "/v1/chat/completions", body, headers=headers)

    def receipt(self, reply):
        for _ in range(200):
            receipt = self.bastide.call("GET", f"/api/exchanges/{reply.headers['x-bastide-exchange']}").json
            if "stages" in receipt:
                return receipt
            time.sleep(0.02)
        raise AssertionError(receipt)

    def call_stage(self, reply):
        return next(stage for stage in self.receipt(reply)["stages"] if stage["name"] == "call")

    def figure(self, name):
        for _ in range(200):
            for line in self.bastide.call("GET", "/metrics").body.decode().splitlines():
                if line.startswith(name) and float(line.rsplit(" ", 1)[1]) > 0:
                    return float(line.rsplit(" ", 1)[1])
            time.sleep(0.05)
        return 0.0

    def wait_left(self, count):
        end = time.monotonic() + 5
        while len(self.slow.left_at) < count:
            self.assertLess(time.monotonic(), end, "the slow provider was not hung up on")
            time.sleep(0.005)

    def test_the_quicker_of_two_dialects_answers_and_the_other_is_hung_up_on(self):
        self.start()
        reply = self.chat()
        self.assertEqual(reply.status, 200, reply.body)
        self.assertIn("bastide", reply.json["choices"][0]["message"]["content"].lower())
        self.wait_left(1)
        stage = self.call_stage(reply)
        self.assertEqual(stage["detail"]["hedge"], {"first": "tardy", "second": "on-anthropic", "after_ms": 150,
                                                    "won": "on-anthropic", "cancelled": "tardy"})
        self.assertIn("on-anthropic answered first; tardy was cancelled.", stage["reasons"])
        self.assertEqual(self.receipt(reply)["route"]["chosen"], "on-anthropic")
        self.assertEqual(self.figure('bastide_call_hedges_lost_total{model="tardy"'), 1)
        # Both are paid for: the prompt that the slow one had taken, by an estimate.
        for _ in range(200):  # sums are some seconds old
            by_model = {day["model"]: day for day in self.bastide.call("GET", "/api/me/usage").json["days"]}
            if len(by_model) == 2:
                break
            time.sleep(0.05)
        self.assertGreater(by_model["tardy"]["tokens"]["input"], 0)
        self.assertGreater(by_model["tardy"]["cost"], 0)
        self.assertEqual(by_model["tardy"]["tokens"]["output"], 0)
        self.assertGreater(by_model["on-anthropic"]["tokens"]["output"], 0)

    def test_streams_come_from_the_winner_and_the_loser_is_gone_within_a_tenth_of_a_second(self):
        self.start()
        for door, path, body in (
                ("openai", "/v1/chat/completions", {"model": "tardy", "messages": [{"role": "user", "content": "Hello"}]}),
                ("anthropic", "/v1/messages", {"model": "tardy", "max_tokens": 50, "messages": [{"role": "user", "content": "Hello"}]})):
            with self.subTest(door):
                before = len(self.slow.left_at)
                asked = urllib.request.Request(self.bastide.url + path, json.dumps({**body, "stream": True}).encode(),
                                               {"content-type": "application/json", "authorization": f"Bearer {self.bastide.key}"})
                with urllib.request.urlopen(asked) as answer:
                    answer.read(1)
                    first_byte = time.monotonic()
                    self.wait_left(before + 1)
                    self.assertLess(self.slow.left_at[-1] - first_byte, 0.1)
                    self.assertIn(b"[DONE]" if door == "openai" else b"message_stop", answer.read())

    def test_a_call_may_forbid_it(self):
        self.slow.waits_s = 0.4
        self.start()
        reply = self.chat(headers={"x-bastide-hedge-after-ms": "0"})
        self.assertEqual(reply.status, 200, reply.body)
        self.assertEqual(reply.json["choices"][0]["message"]["content"], "Slow but sure.")
        self.assertEqual(asked_of(self.upstreams), [], "one model alone was asked")

    def test_a_quick_model_is_asked_alone(self):
        self.slow.waits_s = 0.01
        self.start()
        self.assertEqual(self.chat().json["choices"][0]["message"]["content"], "Slow but sure.")
        self.assertEqual(asked_of(self.upstreams), [])
        self.assertEqual(self.slow.left_at, [])

    def test_a_call_may_ask_for_it_and_says_so_clearly_or_is_told(self):
        self.start(fallback="on-gemini", own="")
        reply = self.chat(headers={"x-bastide-hedge-after-ms": "50"})
        self.assertEqual(reply.status, 200, reply.body)
        self.assertEqual(self.call_stage(reply)["detail"]["hedge"]["after_ms"], 50)
        self.assertEqual(asked_of(self.upstreams), ["gemini"])
        refused = self.chat(headers={"x-bastide-hedge-after-ms": "soon"})
        self.assertEqual(refused.status, 400)
        self.assertIn("x-bastide-hedge-after-ms", refused.json["error"]["message"])

    def test_others_of_an_alias_are_asked_too(self):
        self.start(own="""hedge_after_ms = 150
[[model]]
id = "twin"
provider = "mistral"
upstream = "upstream-mistral"
aliases = ["pool"]
weight = 0
price = { input = 1.0, output = 2.0 }
""")
        reply = self.chat(model="pool")
        self.assertEqual(reply.status, 200, reply.body)
        self.assertEqual(self.call_stage(reply)["detail"]["hedge"]["second"], "twin")
        self.assertEqual(asked_of(self.upstreams), ["mistral"])

    def test_policy_forbids_the_second(self):
        self.upstreams.close()
        self.upstreams = Upstreams(zone="US")  # no label may go there
        self.slow.waits_s = 0.5
        self.start()
        reply = self.chat()
        self.assertEqual(reply.json["choices"][0]["message"]["content"], "Slow but sure.")
        self.assertEqual(asked_of(self.upstreams), [])
        self.assertIn("Not hedged: no model of another provider may stand in for it.", self.call_stage(reply)["reasons"])

    def test_a_key_that_names_models_hedges_to_none_other(self):
        self.slow.waits_s = 0.5
        self.start()
        key = self.bastide.call("POST", "/api/keys", {"name": "narrow", "models": ["tardy"]})
        self.assertEqual(key.status, 201, key.body)
        reply = self.bastide.call("POST", "/v1/chat/completions",
                                  {"model": "tardy", "messages": [{"role": "user", "content": "Hello"}]}, key=key.json["secret"])
        self.assertEqual(reply.json["choices"][0]["message"]["content"], "Slow but sure.")
        self.assertEqual(asked_of(self.upstreams), [])

    def test_a_budget_is_never_passed_by_calls_side_by_side(self):
        self.slow.waits_s = 0.6
        self.start(first="[budget.default]\nrequests = { month = 10 }\n")
        with ThreadPoolExecutor(30) as pool:
            replies = list(pool.map(lambda _: self.chat(), range(30)))
        answered = [reply for reply in replies if reply.status == 200]
        sent = self.slow.asked + len(asked_of(self.upstreams))
        self.assertLessEqual(sent, 10)
        self.assertGreaterEqual(len(answered), 5)
        self.assertTrue(all(reply.status in (200, 429) for reply in replies))
        for _ in range(100):
            budget = next(one for one in self.bastide.call("GET", "/api/me/usage").json["budgets"] if one["unit"] == "requests")
            if budget["reserved"] == 0:
                break
            time.sleep(0.05)
        self.assertEqual(budget["reserved"], 0)
        self.assertEqual(budget["spent"], sent)


if __name__ == "__main__":
    unittest.main()
