"""Which model answers, and who is told: names that models share, tags, translation on the way, spans for a collector."""
import http.server
import json
import threading
import time
import unittest
import urllib.request

import openai

from tests.e2e.bastide import Bastide
from tests.e2e.upstreams import Upstreams

MODELS = """
[[model]]
id = "coder"
provider = "openai"
upstream = "upstream-openai"
aliases = ["house"]
tags = ["code"]
[[model]]
id = "poet"
provider = "anthropic"
upstream = "upstream-anthropic"
aliases = ["house"]
"""
PARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


class Collector:
    """Takes spans as an OpenTelemetry collector does."""

    def __init__(self):
        spans = self.spans = []

        class Handler(http.server.BaseHTTPRequestHandler):
            def log_message(self, *_):
                pass

            def do_POST(self):
                told = json.loads(self.rfile.read(int(self.headers["content-length"])))
                for resource in told["resourceSpans"]:
                    for scope in resource["scopeSpans"]:
                        spans.extend(scope["spans"])
                self.send_response(200)
                self.send_header("content-length", "0")
                self.end_headers()

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def of(self, exchange):
        for _ in range(100):
            for span in list(self.spans):
                attributes = {each["key"]: next(iter(each["value"].values())) for each in span["attributes"]}
                if attributes["bastide.exchange"] == exchange:
                    return span, attributes
            time.sleep(0.1)
        raise AssertionError(f"no span of {exchange}")


class Routing(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.collector, cls.upstreams = Collector(), Upstreams()
        observed = f'[observability]\notlp_url = "http://127.0.0.1:{cls.collector.server.server_address[1]}/v1/traces"\n'
        cls.bastide = Bastide(cls.upstreams.config + MODELS + observed, env=cls.upstreams.env).add_admin().start()
        cls.client = openai.OpenAI(base_url=cls.bastide.url + "/v1", api_key=cls.bastide.key, max_retries=0)

    @classmethod
    def tearDownClass(cls):
        cls.bastide.close()
        cls.upstreams.close()
        cls.collector.server.shutdown()

    def ask(self, model, text="Bonjour", **more):
        raw = self.client.chat.completions.with_raw_response.create(model=model, messages=[{"role": "user", "content": text}], **more)
        return raw.parse(), raw.headers

    def receipt(self, exchange):
        request = urllib.request.Request(f"{self.bastide.url}/api/exchanges/{exchange}", headers={"authorization": f"Bearer {self.bastide.key}"})
        with urllib.request.urlopen(request, timeout=10) as response:
            return json.load(response)

    def test_a_shared_name_is_listed_and_reaches_all_of_its_models(self):
        listed = [model.id for model in self.client.models.list()]
        self.assertEqual(listed.count("house"), 1)
        self.assertEqual(self.client.models.retrieve("house").id, "house")
        heard = {self.ask("house")[0].choices[0].message.content.split()[0] for _ in range(8)}
        self.assertEqual(heard, {"openai", "anthropic"})

    def test_a_tag_narrows_the_choice(self):
        answer, headers = self.ask("auto:code")
        self.assertEqual(answer.model, "coder")
        reasons = {each["model"]: each["reason"] for each in self.receipt(headers["x-bastide-exchange"])["route"]["candidates"]}
        self.assertEqual((reasons["coder"], reasons["poet"]), ("chosen", "no_tag"))
        with self.assertRaises(openai.NotFoundError):
            self.ask("auto:cooking")

    def test_a_translated_call_says_so_in_its_receipt(self):
        answer, headers = self.ask("on-anthropic", seed=7)
        self.assertTrue(answer.choices[0].message.content.startswith("anthropic heard"))
        self.assertIn("seed", headers["x-bastide-warning"])
        stages = {stage["name"]: stage for stage in self.receipt(headers["x-bastide-exchange"])["stages"]}
        self.assertEqual((stages["compose"]["decision"], stages["guard_out"]["decision"]), ("translated", "translated"))
        self.assertIn("x-bastide-warning", " ".join(stages["compose"]["reasons"]))

    def test_every_call_is_a_span_of_its_callers_trace(self):
        for model, label in (("on-openai", None), ("on-anthropic", None), ("on-gemini", "internal")):
            self.upstreams.seen.clear()
            body = {"extra_body": {"bastide": {"label": label}}} if label else {}
            _, headers = self.ask(model, extra_headers={"traceparent": PARENT}, **body)
            span, attributes = self.collector.of(headers["x-bastide-exchange"])
            self.assertEqual((span["traceId"], span["parentSpanId"]), tuple(PARENT.split("-")[1:3]), model)
            self.assertEqual((attributes["gen_ai.request.model"], attributes["gen_ai.usage.output_tokens"]), (model, "17"))
            told = [sent for _, _, sent, _ in self.upstreams.seen]
            self.assertTrue(any(span["spanId"] in str(sent) for sent in told), told)


if __name__ == "__main__":
    unittest.main()
