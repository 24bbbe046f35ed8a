"""The main job: documents in, a cited and governed answer out, by every door."""
import json
import os
import subprocess
import time
import unittest

import openai

from tests.e2e.bastide import Bastide, EMAIL, MODELS, PASSWORD
from tests.e2e.provider import Provider

AGREEMENT = """# Accord sur le télétravail

## Article 4. Nombre de jours

L'agent à temps partiel peut télétravailler deux jours par semaine au plus.

## Article 5. Demande

Le responsable répond par écrit dans un délai de trente jours.
""".encode()
QUESTION = "Combien de jours par semaine un agent à temps partiel peut-il télétravailler ?"


class MainJob(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.provider = Provider()
        cls.bastide = Bastide(cls.provider.config, models=True, env={"CLOUD_KEY": "sk-provider"}).add_admin().start()
        cls.collection = cls.bastide.collection("Ressources humaines", readers=["everyone"])
        uploaded = cls.bastide.upload(cls.collection, "accord.md", AGREEMENT)
        assert uploaded.status == 201, uploaded.body
        cls.document = uploaded.json["id"]
        view = cls.bastide.wait_document(cls.document)
        assert view["state"] == "ready", view

    @classmethod
    def tearDownClass(cls):
        cls.bastide.close()
        cls.provider.close()

    def setUp(self):
        self.provider.fault = None
        self.provider.bodies.clear()
        self.provider.answer = lambda messages: ["Hello", " there."]

    def test_a_supported_answer_is_cited_and_has_a_receipt(self):
        self.provider.answer = lambda messages: ["Deux jours par semaine", " au plus [1]."]
        _, asked = self.bastide.ask(QUESTION, model="cloud-small", collections=[self.collection])
        events = self.bastide.events(asked["stream"])
        self.assertEqual(events[-1][1], "done", events[-1])
        done = events[-1][2]
        self.assertIn("Deux jours par semaine au plus [1]", done["content"])
        citation = done["citations"][0]
        self.assertEqual(citation["document"], self.document)
        content = self.bastide.call("GET", f"/api/documents/{self.document}/content?passage={citation['passage']}").json
        mark = content["highlight"]
        whole = "\n\n".join(block["text"] for block in content["blocks"])
        self.assertIn("deux jours par semaine", whole[mark["start"]:mark["end"]])
        receipt = self.bastide.call("GET", f"/api/exchanges/{asked['exchange']}").json
        self.assertEqual(len(receipt["stages"]), 12)
        self.assertEqual(receipt["route"]["chosen"], "cloud-small")
        self.assertEqual(receipt["tokens"]["output"], 7)
        self.assertAlmostEqual(receipt["cost"]["amount"], (20 * 1 + 7 * 2) / 1e6)
        self.assertGreater(receipt["energy"]["wh_high"], 0)

    def test_an_invented_answer_is_never_shown(self):
        self.provider.answer = lambda messages: ["Quinze jours par mois, selon le décret de 1998 [1]."]
        _, asked = self.bastide.ask(QUESTION, model="cloud-small", collections=[self.collection])
        events = self.bastide.events(asked["stream"])
        done = events[-1][2]
        self.assertEqual(done["quoting"], "not_supported")
        self.assertNotIn("1998", json.dumps(events))
        self.assertEqual(done["model"], "cloud-small")  # the question did go there: the slip must say so
        self.assertIn("deux jours par semaine", done["content"])

    def test_the_demonstration_model_is_never_believed_about_documents(self):
        _, asked = self.bastide.ask(QUESTION, model="smollm2-135m", collections=[self.collection])
        done = self.bastide.events(asked["stream"])[-1][2]
        self.assertEqual(done["quoting"], "no_model")
        self.assertIn("deux jours par semaine", done["content"])

    def test_says_so_when_nothing_supports_an_answer(self):
        _, asked = self.bastide.ask("Quelle est la hauteur du mont Kilimandjaro ?", collections=[self.collection],
                                    quote_only=True)
        done = self.bastide.events(asked["stream"])[-1][2]
        self.assertEqual(done["quoting"], "nothing_found", done)
        self.assertEqual(done["citations"], [])

    @unittest.skipUnless(MODELS, "no models")
    def test_the_local_model_streams(self):
        _, asked = self.bastide.ask("Say hello in one sentence.", model="smollm2-135m")
        events = self.bastide.events(asked["stream"])
        self.assertEqual(events[-1][1], "done", events[-1])
        text = "".join(data["text"] for _, name, data in events if name == "delta")
        self.assertEqual(text, events[-1][2]["content"])
        self.assertTrue(text.strip())
        self.assertEqual([event[0] for event in events], list(range(1, len(events) + 1)))
        # Resumed from the middle it is the same.
        half = len(events) // 2
        self.assertEqual(self.bastide.events(asked["stream"], after=half), events[half:])

    def test_the_provider_never_receives_personal_data(self):
        def greet(messages):
            token = next(word for word in messages[-1]["content"].split() if word.startswith("["))
            return ["Bien sûr, j’écris à ", token[:4], token[4:], "."]

        self.provider.answer = greet
        _, asked = self.bastide.ask("Écris à jeanne.martin@exemple.fr au sujet de l’IBAN FR7630006000011234567890189",
                                    model="cloud-small")
        events = self.bastide.events(asked["stream"])
        sent = self.provider.bodies[-1]
        for private in ("jeanne.martin", "FR7630006000011234567890189"):
            self.assertNotIn(private, sent)
        masked = next(data for _, name, data in events if name == "masked")
        self.assertIn("jeanne.martin@exemple.fr", [item["original"] for item in masked["items"]])
        self.assertIn("jeanne.martin@exemple.fr", events[-1][2]["content"])

    def test_what_policy_does_not_allow_is_never_sent(self):
        conversation, asked = self.bastide.ask("bonjour", model="cloud-small", label="confidential")
        last = self.bastide.events(asked["stream"])[-1]
        self.assertEqual((last[1], last[2]["code"]), ("error", "refused_by_policy"))
        self.assertEqual(self.provider.bodies, [])
        stored = self.bastide.call("GET", f"/api/conversations/{conversation}", headers={"accept-language": "fr"}).json
        self.assertIn("Rien n’a été transmis", stored["messages"][-1]["error"]["detail"])

    def test_nobody_learns_of_what_they_may_not_read(self):
        other = self.bastide.command("user", "add", "bob@valmont.example", "--role", "member", "--password-stdin",
                                     text="encore un long mot de passe")
        self.assertEqual(other.returncode, 0, other.stderr)
        key = self.bastide.command("key", "create", "--user", "bob@valmont.example", "--name", "k").stdout.strip()
        private = self.bastide.collection("Paie", readers=[f"user:{EMAIL}"])
        document = self.bastide.upload(private, "paie.md", b"# Paie\n\nLa prime exceptionnelle est de 5 000 euros.").json["id"]
        self.bastide.wait_document(document)
        for method, path, body in [("GET", f"/api/collections/{private}", None), ("GET", f"/api/documents/{document}", None),
                                   ("GET", f"/api/documents/{document}/content", None),
                                   ("GET", f"/api/documents/{document}/file", None),
                                   ("GET", f"/api/collections/{private}/documents", None),
                                   ("POST", "/api/search", {"query": "prime", "collections": [private]})]:
            absent = path.replace(private, "col_" + "0" * 26).replace(document, "doc_" + "0" * 26)
            absent_body = {"query": "prime", "collections": ["col_" + "0" * 26]} if body else None
            got, nothing = self.bastide.call(method, path, body, key=key), self.bastide.call(method, absent, absent_body, key=key)
            self.assertEqual((got.status, got.body), (nothing.status, nothing.body), path)
            self.assertEqual(got.status, 404)
        theirs = self.bastide.call("POST", "/api/search", {"query": "prime exceptionnelle", "limit": 50}, key=key).json
        self.assertNotIn(document, [result["document"] for result in theirs["results"]])
        self.assertNotIn("5 000 euros", json.dumps(theirs))
        mine = self.bastide.call("POST", "/api/search", {"query": "prime exceptionnelle"}).json["results"]
        self.assertEqual(mine[0]["document"], document)

    def test_the_official_sdk_does_the_same(self):
        client = openai.OpenAI(base_url=self.bastide.url + "/v1", api_key=self.bastide.key)
        self.assertIn("cloud-small", [model.id for model in client.models.list()])
        answer = client.chat.completions.create(model="cloud-small", messages=[{"role": "user", "content": "hi"}])
        self.assertEqual(answer.choices[0].message.content, "Hello there.")
        self.assertEqual(answer.usage.completion_tokens, 7)
        raw = client.chat.completions.with_raw_response.create(
            model="cloud-small", messages=[{"role": "user", "content": "hi"}])
        exchange = raw.headers["x-bastide-exchange"]
        deadline = time.monotonic() + 5  # stored within a second, behind the answer
        while (got := self.bastide.call("GET", f"/api/exchanges/{exchange}")).status == 404:
            self.assertLess(time.monotonic(), deadline)
            time.sleep(0.05)
        self.assertEqual(got.json["route"]["chosen"], "cloud-small")
        self.assertEqual(got.json["tokens"]["output"], 7)
        self.assertEqual(len(got.json["stages"]), 12)
        mine = self.bastide.call("GET", "/api/me/usage").json
        self.assertGreaterEqual(mine["total"]["tokens"]["output"], 14)
        everybody = self.bastide.call("GET", "/api/admin/usage?by=person").json
        self.assertEqual([row["name"] for row in everybody["usage"]], ["Claire Fabre"])
        self.assertEqual(sum(day["requests"] for day in everybody["days"]), everybody["total"]["requests"])
        keys = self.bastide.call("GET", "/api/admin/usage?by=key").json["usage"]
        self.assertEqual([row["name"] for row in keys], ["test"])
        self.provider.answer = lambda messages: ["Deux jours par semaine au plus [1]."]
        stream = client.chat.completions.create(
            model="cloud-small", messages=[{"role": "user", "content": QUESTION}], stream=True,
            extra_body={"bastide": {"collections": ["Ressources humaines"]}})
        text, bastide = "", None
        for chunk in stream:
            if chunk.choices and chunk.choices[0].delta.content:
                text += chunk.choices[0].delta.content
            bastide = (chunk.model_extra or {}).get("bastide") or bastide
        self.assertIn("Deux jours", text)
        self.assertEqual(bastide["citations"][0]["document"], self.document)
        with self.assertRaises(openai.AuthenticationError):
            openai.OpenAI(base_url=self.bastide.url + "/v1", api_key="bst_wrong").models.list()
        with self.assertRaises(openai.PermissionDeniedError):
            client.chat.completions.create(model="cloud-small", messages=[{"role": "user", "content": "x"}],
                                           extra_body={"bastide": {"label": "confidential"}})

    def test_the_terminal_does_the_same(self):
        said = self.bastide.command("ask", QUESTION, "--collection", "Ressources humaines", "--quote-only")
        self.assertEqual(said.returncode, 0, said.stderr)
        self.assertIn("deux jours par semaine", said.stdout)
        self.assertIn("[1]", said.stdout)
        verified = self.bastide.command("audit", "verify")
        self.assertEqual(verified.returncode, 0, verified.stdout + verified.stderr)

    def test_a_backup_restores_to_the_same(self):
        file = os.path.join(self.bastide.folder, "backup.tar.zst")
        self.assertEqual(self.bastide.command("backup", file).returncode, 0)
        again = Bastide()
        try:
            os.rmdir(again.data)
            restored = again.command("restore", file)
            self.assertEqual(restored.returncode, 0, restored.stderr)
            again.key = self.bastide.key
            again.start()
            found = again.call("POST", "/api/search", {"query": "télétravail temps partiel"}).json["results"]
            self.assertEqual(found[0]["document"], self.document)
        finally:
            again.close()

    def test_in_the_browser(self):
        node = os.path.join(os.environ["BASTIDE_NODE"], "node")
        done = subprocess.run([node, "--test", "--test-concurrency=1", "tests/e2e/browser.e2e.mjs"],
                              capture_output=True, text=True, timeout=400,
                              env=dict(os.environ, BASTIDE_URL=self.bastide.url, BASTIDE_EMAIL=EMAIL, BASTIDE_PASSWORD=PASSWORD))
        self.assertEqual(done.returncode, 0, done.stdout[-6000:] + done.stderr[-2000:])


if __name__ == "__main__":
    unittest.main()
