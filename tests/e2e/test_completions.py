"""/v1/completions with OpenAI's SDK: a model of this machine goes on from a text, a provider gets the bytes or what the stages make of
them, and what cannot be said is refused by name."""
import json
import os
import unittest

import openai

from tests.e2e import tiny_models
from tests.e2e.bastide import Bastide
from tests.e2e.upstreams import Upstreams


class Completions(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.upstreams = Upstreams(zone="FR")
        cls.bastide = Bastide(cls.upstreams.config, env=cls.upstreams.env).add_admin()
        for name, fills in (("alphabet", True), ("words", False)):
            file = os.path.join(cls.bastide.folder, name + ".gguf")
            tiny_models.write_alphabet(file, fills)
            imported = cls.bastide.command("model", "import", file, "--name", name)
            assert imported.returncode == 0, imported.stderr
        cls.bastide.start()
        cls.client = openai.OpenAI(base_url=cls.bastide.url + "/v1", api_key=cls.bastide.key, max_retries=0)

    @classmethod
    def tearDownClass(cls):
        cls.bastide.close()
        cls.upstreams.close()

    def create(self, model="alphabet", prompt="abc", **more):
        return self.client.completions.create(model=model, prompt=prompt, temperature=0, **more)

    def test_a_local_model_goes_on(self):
        answer = self.create(prompt="uvw")
        self.assertEqual((answer.object, answer.choices[0].text, answer.choices[0].finish_reason), ("text_completion", "xyz", "stop"))
        # <s> and three letters: no template.
        self.assertEqual((answer.usage.prompt_tokens, answer.usage.total_tokens), (4, 8))
        short = self.create(max_tokens=2)
        self.assertEqual((short.choices[0].text, short.choices[0].finish_reason), ("de", "length"))
        self.assertEqual(len(self.create().choices[0].text), 16)  # as much as nobody limits
        self.assertEqual(self.create(stop=["h"], max_tokens=32).choices[0].text, "defg")
        receipt = self.bastide.call("GET", f"/api/exchanges/{json.loads(self.raw({}).body)['bastide']['exchange']}").json
        self.assertEqual(receipt["route"]["chosen"], "alphabet")

    def raw(self, more):
        return self.bastide.call("POST", "/v1/completions", {"model": "alphabet", "prompt": "abc", "max_tokens": 2, "temperature": 0, **more})

    def test_a_models_marks_in_the_text_are_marks(self):
        answer = self.create(model="words", prompt="<s>abc", max_tokens=1)
        self.assertEqual(answer.usage.prompt_tokens, 1 + 1 + 3)

    def test_it_streams(self):
        chunks = list(self.create(prompt="uvw", stream=True, stream_options={"include_usage": True}))
        self.assertEqual("".join(chunk.choices[0].text for chunk in chunks if chunk.choices), "xyz")
        self.assertEqual({chunk.object for chunk in chunks}, {"text_completion"})
        self.assertEqual((chunks[-2].choices[0].finish_reason, chunks[-1].usage.completion_tokens), ("stop", 4))

    def test_several_prompts_and_answers(self):
        answer = self.create(prompt=["a", "m", "w"], n=2, max_tokens=3, echo=True)
        self.assertEqual([(choice.index, choice.text) for choice in answer.choices],
                         [(0, "abcd"), (1, "abcd"), (2, "mnop"), (3, "mnop"), (4, "wxyz"), (5, "wxyz")])
        self.assertEqual(answer.usage.completion_tokens, 18)
        many = self.create(prompt=["a", "m"] * 12, max_tokens=1)  # more than run at once
        self.assertEqual("".join(choice.text for choice in many.choices), "bn" * 12)
        texts = {}
        for chunk in self.create(prompt=["a", "m"], max_tokens=3, echo=True, stream=True):
            for choice in chunk.choices:
                texts[choice.index] = texts.get(choice.index, "") + choice.text
        self.assertEqual(texts, {0: "abcd", 1: "mnop"})

    def test_how_likely_tokens_were(self):
        logprobs = self.create(max_tokens=3, logprobs=2).choices[0].logprobs
        self.assertEqual((logprobs.tokens, logprobs.text_offset), (["d", "e", "f"], [0, 1, 2]))
        self.assertEqual([len(each) for each in logprobs.top_logprobs], [2, 2, 2])
        self.assertEqual(logprobs.top_logprobs[0]["d"], logprobs.token_logprobs[0])

    def test_a_gap_is_filled(self):
        self.assertEqual(self.create(suffix="hello").choices[0].text, "xyz")
        with self.assertRaisesRegex(openai.BadRequestError, "fim"):
            self.create(model="words", suffix="hello")

    def test_a_provider_gets_the_bytes(self):
        answer = self.create(model="text-openai", prompt="Once", max_tokens=32, best_of=1, extra_body={"logprobs": 0, "echo": True})
        self.assertEqual(answer.choices[0].text, "openai heard « Once… ».")
        dialect, path, _, body = self.upstreams.seen[-1]
        self.assertEqual((dialect, path), ("openai", "/v1/completions"))
        self.assertEqual(body, {"model": "upstream-text", "prompt": "Once", "max_tokens": 32, "temperature": 0, "best_of": 1, "logprobs": 0, "echo": True})
        chunks = self.create(model="text-openai", prompt="Once", max_tokens=32, stream=True)
        text = "".join(chunk.choices[0].text for chunk in chunks if chunk.choices)
        self.assertEqual(text, "openai heard « Once… ».")

    def test_a_provider_through_the_stages(self):
        answer = self.create(model="text-openai", prompt=["one", "two"], max_tokens=32, suffix="end")
        self.assertEqual([choice.text for choice in answer.choices], ["openai heard « one…end ».", "openai heard « two…end »."])
        self.assertEqual(sorted(body["prompt"] for _, path, _, body in self.upstreams.seen[-2:]), ["one", "two"])
        answer = self.create(model="text-mistral", prompt="Once", max_tokens=32)
        self.assertEqual(answer.choices[0].text, "mistral heard « Once… ».")
        self.assertEqual(self.upstreams.seen[-1][1], "/v1/fim/completions")
        gap = self.bastide.call("POST", "/v1/fim/completions", {"model": "text-openai", "prompt": "a", "suffix": "b", "max_tokens": 32})
        self.assertEqual(gap.json["choices"][0]["message"]["content"], "openai heard « a…b ».")
        self.assertEqual(self.upstreams.seen[-1][1], "/v1/completions")

    def test_personal_data_stays_inside(self):
        reply = self.bastide.call("POST", "/v1/completions", {"model": "text-openai", "prompt": "Write to claire@valmont.example now", "max_tokens": 64})
        self.assertEqual(reply.status, 200, reply.body)
        self.assertNotIn("claire@valmont.example", json.dumps(self.upstreams.seen[-1][3]))
        self.assertIn("claire@valmont.example", reply.json["choices"][0]["text"])

    def test_what_cannot_be_said_is_refused_by_name(self):
        for field, more in (("echo", {"echo": True, "logprobs": 1}), ("best_of", {"best_of": 3}), ("max_tokens", {"max_tokens": 0}),
                            ("prompt", {"prompt": [1, 2, 3]}), ("prompt", {"prompt": ""}), ("messages", {"messages": []}),
                            ("bastide.collections", {"bastide": {"collections": ["x"]}})):
            with self.subTest(field=field, more=more):
                reply = self.raw(more)
                self.assertEqual((reply.status, reply.json["error"]["param"]), (400, field), reply.body)
        for model in ("on-openai", "on-anthropic"):
            with self.subTest(model):
                reply = self.raw({"model": model})
                self.assertEqual(reply.status, 400, reply.body)
                self.assertIn("completions", reply.json["error"]["message"])
        self.assertEqual(self.raw({"prompt": ["a"] * 40, "n": 2}).status, 413)
        self.assertEqual(self.raw({"model": "nobody"}).status, 404)


if __name__ == "__main__":
    unittest.main()
