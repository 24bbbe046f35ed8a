"""Answers under a JSON schema from a model of this machine: in each dialect and as a stream, and by name where it cannot be promised."""
import json
import re
import unittest

from tests.e2e.bastide import Bastide

SCHEMA = {"type": "object", "properties": {
    "town": {"type": "string", "pattern": "^[A-Z][a-z]{2,8}$"}, "floors": {"type": "integer", "minimum": 3, "maximum": 17},
    "uses": {"type": "array", "items": {"enum": ["offices", "homes"]}, "minItems": 1, "maxItems": 2}},
    "required": ["town", "floors", "uses"], "additionalProperties": False}
ASKED = "Describe a house as JSON."


class Schemas(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.bastide = Bastide(models=True).add_admin()
        cls.bastide.start()

    @classmethod
    def tearDownClass(cls):
        cls.bastide.close()

    def chat(self, schema, **more):
        headers = more.pop("headers", None)
        return self.bastide.call("POST", "/v1/chat/completions", {
            "model": "smollm2-135m", "max_tokens": 200, "messages": [{"role": "user", "content": ASKED}],
            "response_format": {"type": "json_schema", "json_schema": {"name": "house", "strict": True, "schema": schema}}, **more},
            headers=headers)

    def expect_house(self, text):
        house = json.loads(text)
        self.assertEqual(list(house), ["town", "floors", "uses"])
        self.assertRegex(house["town"], "^[A-Z][a-z]{2,8}$")
        self.assertTrue(isinstance(house["floors"], int) and 3 <= house["floors"] <= 17, house)
        self.assertTrue(1 <= len(house["uses"]) <= 2 and set(house["uses"]) <= {"offices", "homes"}, house)

    def test_each_dialect_holds_it(self):
        for seed in range(4):
            answer = self.chat(SCHEMA, seed=seed, temperature=1.2)
            self.assertEqual(answer.status, 200, answer.body)
            self.expect_house(answer.json["choices"][0]["message"]["content"])
        responses = self.bastide.call("POST", "/v1/responses", {
            "model": "smollm2-135m", "max_output_tokens": 200, "input": ASKED,
            "text": {"format": {"type": "json_schema", "name": "house", "strict": True, "schema": SCHEMA}}})
        self.assertEqual(responses.status, 200, responses.body)
        self.expect_house(responses.json["output"][-1]["content"][0]["text"])
        anthropic = self.bastide.call("POST", "/v1/messages", {
            "model": "smollm2-135m", "max_tokens": 200, "messages": [{"role": "user", "content": ASKED}],
            "output_config": {"format": {"type": "json_schema", "schema": SCHEMA}}})
        self.assertEqual(anthropic.status, 200, anthropic.body)
        self.expect_house(anthropic.json["content"][0]["text"])
        gemini = self.bastide.call("POST", "/v1beta/models/smollm2-135m:generateContent", {
            "contents": [{"role": "user", "parts": [{"text": ASKED}]}],
            "generationConfig": {"maxOutputTokens": 200, "responseMimeType": "application/json", "responseJsonSchema": SCHEMA}})
        self.assertEqual(gemini.status, 200, gemini.body)
        self.expect_house(gemini.json["candidates"][0]["content"]["parts"][0]["text"])

    def test_a_stream_holds_it(self):
        answer = self.chat(SCHEMA, stream=True)
        self.assertEqual(answer.status, 200, answer.body)
        events = [json.loads(line[6:]) for line in answer.body.decode().splitlines() if line.startswith("data: {")]
        self.expect_house("".join(each["choices"][0]["delta"].get("content") or "" for each in events if each["choices"]))

    def test_items_differ(self):
        for items in ({"type": "string"}, {"type": "integer", "minimum": 0}, {"type": "string", "pattern": "^[a-c]+$"}):
            schema = {"type": "array", "items": items, "uniqueItems": True, "minItems": 6, "maxItems": 8}
            for temperature in 0, 1.5:
                answer = self.chat(schema, seed=3, temperature=temperature, max_tokens=400)
                self.assertEqual(answer.status, 200, answer.body)
                choice = answer.json["choices"][0]
                if choice["finish_reason"] == "stop":
                    items_ = json.loads(choice["message"]["content"])
                    self.assertTrue(6 <= len(items_) <= 8 and len(set(items_)) == len(items_), items_)
                else:
                    self.assertEqual(choice["finish_reason"], "length")

    def test_what_cannot_be_promised_is_refused_by_name(self):
        schema = {"type": "object", "properties": {"tags": {"type": "array", "items": {"type": "object"}, "uniqueItems": True}}}
        for language, word in (("en", "cannot"), ("fr", "ne peut")):
            answer = self.chat(schema, headers={"accept-language": language})
            self.assertEqual(answer.status, 400, answer.body)
            message = answer.json["error"]["message"]
            self.assertIn("/properties/tags", message)
            self.assertIn("uniqueItems", message)
            self.assertIsNotNone(re.search(word, message), message)


if __name__ == "__main__":
    unittest.main()
