"""LoRA adapters by request: imported beside a running server, batched with others, never mixed up with them."""
import os
import time
import unittest
from concurrent.futures import ThreadPoolExecutor

from tests.e2e import tiny_models
from tests.e2e.bastide import Bastide


class Adapters(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.bastide = Bastide().add_admin()
        base = cls.file("base.gguf")
        tiny_models.write_alphabet(base)
        cls.import_file(base, "--name", "alphabet")
        cls.adapter("q")
        cls.bastide.start()

    @classmethod
    def tearDownClass(cls):
        cls.bastide.close()

    @classmethod
    def file(cls, name):
        return os.path.join(cls.bastide.folder, name)

    @classmethod
    def import_file(cls, *words, fails=False):
        done = cls.bastide.command("model", "import", *words)
        assert (done.returncode != 0) == fails, done.stderr
        return done.stderr

    @classmethod
    def adapter(cls, letter):
        tiny_models.write_adapter(cls.file(f"{letter}.gguf"), letter)
        cls.import_file(cls.file(f"{letter}.gguf"), "--name", f"only-{letter}", "--base", "alphabet")

    def ask(self, model, content="ab", max_tokens=5):
        reply = self.bastide.call("POST", "/v1/chat/completions", {
            "model": model, "messages": [{"role": "user", "content": content}], "max_tokens": max_tokens, "temperature": 0})
        self.assertEqual(reply.status, 200, reply.body)
        return reply.json["choices"][0]["message"]["content"], reply.json["usage"]

    def test_each_answers_as_it_was_made(self):
        self.assertEqual(self.ask("alphabet")[0], "cdefg")
        self.assertEqual(self.ask("alphabet:only-q")[0], "qqqqq")
        self.assertEqual(self.ask("alphabet")[0], "cdefg", "the model itself is as before")

    def test_one_comes_and_goes_while_the_server_runs(self):
        self.assertEqual(self.ask("alphabet")[0], "cdefg")
        self.adapter("k")
        time.sleep(1.1)  # the folder is looked at once a second
        listed = {model["id"] for model in self.bastide.call("GET", "/v1/models").json["data"]}
        self.assertIn("alphabet:only-k", listed)
        self.assertEqual(self.ask("alphabet:only-k")[0], "kkkkk")
        self.assertEqual(self.bastide.command("model", "remove", "alphabet:only-k").returncode, 0)
        time.sleep(1.1)
        gone = self.bastide.call("POST", "/v1/chat/completions", {"model": "alphabet:only-k", "messages": [{"role": "user", "content": "a"}]})
        self.assertEqual(gone.status, 404, gone.body)

    def test_many_at_once_are_not_mixed_up(self):
        for letter in "xyz":
            self.adapter(letter)
        time.sleep(1.1)
        wanted = [("alphabet", "cdefghijklmnop"[:12])] + [(f"alphabet:only-{letter}", letter * 12) for letter in "qxyz"]
        with ThreadPoolExecutor(10) as pool:
            got = list(pool.map(lambda each: self.ask(each[0], max_tokens=12)[0], wanted * 6))
        self.assertEqual(got, [text for _, text in wanted] * 6)

    def test_what_was_computed_belongs_to_the_adapter(self):
        prompt = "hgfedcba" * 20
        self.ask("alphabet:only-q", prompt)
        again = self.ask("alphabet:only-q", prompt)[1]
        self.assertEqual(again["prompt_tokens_details"]["cached_tokens"], again["prompt_tokens"] - 1)
        other = self.ask("alphabet", prompt)[1]
        self.assertLess(other["prompt_tokens_details"]["cached_tokens"], 3, "the first of all prompts at most")

    def test_what_does_not_fit_is_refused(self):
        reranker = self.file("reranker.gguf")
        tiny_models.write_reranker(reranker)
        adapter = self.file("q.gguf")
        self.assertIn("--base", self.import_file(adapter, fails=True))
        self.assertIn("no chat model", self.import_file(adapter, "--base", "nobody", "--name", "n", fails=True).lower())
        self.assertIn("not an adapter", self.import_file(reranker, "--base", "alphabet", "--name", "n", fails=True))
        narrow = self.file("narrow.gguf")  # of the same kind, but made for another model
        tiny_models.write_gguf(narrow, {"general.architecture": "llama", "general.type": "adapter", "adapter.type": "lora", "adapter.lora.alpha": 1.0},
                               {"output.weight.lora_a": tiny_models.fill(1.0, 32, 1), "output.weight.lora_b": tiny_models.fill(1.0, 1, 32)})
        self.import_file(narrow, "--base", "alphabet", "--name", "narrow")
        time.sleep(1.1)
        reply = self.bastide.call("POST", "/v1/chat/completions", {"model": "alphabet:narrow", "messages": [{"role": "user", "content": "a"}]})
        self.assertEqual(reply.status, 503, reply.body)
        self.assertIn("adapter", reply.json["error"]["message"])
        self.assertEqual(self.ask("alphabet")[0], "cdefg", "the worker goes on")


if __name__ == "__main__":
    unittest.main()
