"""State that programs keep with us: stored responses, by the official OpenAI SDK, unmodified."""
import json
import time
import unittest
import warnings

import openai

from tests.e2e.bastide import EMAIL, Bastide
from tests.e2e.upstreams import Upstreams

INSIDE = """
[[provider]]
id = "inside"
dialect = "openai"
base_url = "{url}/openai/v1"
key_env = "KEY_OPENAI"
zone = "walls"
[[model]]
id = "inside"
provider = "inside"
upstream = "upstream-inside"
context_tokens = 32000
price = {{ input = 1.0, output = 2.0 }}
[[policy.allow]]
label = "confidential"
zones = ["walls"]
"""


class House(unittest.TestCase):
    """A Bastide with providers outside the walls and one within, and two people."""
    more = ""

    @classmethod
    def setUpClass(cls):
        cls.upstreams = Upstreams(zone="eu")
        config = cls.upstreams.config + INSIDE.format(url=f"http://127.0.0.1:{cls.upstreams.server.server_address[1]}") + cls.more
        cls.bastide = Bastide(config, env=cls.upstreams.env).add_admin()
        added = cls.bastide.command("user", "add", "bob@valmont.example", "--role", "member", "--password-stdin", text="un autre mot de passe")
        assert added.returncode == 0, added.stderr
        cls.keys = {"ada": cls.bastide.key, "ada2": cls.key(EMAIL), "bob": cls.key("bob@valmont.example")}
        cls.bastide.start()

    @classmethod
    def key(cls, email):
        made = cls.bastide.command("key", "create", "--user", email, "--name", "other")
        assert made.returncode == 0, made.stderr
        return made.stdout.strip()

    @classmethod
    def tearDownClass(cls):
        cls.bastide.close()
        cls.upstreams.close()

    def setUp(self):
        warnings.simplefilter("ignore", ResourceWarning)
        self.ada = self.client("ada")
        self.bob = self.client("bob")

    def client(self, who):
        return openai.OpenAI(base_url=self.bastide.url + "/v1", api_key=self.keys[who], max_retries=0)

    def restart(self):
        self.bastide.kill()
        self.bastide.start()


class Stored(House):
    def turns(self):
        """What the last provider was asked, as (role, text), whatever its dialect."""
        dialect, _, _, body = self.upstreams.seen[-1]
        text = lambda content: content if isinstance(content, str) else "".join(part.get("text", "") for part in content)
        if dialect == "gemini":
            return [("assistant" if c["role"] == "model" else c["role"], text(c["parts"])) for c in body["contents"]]
        return [(m["role"], text(m["content"])) for m in body["messages"] if m["role"] != "system"]

    def test_a_conversation_goes_on_by_id_across_providers(self):
        first = self.ada.responses.create(model="on-openai", input="My colour is blue.", instructions="a poet", metadata={"k": "v"})
        self.assertEqual((first.status, first.store, first.metadata), ("completed", True, {"k": "v"}))
        second = self.ada.responses.create(model="on-anthropic", input="And now?", previous_response_id=first.id)
        self.assertEqual(second.previous_response_id, first.id)
        self.assertEqual(self.turns(), [("user", "My colour is blue."), ("assistant", first.output_text), ("user", "And now?")])
        self.assertNotIn("system", self.upstreams.seen[-1][3])  # instructions are not carried over
        third = self.ada.responses.create(model="on-gemini", input=[{"role": "user", "content": "Last."}], previous_response_id=second.id)
        self.assertEqual([text for _, text in self.turns()], ["My colour is blue.", first.output_text, "And now?", second.output_text, "Last."])
        branch = self.ada.responses.create(model="on-mistral", input="Else?", previous_response_id=first.id)
        self.assertEqual(len(self.turns()), 3)
        self.assertEqual(self.ada.responses.retrieve(third.id).output_text, third.output_text)
        self.assertEqual(self.ada.responses.retrieve(branch.id).to_dict(), branch.to_dict())

    def test_tools_go_on_without_their_call_being_sent_again(self):
        tools = [{"type": "function", "name": "weather", "parameters": {"type": "object", "properties": {"city": {"type": "string"}}}, "strict": False}]
        first = self.ada.responses.create(model="on-openai", input="Weather?", tools=tools)
        call = next(item for item in first.output if item.type == "function_call")
        second = self.ada.responses.create(model="on-anthropic", previous_response_id=first.id, tools=tools,
                                           input=[{"type": "function_call_output", "call_id": call.call_id, "output": "21"}])
        self.assertEqual(second.output_text, "The tool said: 21.")

    def test_input_items_are_listed_by_pages(self):
        first = self.ada.responses.create(model="on-openai", input="one")
        second = self.ada.responses.create(model="on-openai", input="two", previous_response_id=first.id)
        items = list(self.ada.responses.input_items.list(second.id, order="asc", limit=1))  # the SDK follows the pages
        self.assertEqual([item.content[0].text for item in items], ["one", first.output_text, "two"])
        self.assertEqual(items[1].id, first.output[0].id)
        newest = self.ada.responses.input_items.list(second.id, limit=2)
        self.assertEqual([newest.data[0].id, newest.has_more], [items[2].id, True])

    def test_what_is_deleted_is_gone_and_what_built_on_it_does_not_go_on(self):
        first = self.ada.responses.create(model="on-openai", input="one")
        second = self.ada.responses.create(model="on-openai", input="two", previous_response_id=first.id)
        self.ada.responses.delete(first.id)
        with self.assertRaises(openai.NotFoundError):
            self.ada.responses.retrieve(first.id)
        with self.assertRaises(openai.BadRequestError) as refused:
            self.ada.responses.create(model="on-openai", input="three", previous_response_id=second.id)
        self.assertEqual((refused.exception.code, refused.exception.param), ("previous_response_not_found", "previous_response_id"))
        self.assertEqual(self.ada.responses.retrieve(second.id).output_text, second.output_text)

    def test_only_its_person_finds_it(self):
        mine = self.ada.responses.create(model="on-openai", input="A secret of mine")
        self.assertEqual(self.client("ada2").responses.retrieve(mine.id).output_text, mine.output_text)
        self.client("ada2").responses.create(model="on-openai", input="and", previous_response_id=mine.id)
        for call in (lambda client, id: client.responses.retrieve(id), lambda client, id: client.responses.delete(id),
                     lambda client, id: client.responses.input_items.list(id), lambda client, id: client.responses.cancel(id)):
            bodies = []
            for id in (mine.id, "resp_none"):
                with self.assertRaises(openai.NotFoundError) as refused:
                    call(self.bob, id)
                bodies.append(refused.exception.body)
            self.assertEqual(bodies[0], bodies[1])
        asked = len(self.upstreams.seen)
        with self.assertRaises(openai.BadRequestError) as refused:
            self.bob.responses.create(model="on-openai", input="q", previous_response_id=mine.id)
        self.assertEqual(refused.exception.code, "previous_response_not_found")
        self.assertEqual(len(self.upstreams.seen), asked)
        self.assertEqual(self.ada.responses.retrieve(mine.id).id, mine.id)
        with self.assertRaises(openai.BadRequestError):  # nothing runs
            self.ada.responses.cancel(mine.id)

    def test_what_was_said_to_be_complete_survives_a_kill(self):
        whole = self.ada.responses.create(model="on-openai", input="whole")
        *_, last = self.ada.responses.create(model="on-anthropic", input="streamed", stream=True, previous_response_id=whole.id)
        self.restart()
        self.assertEqual(last.type, "response.completed")
        self.assertEqual(self.ada.responses.retrieve(last.response.id).to_dict(), last.response.to_dict())
        self.ada.responses.create(model="on-openai", input="on", previous_response_id=last.response.id)
        self.assertEqual(len(self.turns()), 5)

    def test_what_is_not_to_be_kept_is_not(self):
        answer = self.ada.responses.create(model="on-openai", input="q", store=False)
        with self.assertRaises(openai.NotFoundError):
            self.ada.responses.retrieve(answer.id)
        kept = self.ada.responses.create(model="on-openai", input="kept")
        on = self.ada.responses.create(model="on-openai", input="q", store=False, previous_response_id=kept.id)
        self.assertEqual(len(self.turns()), 3)
        with self.assertRaises(openai.NotFoundError):
            self.ada.responses.retrieve(on.id)

    def test_what_was_read_stays_labelled(self):
        secret = self.ada.responses.create(model="inside", input="confidential plans", extra_body={"bastide": {"label": "confidential"}})
        asked = len(self.upstreams.seen)
        with self.assertRaises(openai.PermissionDeniedError):
            self.ada.responses.create(model="on-openai", input="tell", previous_response_id=secret.id)
        self.assertEqual(len(self.upstreams.seen), asked)
        on = self.ada.responses.create(model="inside", input="tell", previous_response_id=secret.id)
        with self.assertRaises(openai.PermissionDeniedError):  # nor two turns later
            self.ada.responses.create(model="on-openai", input="tell", previous_response_id=on.id)

    def test_pseudonyms_hold_for_the_whole_conversation(self):
        first = self.ada.responses.create(model="on-openai", input="Write to ana.lopez@example.org please")
        self.assertIn("ana.lopez@example.org", first.output_text)
        sent = self.turns()[-1][1]
        self.assertNotIn("ana.lopez", sent)
        token = sent.removeprefix("Write to ").removesuffix(" please")
        second = self.ada.responses.create(model="on-anthropic", input="Now to ana.lopez@example.org", previous_response_id=first.id)
        self.assertNotIn("ana.lopez", json.dumps(self.upstreams.seen[-1][3]))
        self.assertEqual(self.turns()[-1][1], f"Now to {token}")
        self.assertIn(token, self.turns()[0][1])
        self.assertIn("ana.lopez@example.org", second.output_text)

    def test_an_item_that_is_only_named_is_found_by_its_person(self):
        first = self.ada.responses.create(model="on-openai", input="the first word")
        named = [{"type": "item_reference", "id": first.output[0].id}, {"role": "user", "content": "go on"}]
        for model in ("on-openai", "on-anthropic"):
            for store in (True, False):
                self.ada.responses.create(model=model, input=named, store=store)
                self.assertEqual([text for _, text in self.turns()][-2:], [first.output_text, "go on"])
        background = self.ada.responses.create(model="on-openai", input="in the background", background=True)
        while (done := self.ada.responses.retrieve(background.id)).status not in ("completed", "failed"):
            time.sleep(0.02)
        self.ada.responses.create(model="on-openai", input=[{"type": "item_reference", "id": done.output[0].id}, *named])
        self.assertTrue(self.turns()[0][1].startswith("openai heard « in the background »."))
        with self.assertRaises(openai.NotFoundError):
            self.bob.responses.create(model="on-openai", input=named)
        self.ada.responses.delete(first.id)
        with self.assertRaises(openai.NotFoundError) as gone:
            self.ada.responses.create(model="on-openai", input=named)
        self.assertEqual(gone.exception.code, "no_item")


class Unkept(House):
    """Where the organisation keeps no responses."""
    more = "\n[responses]\nstore = false\n"

    def test_nothing_is_kept_and_nothing_runs_by_itself(self):
        answer = self.ada.responses.create(model="on-openai", input="one")
        self.assertEqual((answer.output_text, answer.store), ("openai heard « one ».", False))
        with self.assertRaises(openai.NotFoundError):
            self.ada.responses.retrieve(answer.id)
        with self.assertRaises(openai.BadRequestError):
            self.ada.responses.create(model="on-openai", input="two", background=True)


class Background(House):
    """Responses that run by themselves."""

    def wait(self, id, *states, client=None, seconds=20):
        end = time.time() + seconds
        while True:
            found = (client or self.ada).responses.retrieve(id)
            if found.status in (states or ("completed", "failed", "cancelled", "incomplete")):
                return found
            assert time.time() < end, found.status
            time.sleep(0.02)

    def asked(self, words):
        return sum(words in json.dumps(body) for _, _, _, body in self.upstreams.seen)

    def wait_asked(self, words, times=1):
        end = time.time() + 20
        while self.asked(words) < times:
            assert time.time() < end
            time.sleep(0.02)

    def test_it_is_accepted_at_once_and_polled(self):
        first = self.ada.responses.create(model="on-openai", input="one", background=True)
        self.assertEqual((first.status, first.background, first.output), ("queued", True, []))
        done = self.wait(first.id)
        self.assertEqual((done.status, done.output_text), ("completed", "openai heard « one »."))
        self.assertEqual(done.usage.output_tokens, 17)
        on = self.ada.responses.create(model="on-anthropic", input="two", background=True, previous_response_id=first.id)
        self.assertEqual(self.wait(on.id).status, "completed")
        self.assertEqual([item.content[0].text for item in self.ada.responses.input_items.list(on.id, order="asc")], ["one", done.output_text, "two"])
        cut = self.ada.responses.create(model="on-openai", input="q", background=True, max_output_tokens=3)
        self.assertEqual(self.wait(cut.id).status, "incomplete")
        bad = self.ada.responses.create(model="on-openai", input="fail:bad_request", background=True)
        failed = self.wait(bad.id)
        self.assertEqual(failed.status, "failed")
        self.assertTrue(failed.error.code and failed.error.message)

    def test_what_is_wrong_is_told_at_once(self):
        for wrong in ({"input": 7}, {"store": False}, {"previous_response_id": "resp_none"}):
            with self.assertRaises(openai.BadRequestError):
                self.ada.responses.create(**{"model": "on-openai", "input": "q", "background": True, **wrong})

    def test_a_stream_goes_on_after_a_broken_connection(self):
        with self.ada.responses.create(model="on-openai", input="a stream that breaks off in the middle", background=True, stream=True) as stream:
            seen = [next(stream) for _ in range(5)]
        id = seen[0].response.id
        self.assertEqual([e.type for e in seen[:3]], ["response.created", "response.queued", "response.in_progress"])
        rest = list(self.ada.responses.retrieve(id, stream=True, starting_after=seen[-1].sequence_number))
        events = seen + rest
        self.assertEqual([e.sequence_number for e in events], list(range(len(events))))
        self.assertEqual(events[-1].type, "response.completed")
        text = "".join(e.delta for e in events if e.type == "response.output_text.delta")
        self.assertEqual(text, "openai heard « a stream that breaks off in the middle ».")
        self.assertEqual(events[-1].response.to_dict(), self.ada.responses.retrieve(id).to_dict())
        self.assertEqual([e.to_dict() for e in self.ada.responses.retrieve(id, stream=True)], [e.to_dict() for e in events])
        plain = self.ada.responses.create(model="on-openai", input="polled", background=True)
        self.wait(plain.id)
        with self.assertRaises(openai.BadRequestError):
            self.ada.responses.retrieve(plain.id, stream=True)

    def test_cancel_stops_the_provider_and_is_idempotent(self):
        stuck = self.ada.responses.create(model="on-openai", input="fail:stuck here", background=True, stream=True)
        id = next(stuck).response.id
        for event in stuck:
            if event.type == "response.output_text.delta":
                break
        begun = time.monotonic()
        cancelled = self.ada.responses.cancel(id)
        self.assertEqual(cancelled.status, "cancelled")
        left = self.upstreams.left.get(timeout=10)
        self.assertLess(left - begun, 2)
        self.assertEqual(self.ada.responses.cancel(id).to_dict(), cancelled.to_dict())
        self.assertEqual([e.type for e in self.ada.responses.retrieve(id, stream=True)][-1], "response.cancelled")

    def test_only_its_person_finds_it(self):
        mine = self.ada.responses.create(model="on-openai", input="mine", background=True, stream=True)
        id = next(mine).response.id
        for call in (lambda: self.bob.responses.retrieve(id), lambda: self.bob.responses.cancel(id), lambda: self.bob.responses.delete(id),
                     lambda: list(self.bob.responses.retrieve(id, stream=True))):
            with self.assertRaises(openai.NotFoundError):
                call()
        self.assertEqual(self.wait(id).status, "completed")

    def test_what_was_accepted_runs_again_after_a_kill(self):
        ids = [self.ada.responses.create(model="on-openai", input=f"fail:hang before the kill {i}", background=True).id for i in range(6)]
        streamed = self.bob.responses.create(model="on-openai", input="fail:stuck about the kill", background=True, stream=True)
        seen = []
        for event in streamed:
            seen.append(event)
            if event.type == "response.output_text.delta":
                break
        self.wait_asked("before the kill", 4)  # as many as run at once for a person; two wait
        self.bastide.kill()
        self.upstreams.gets_stuck = False
        self.bastide.start()
        self.wait_asked("before the kill", 5)
        for waiting in ids:
            self.assertIn(self.ada.responses.retrieve(waiting).status, ("queued", "in_progress", "failed"))
        for waiting in ids:
            self.ada.responses.cancel(waiting)
        id, after = seen[0].response.id, seen[-1].sequence_number
        events = list(self.bob.responses.retrieve(id, stream=True, starting_after=after))
        self.assertEqual([e.sequence_number for e in events], list(range(after + 1, after + 1 + len(events))))
        self.assertIn("response.in_progress", [e.type for e in events])  # it was begun again
        self.assertEqual(events[-1].type, "response.completed")
        self.assertEqual(self.wait(id, client=self.bob).output_text, "openai heard « fail:stuck about the kill ».")
        self.assertEqual(self.asked("stuck about the kill"), 2)
        self.upstreams.gets_stuck = True

    def test_beyond_the_bounds_a_call_is_refused_and_others_are_not(self):
        ids = [self.bob.responses.create(model="on-openai", input=f"fail:stuck at the bound {i}", background=True).id for i in range(100)]
        with self.assertRaises(openai.RateLimitError) as refused:
            self.bob.responses.create(model="on-openai", input="one too many", background=True)
        self.assertEqual(refused.exception.code, "too_many_in_background")
        self.assertEqual(self.wait(self.ada.responses.create(model="on-openai", input="hers", background=True).id).status, "completed")
        self.bob.responses.cancel(ids.pop())
        again = self.bob.responses.create(model="on-openai", input="room again", background=True).id
        for id in ids:
            self.bob.responses.cancel(id)
        self.assertEqual(self.wait(again, client=self.bob).status, "completed")
        self.assertEqual(self.asked("one too many"), 0)

    def test_sigterm_leaves_what_runs_for_the_next_start(self):
        id = self.bob.responses.create(model="on-openai", input="fail:stuck at the end", background=True).id
        self.wait_asked("stuck at the end")
        begun = time.monotonic()
        self.bastide.stop()
        self.assertLess(time.monotonic() - begun, 15)
        self.upstreams.gets_stuck = False
        self.bastide.start()
        done = self.wait(id, client=self.bob)
        self.upstreams.gets_stuck = True
        self.assertEqual((done.status, done.output_text), ("completed", "openai heard « fail:stuck at the end »."))

    def test_a_key_that_ends_ends_what_runs_under_it(self):
        made = self.bastide.call("POST", "/api/keys", {"name": "short"}).json
        client = openai.OpenAI(base_url=self.bastide.url + "/v1", api_key=made["secret"], max_retries=0)
        id = client.responses.create(model="on-openai", input="fail:stuck under a key", background=True).id
        self.wait_asked("stuck under a key")
        self.bastide.call("DELETE", f"/api/keys/{made['id']}")
        ended = self.wait(id)
        self.assertEqual((ended.status, ended.error.code), ("failed", "key_over"))
        self.upstreams.left.get(timeout=10)


if __name__ == "__main__":
    unittest.main()
