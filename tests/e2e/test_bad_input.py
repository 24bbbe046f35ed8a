"""What goes wrong at the doors and behind them: each a clear error of the caller's dialect, and no stream that ends as if it were whole."""
import http.client
import json
import time
import unittest

from tests.e2e.bastide import Bastide
from tests.e2e.upstreams import DIALECTS, Upstreams

# Each door: its path, and the body of a question. `model` stands in the path for Gemini.
DOORS = {
    "openai": lambda model, text, stream=False: ("/v1/chat/completions", {
        "model": model, "stream": stream, "messages": [{"role": "user", "content": text}]}),
    "anthropic": lambda model, text, stream=False: ("/v1/messages", {
        "model": model, "stream": stream, "max_tokens": 99, "messages": [{"role": "user", "content": text}]}),
    "gemini": lambda model, text, stream=False: (
        f"/v1beta/models/{model}:" + ("streamGenerateContent?alt=sse" if stream else "generateContent"),
        {"contents": [{"role": "user", "parts": [{"text": text}]}]}),
}


def error_of(door, answer):
    """The error's message, where the dialect has it."""
    error = answer["error"]
    if door == "anthropic":
        assert answer["type"] == "error", answer
    if door == "gemini":
        assert isinstance(error["code"], int) and error["status"], answer
    return error["message"]


class BadInput(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.upstreams = Upstreams(timeout_s=20)
        cls.bastide = Bastide(cls.upstreams.config, env=cls.upstreams.env).add_admin().start()

    @classmethod
    def tearDownClass(cls):
        cls.bastide.close()
        cls.upstreams.close()

    def post(self, path, body, headers=None):
        connection = http.client.HTTPConnection("127.0.0.1", self.bastide.port, timeout=40)
        data = body if isinstance(body, (bytes, str)) else json.dumps(body)
        connection.request("POST", path, data, {"authorization": "Bearer " + self.bastide.key, "content-type": "application/json", **(headers or {})})
        return connection, connection.getresponse()

    def ask(self, door, model, text, stream=False):
        connection, response = self.post(*DOORS[door](model, text, stream))
        try:
            return response.status, response.read().decode()
        finally:
            connection.close()

    def test_malformed_and_wrong_types(self):
        wrong = {"openai": {"model": "on-openai", "messages": "no"}, "anthropic": {"model": "on-openai", "max_tokens": 9, "messages": [{"role": "user", "content": 7}]},
                 "gemini": {"contents": 7}}
        for door in DOORS:
            path = DOORS[door]("on-anthropic", "q")[0]
            for body in ('{"model": "on-', "[]", "nonsense", json.dumps(wrong[door]), "{" * 3000):
                with self.subTest(door, body=body[:40]):
                    connection, response = self.post(path, body)
                    answer = json.loads(response.read())
                    connection.close()
                    self.assertEqual(response.status, 400, answer)
                    self.assertTrue(error_of(door, answer))
            status, body = self.ask(door, "no-such-model", "q")
            self.assertEqual(status, 404, body)
            self.assertTrue(error_of(door, json.loads(body)))

    def test_a_body_that_is_too_large(self):
        connection = http.client.HTTPConnection("127.0.0.1", self.bastide.port, timeout=40)
        connection.putrequest("POST", "/v1/messages")
        connection.putheader("x-api-key", self.bastide.key)
        connection.putheader("content-length", str(100 << 20))
        connection.endheaders()
        response = connection.getresponse()  # nobody waits for what will not be read
        answer = json.loads(response.read())
        connection.close()
        self.assertEqual((response.status, answer["error"]["type"]), (413, "request_too_large"), answer)

    def test_upstreams_that_do_not_answer_as_they_should(self):
        for door in DOORS:
            for name in DIALECTS:
                for fault in ("html", "error_200", "redirect", "gzip", "short", "server"):
                    with self.subTest(door=door, upstream=name, fault=fault):
                        if door == name and fault == "short":  # passes as bytes, and is cut as it came
                            with self.assertRaises(http.client.IncompleteRead):
                                self.ask(door, f"on-{name}", "fail:" + fault)
                            continue
                        status, body = self.ask(door, f"on-{name}", "fail:" + fault)
                        # The provider's own failure passes in its own words.
                        self.assertEqual(status, 500 if door == name and fault == "server" else 502, body)
                        self.assertTrue(error_of(door, json.loads(body)))

    def test_streams_that_break_are_never_whole(self):
        ends = {"openai": "[DONE]", "anthropic": "message_stop", "gemini": "\"finishReason\""}
        for door in DOORS:
            for name in DIALECTS:
                for fault in ("cut", "mid_stream", "huge"):
                    if fault == "huge" and door == name:
                        continue  # its bytes pass as they are
                    with self.subTest(door=door, upstream=name, fault=fault):
                        status, body = self.ask(door, f"on-{name}", "fail:" + fault + " " * 60, stream=True)
                        # A failure that comes with the first bytes is told before an answer has begun.
                        self.assertIn(status, (200, 502, 529) if fault == "mid_stream" else (200,))
                        self.assertIn("\"error\"", body)
                        self.assertNotIn(ends[door], body)

    def test_addresses_of_images_are_never_fetched(self):
        for url in ("http://127.0.0.1:1/secret", "http://169.254.169.254/latest/meta-data", "file:///etc/passwd"):
            self.upstreams.seen.clear()
            self.post("/v1/messages", {"model": "on-openai", "max_tokens": 9, "messages": [{"role": "user", "content": [
                {"type": "image", "source": {"type": "url", "url": url}}]}]})[0].close()
            self.assertFalse([path for _, path, _, _ in self.upstreams.seen if path.startswith("/latest") or path == "/secret"])

    def test_who_leaves_is_not_waited_for(self):
        for door in DOORS:
            for name in DIALECTS:
                with self.subTest(door=door, upstream=name):
                    # On a busy machine the mock itself may look up late: one of five must be in time.
                    for last in (False, False, False, False, True):
                        took = self.leave(door, name)
                        if took < 0.1 or last:
                            break
                    self.assertLess(took, 0.1)

    def leave(self, door, name):
        """Seconds from leaving in the middle of an answer to the provider's noticing."""
        connection, response = self.post(*DOORS[door](f"on-{name}", "fail:stuck" + " " * 60, stream=True))
        begun = time.monotonic()
        self.assertTrue(response.read1(100))
        left = time.monotonic()
        response.close()
        connection.close()
        heard = self.upstreams.left.get(timeout=10)
        self.assertGreater(heard, begun)
        return heard - left

    def test_the_line_stays_open_while_a_model_thinks(self):
        connection, response = self.post(*DOORS["anthropic"]("on-openai", "fail:think" + " " * 60, stream=True))
        begun = time.monotonic()
        said = response.read1(4000)
        self.assertIn(b"message_start", said)
        said += response.read1(4000) if b"ping" not in said else b""
        self.assertIn(b"ping", said)
        self.assertLess(time.monotonic() - begun, 10.9)
        self.assertIn(b"message_stop", response.read())
        connection.close()


if __name__ == "__main__":
    unittest.main()
