"""Documents in the order of their relevance: by a reranker of this machine, by providers, under the rules of every call."""
import os
import unittest

from tests.e2e import tiny_models
from tests.e2e.bastide import Bastide
from tests.e2e.upstreams import Upstreams

DOCUMENTS = ["word word", "good word", {"text": "good good good"}, "bad"]


class Rerank(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.upstreams = Upstreams(zone="FR")
        cls.bastide = Bastide(cls.upstreams.config, env=cls.upstreams.env).add_admin()
        file = os.path.join(cls.bastide.folder, "tiny.gguf")
        tiny_models.write_reranker(file)
        imported = cls.bastide.command("model", "import", file, "--name", "tiny-reranker")
        assert imported.returncode == 0, imported.stderr
        cls.bastide.start()

    @classmethod
    def tearDownClass(cls):
        cls.bastide.close()
        cls.upstreams.close()

    def rank(self, model, documents=None, query="word", path="/v1/rerank", **more):
        return self.bastide.call("POST", path, {"model": model, "query": query, "documents": documents or DOCUMENTS, **more})

    def test_a_local_model_ranks_and_leaves_a_receipt(self):
        reply = self.rank("tiny-reranker", top_n=3, return_documents=True)
        self.assertEqual(reply.status, 200, reply.body)
        answer = reply.json
        self.assertEqual([each["index"] for each in answer["results"]], [2, 1, 0])
        self.assertEqual(answer["results"][0]["document"], {"text": "good good good"})
        scores = [each["relevance_score"] for each in answer["results"]]
        self.assertEqual(scores, sorted(scores, reverse=True))
        self.assertTrue(all(0 < score < 1 for score in scores), scores)
        self.assertEqual(answer["usage"]["total_tokens"], 4 * 3 + 2 + 2 + 3 + 1)
        exchange = reply.headers["x-bastide-exchange"]
        self.assertIn("x-ratelimit-remaining-requests", reply.headers)
        receipt = self.bastide.call("GET", f"/api/exchanges/{exchange}").json
        self.assertEqual(receipt["route"]["chosen"], "tiny-reranker")
        self.assertEqual(receipt["tokens"]["input"], answer["usage"]["total_tokens"])
        self.assertEqual(receipt["label"], "internal")
        self.assertNotIn("good", str(receipt["stages"]))
        self.assertEqual(self.rank("auto", top_n=1).json["model"], "tiny-reranker", "the smallest that can")

    def test_a_provider_ranks_without_what_must_not_leave(self):
        documents = ["cats", "dogs and cats", "Écrire à claire@valmont.example au sujet des dogs"]
        reply = self.rank("rank-openai", documents, query="dogs", path="/v2/rerank")
        self.assertEqual(reply.status, 200, reply.body)
        self.assertEqual(sorted(each["index"] for each in reply.json["results"][:2]), [1, 2])
        self.assertNotIn("document", reply.json["results"][0])
        self.assertEqual(reply.json["usage"]["total_tokens"], 11)
        sent = self.upstreams.seen[-1][3]
        self.assertEqual(sent["model"], "upstream-reranker")
        self.assertNotIn("claire@valmont.example", str(sent), "personal data stays inside")
        receipt = self.bastide.call("GET", f"/api/exchanges/{reply.headers['x-bastide-exchange']}").json
        self.assertEqual([each["type"] for each in receipt["guard"]["masked"]], ["email"])

    def test_policy_keys_and_wrong_fields(self):
        asked = len(self.upstreams.seen)
        secret = self.rank("rank-openai", bastide={"label": "secret"})
        self.assertEqual(secret.status, 403, secret.body)
        self.assertEqual(len(self.upstreams.seen), asked, "nothing was sent")
        self.assertEqual(self.rank("on-openai").status, 400)
        self.assertEqual(self.rank("no-such-model").status, 404)
        self.assertEqual(self.bastide.call("POST", "/v1/rerank", {}, key="nonsense").status, 401)
        for wrong in ({"documents": "no"}, {"documents": [7]}, {"documents": [{"title": "t"}]}, {"query": ""}, {"top_n": 0},
                      {"return_documents": 1}, {"rank_fields": ["a"]}, {"documents": ["d"] * 1001}):
            with self.subTest(str(wrong)[:60]):
                reply = self.bastide.call("POST", "/v1/rerank", {"model": "tiny-reranker", "query": "q", "documents": ["d"], **wrong})
                self.assertEqual(reply.status, 400, reply.body)
                self.assertTrue(reply.json["error"]["message"])


if __name__ == "__main__":
    unittest.main()
