"""Images for a local model: in each dialect, refused where nobody sees, and never fetched from an address."""
import base64
import os
import struct
import unittest
import zlib

from tests.e2e import tiny_models
from tests.e2e.bastide import Bastide


def png(red, green, blue, side=16):
    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
    rows = (b"\0" + bytes((red, green, blue)) * side) * side
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)) + \
        chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


COLOURS = {"stuv": png(255, 0, 0), "hijk": png(0, 255, 0), "cdef": png(0, 0, 255)}


class Seeing(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.bastide = Bastide().add_admin()
        text, eyes = (os.path.join(cls.bastide.folder, name) for name in ("text.gguf", "eyes.gguf"))
        tiny_models.write_alphabet(text)
        tiny_models.write_eyes(eyes)
        for words in ((text, "--name", "blind"), (text, "--name", "seeing", "--vision", eyes)):
            done = cls.bastide.command("model", "import", *words)
            assert done.returncode == 0, done.stderr
        cls.bastide.start()

    @classmethod
    def tearDownClass(cls):
        cls.bastide.close()

    def ask(self, url, model="seeing", **headers):
        return self.bastide.call("POST", "/v1/chat/completions", {
            "model": model, "max_tokens": 4, "temperature": 0,
            "messages": [{"role": "user", "content": [{"type": "text", "text": "ab"}, {"type": "image_url", "image_url": {"url": url}}]}]}, **headers)

    def test_it_sees_in_each_dialect(self):
        for wanted, image in COLOURS.items():
            data = base64.b64encode(image).decode()
            openai = self.ask("data:image/png;base64," + data)
            self.assertEqual(openai.status, 200, openai.body)
            self.assertEqual(openai.json["choices"][0]["message"]["content"], wanted)
            self.assertEqual(openai.json["usage"]["prompt_tokens"], 1 + 2 + 4, "an image of four tokens")
            anthropic = self.bastide.call("POST", "/v1/messages", {"model": "seeing", "max_tokens": 4, "temperature": 0, "messages": [
                {"role": "user", "content": [{"type": "text", "text": "ab"},
                                             {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": data}}]}]})
            self.assertEqual(anthropic.status, 200, anthropic.body)
            self.assertEqual(anthropic.json["content"][0]["text"], wanted)
            gemini = self.bastide.call("POST", "/v1beta/models/seeing:generateContent", {
                "contents": [{"role": "user", "parts": [{"text": "ab"}, {"inlineData": {"mimeType": "image/png", "data": data}}]}],
                "generationConfig": {"maxOutputTokens": 4, "temperature": 0}})
            self.assertEqual(gemini.status, 200, gemini.body)
            self.assertEqual(gemini.json["candidates"][0]["content"]["parts"][0]["text"], wanted)

    def test_who_does_not_see_says_so(self):
        listed = {model["id"]: model for model in self.bastide.call("GET", "/v1/models").json["data"]}
        self.assertIn("seeing", listed)
        refused = self.ask("data:image/png;base64," + base64.b64encode(COLOURS["stuv"]).decode(), model="blind")
        self.assertEqual(refused.status, 400, refused.body)

    def test_nothing_is_fetched_from_an_address(self):
        refused = self.ask("https://example.org/cat.png")
        self.assertEqual(refused.status, 400, refused.body)
        self.assertIn("address", refused.json["error"]["message"])

    def test_what_is_no_image_is_refused_by_name(self):
        refused = self.ask("data:image/png;base64," + base64.b64encode(b"GIF89a nothing").decode())
        self.assertEqual(refused.status, 400, refused.body)
        self.assertIn("PNG", refused.body if isinstance(refused.body, str) else refused.body.decode())
        cut = self.ask("data:image/png;base64," + base64.b64encode(COLOURS["stuv"][:40]).decode())
        self.assertEqual(cut.status, 400, cut.body)
        self.assertEqual(self.ask("data:image/png;base64," + base64.b64encode(COLOURS["stuv"]).decode()).status, 200, "it goes on")
