"""Clients that people use, unmodified, each against providers of all four dialects: JavaScript's SDKs, the Vercel AI SDK, LangChain,
PydanticAI. They run as programs of their own; tests/e2e/run installs them."""
import os
import subprocess
import unittest

from tests.e2e.bastide import Bastide
from tests.e2e.upstreams import Upstreams


class Clients(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.upstreams = Upstreams()
        cls.bastide = Bastide(cls.upstreams.config, env=cls.upstreams.env).add_admin().start()

    @classmethod
    def tearDownClass(cls):
        cls.bastide.close()
        cls.upstreams.close()

    def passes(self, *words):
        done = subprocess.run(words, capture_output=True, text=True, timeout=400, env=dict(
            os.environ, BASTIDE_URL=self.bastide.url, BASTIDE_KEY=self.bastide.key, AI_SDK_LOG_WARNINGS="false"))
        self.assertEqual(done.returncode, 0, done.stdout[-6000:] + done.stderr[-6000:])
        # What our encoders wrote was never what a strict server refuses by itself.
        self.assertEqual([why for why in self.upstreams.refused if not why[1].startswith("mock:")], [])

    def test_javascript(self):
        self.passes(os.path.join(os.environ["BASTIDE_NODE"], "node"), "--test", "tests/e2e/clients/javascript.e2e.mjs")

    def test_frameworks_of_python(self):
        self.passes(os.environ["BASTIDE_FRAMEWORKS"], "tests/e2e/clients/frameworks.py")
