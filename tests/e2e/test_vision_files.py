"""Models that read images: their second file is imported, fetched and removed with them."""
import json
import os
import time
import unittest

from tests.e2e import tiny_models
from tests.e2e.bastide import Bastide


class Vision(unittest.TestCase):
    def setUp(self):
        self.bastide = Bastide()
        self.addCleanup(self.bastide.close)
        self.model, self.projector = (os.path.join(self.bastide.folder, name) for name in ("model.gguf", "mmproj.gguf"))
        tiny_models.write_alphabet(self.model)
        tiny_models.write_eyes(self.projector)

    def command(self, *words, fails=False):
        done = self.bastide.command("model", *words)
        self.assertEqual(done.returncode != 0, fails, done.stderr)
        return done.stdout + done.stderr

    def files(self):
        return sorted(name for name in os.listdir(os.path.join(self.bastide.data, "models")) if not name.startswith("."))

    def test_both_come_and_go_together(self):
        bastide = self.bastide.add_admin().start()
        self.command("import", self.model, "--name", "seeing", "--vision", self.projector)
        self.command("import", self.model, "--name", "blind")
        self.assertEqual(self.files(), ["blind.gguf", "blind.json", "seeing.gguf", "seeing.json", "seeing.mmproj.gguf"])
        self.assertIn("reads images", self.command("list"))
        time.sleep(1.1)  # the folder is looked at once a second
        models = {model["id"]: model for model in bastide.call("GET", "/api/models").json["models"]}
        self.assertIn("vision", models["seeing"]["capabilities"])
        self.assertNotIn("vision", models["blind"]["capabilities"])
        shelf = {model["id"]: model for model in bastide.call("GET", "/api/admin/models").json["models"]}
        self.assertEqual((shelf["seeing"]["reads_images"], shelf["blind"]["reads_images"]), (True, False))
        self.assertEqual(shelf["seeing"]["download_bytes"], os.path.getsize(self.model) + os.path.getsize(self.projector))
        self.command("remove", "seeing")
        self.assertEqual(self.files(), ["blind.gguf", "blind.json"])

    def test_what_is_not_what_it_should_be_is_refused(self):
        self.assertIn("--vision", self.command("import", self.projector, fails=True))
        self.assertIn("mmproj", self.command("import", self.model, "--vision", self.model, fails=True))
        tiny_models.write_gguf(self.projector, {"general.architecture": "clip", "clip.has_audio_encoder": True}, {"a": tiny_models.fill(0.0, 8)})
        self.assertIn("hears", self.command("import", self.model, "--vision", self.projector, fails=True))
        self.assertEqual(self.files() if os.path.isdir(os.path.join(self.bastide.data, "models")) else [], [])

    def test_both_are_fetched_and_the_second_later_too(self):
        entry = {"id": "ours", "name": "Ours", "kind": "chat", "capabilities": ["chat"], "languages": ["fr"], "licence": "own", "context_tokens": 512,
                 "parameters_total": [0.1, 0.1], "parameters_active": [0.1, 0.1], "download_bytes": 300000, "path": self.model}
        for vision in ({}, {"vision": {"path": self.projector}}):
            os.makedirs(os.path.join(self.bastide.data, "models"), exist_ok=True)
            with open(os.path.join(self.bastide.data, "models", "catalogue.json"), "w") as file:
                json.dump([{**entry, **vision}], file)
            self.command("pull", "ours")
            self.assertEqual("ours.mmproj.gguf" in self.files(), bool(vision))
        listed = json.loads(self.command("list", "--json"))["models"]
        self.assertTrue(next(model for model in listed if model["id"] == "ours")["reads_images"])


if __name__ == "__main__":
    unittest.main()
