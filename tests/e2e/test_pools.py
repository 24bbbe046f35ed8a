"""Several servers as one model: a conversation stays where its beginning was sent, others are shared out, and the receipt says why."""
import time
import unittest

from tests.e2e.bastide import Bastide
from tests.e2e.upstreams import Upstreams

MODELS = "".join(f"""
[[model]]
id = "{name}"
provider = "openai"
upstream = "upstream-{name}"
aliases = ["pool"]
weight = {weight}
""" for name, weight in (("left", 1), ("right", 1), ("drained", 0)))


class Pools(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.upstreams = Upstreams()
        cls.bastide = Bastide(cls.upstreams.config + MODELS, env=cls.upstreams.env).add_admin().start()

    @classmethod
    def tearDownClass(cls):
        cls.bastide.close()
        cls.upstreams.close()

    def ask(self, messages, **more):
        reply = self.bastide.call("POST", "/v1/chat/completions", {"model": "pool", "messages": messages, **more})
        self.assertEqual(reply.status, 200, reply.body)
        for _ in range(100):  # its row is written when the answer has been sent
            receipt = self.bastide.call("GET", f"/api/exchanges/{reply.headers['x-bastide-exchange']}").json
            if "stages" in receipt:
                break
            time.sleep(0.02)
        return self.upstreams.seen[-1][3]["model"].removeprefix("upstream-"), receipt

    def talk(self, system, **more):
        """Where the turns of a conversation went, and what the receipts say."""
        messages, went, why = [{"role": "system", "content": system * 100}], [], []
        for turn in range(6):
            messages.append({"role": "user", "content": f"Question {turn}?"})
            member, receipt = self.ask(messages, **more)
            messages.append({"role": "assistant", "content": f"Answer {turn}."})
            went.append(member)
            why += [reason for stage in receipt["stages"] for reason in stage["reasons"] if "models of this name" in reason]
        return went, why

    def check(self, went, why):
        self.assertNotIn("drained", went)
        self.assertEqual(len(why), 6, "each receipt says why")
        self.assertEqual(len(set(went)), 1, went)
        self.assertTrue(all("same beginning" in each for each in why[1:]), why)

    def test_a_conversation_stays_where_it_was(self):
        firsts = set()
        for number in range(4):
            went, why = self.talk(f"You are assistant {number}. ")
            self.check(went, why)
            firsts.add(went[0])
        self.assertEqual(firsts, {"left", "right"}, "different conversations are shared out")

    def test_so_does_one_that_walks_the_stages(self):
        self.check(*self.talk("You serve the house. ", bastide={"label": "internal"}))


if __name__ == "__main__":
    unittest.main()
