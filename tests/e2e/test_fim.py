"""Gaps in a text filled: by a model of this machine, by Mistral as bytes and through the stages, and refused where a model cannot."""
import json
import os
import unittest

from mistralai.client import Mistral

from tests.e2e import tiny_models
from tests.e2e.bastide import Bastide
from tests.e2e.upstreams import Upstreams

MODEL = """
[[model]]
id = "coder"
provider = "mistral"
upstream = "upstream-coder"
capabilities = ["chat", "fim"]
"""


class Fim(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.upstreams = Upstreams(zone="FR")
        cls.bastide = Bastide(cls.upstreams.config + MODEL, env=cls.upstreams.env).add_admin()
        for name, fills in (("alphabet", True), ("words", False)):
            file = os.path.join(cls.bastide.folder, name + ".gguf")
            tiny_models.write_alphabet(file, fills)
            imported = cls.bastide.command("model", "import", file, "--name", name)
            assert imported.returncode == 0, imported.stderr
        cls.bastide.start()
        cls.client = Mistral(api_key=cls.bastide.key, server_url=cls.bastide.url)

    @classmethod
    def tearDownClass(cls):
        cls.bastide.close()
        cls.upstreams.close()

    def test_a_local_model_fills_the_gap(self):
        answer = self.client.fim.complete(model="alphabet", prompt="abc", suffix="hello", temperature=0)
        self.assertEqual(answer.choices[0].message.content, "xyz")
        # <s>, three marks, the letters before and after: the mark of the gap is read last.
        self.assertEqual(answer.usage.prompt_tokens, 1 + 3 + 3 + 5)
        self.assertEqual(self.client.fim.complete(model="alphabet", prompt="abc", temperature=0).choices[0].message.content, "xyz")
        short = self.client.fim.complete(model="alphabet", prompt="abc", suffix="d", max_tokens=2, temperature=0)
        self.assertEqual((short.choices[0].message.content, short.choices[0].finish_reason), ("xy", "length"))
        stopped = self.client.fim.complete(model="alphabet", prompt="abc", suffix="d", stop=["z"], temperature=0)
        self.assertEqual(stopped.choices[0].message.content, "xy")

    def test_it_streams(self):
        with self.client.fim.stream(model="alphabet", prompt="abc", suffix="d", temperature=0) as events:
            chunks = [event.data for event in events]
        self.assertEqual("".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices), "xyz")

    def test_marks_in_the_text_are_text(self):
        answer = self.client.fim.complete(model="alphabet", prompt="<fim_middle>", temperature=0)
        self.assertEqual(answer.usage.prompt_tokens, 1 + 3 + len("<fim_middle>"))

    def test_mistral_gets_the_bytes(self):
        answer = self.client.fim.complete(model="coder", prompt="def f(", suffix="return x", max_tokens=64)
        self.assertTrue(answer.choices[0].message.content)
        dialect, path, _, body = self.upstreams.seen[-1]
        self.assertEqual((dialect, path, body["model"]), ("mistral", "/v1/fim/completions", "upstream-coder"))
        self.assertEqual((body["prompt"], body["suffix"], body["max_tokens"]), ("def f(", "return x", 64))

    def test_personal_data_stays_inside(self):
        reply = self.bastide.call("POST", "/v1/fim/completions", {
            "model": "coder", "prompt": "# write to claire@valmont.example\n", "suffix": "send()", "max_tokens": 32, "random_seed": 7, "stop": ["##"]})
        self.assertEqual(reply.status, 200, reply.body)
        body = self.upstreams.seen[-1][3]
        self.assertNotIn("claire@valmont.example", json.dumps(body))
        self.assertTrue(body["prompt"].startswith("# write to "))
        self.assertEqual((body["suffix"], body["max_tokens"], body["random_seed"], body["stop"]), ("send()", 32, 7, ["##"]))
        receipt = self.bastide.call("GET", f"/api/exchanges/{reply.headers['x-bastide-exchange']}").json
        self.assertEqual([each["type"] for each in receipt["guard"]["masked"]], ["email"])

    def test_a_model_that_cannot_says_so(self):
        for model in ("words", "on-mistral", "on-openai"):
            with self.subTest(model):
                reply = self.bastide.call("POST", "/v1/fim/completions", {"model": model, "prompt": "a", "suffix": "b"})
                self.assertEqual(reply.status, 400, reply.body)
                self.assertIn("fim", reply.json["error"]["message"])
        for wrong in ({}, {"prompt": 7}, {"prompt": "a", "suffix": []}):
            with self.subTest(wrong=wrong):
                self.assertEqual(self.bastide.call("POST", "/v1/fim/completions", {"model": "alphabet", **wrong}).status, 400)


if __name__ == "__main__":
    unittest.main()
