"""More people than one model answers at once: who waits is told his place in the conversation's stream, until it is his turn."""
import unittest
from concurrent.futures import ThreadPoolExecutor

from tests.e2e.bastide import MODELS, Bastide

MODEL = "smollm2-135m"
AHEAD = 24  # the model writes 16 answers at once at most


@unittest.skipUnless(MODELS, "no demonstration model")
class Queue(unittest.TestCase):
    def setUp(self):
        self.bastide = Bastide(models=True).add_admin().start()
        self.addCleanup(self.bastide.close)

    def complete(self, max_tokens):
        return self.bastide.call("POST", "/v1/chat/completions", {
            "model": MODEL, "messages": [{"role": "user", "content": "Count."}], "max_tokens": max_tokens, "ignore_eos": True}, timeout=300)

    def test_a_conversation_is_told_its_place(self):
        self.assertEqual(self.complete(1).status, 200, "it is loaded")
        with ThreadPoolExecutor(AHEAD) as pool:
            others = [pool.submit(self.complete, 50) for _ in range(AHEAD)]
            _, asked = self.bastide.ask("Say hello.", model=MODEL)
            events = self.bastide.events(asked["stream"], timeout=300)
            self.assertTrue(all(other.result().status == 200 for other in others))
        told = [(at, int(data["decision"])) for at, (_, name, data) in enumerate(events) if name == "stage" and data["name"] == "queue"]
        self.assertGreaterEqual(len(told), 2, [(name, data.get("name")) for _, name, data in events])
        places = [place for _, place in told]
        self.assertGreaterEqual(places[0], 1)
        self.assertEqual(places, sorted(places, reverse=True), "others with fewer answers do not come between here")
        self.assertEqual(places[-1], 0, "the wait is over")
        first_word = next(at for at, (_, name, _) in enumerate(events) if name == "delta")
        self.assertLess(told[-1][0], first_word)
        self.assertEqual(events[-1][1], "done")


if __name__ == "__main__":
    unittest.main()
