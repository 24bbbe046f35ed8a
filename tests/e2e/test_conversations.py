"""Conversations that programs keep with us, by the official OpenAI SDK, unmodified."""
import time
import unittest

import openai

from tests.e2e.test_responses import House


class Conversations(House):
    def said(self, conversation, who=None):
        return [item.content[0].text for item in (who or self.ada).conversations.items.list(conversation, order="asc")]

    def ask(self, conversation, text, model="on-openai", **more):
        return self.ada.responses.create(model=model, input=text, conversation=conversation, **more)

    def asked(self):
        return self.upstreams.seen[-1][3]

    def test_is_made_changed_and_deleted(self):
        made = self.ada.conversations.create(metadata={"topic": "demo"}, items=[{"type": "message", "role": "user", "content": "Hello!"}])
        self.assertEqual((made.object, made.metadata), ("conversation", {"topic": "demo"}))
        self.assertLess(abs(made.created_at - time.time()), 60)
        self.assertEqual(self.ada.conversations.retrieve(made.id).to_dict(), made.to_dict())
        self.assertEqual(self.ada.conversations.update(made.id, metadata={"topic": "other"}).metadata, {"topic": "other"})
        self.restart()
        self.assertEqual(self.ada.conversations.retrieve(made.id).metadata, {"topic": "other"})
        self.assertEqual(self.said(made.id), ["Hello!"])
        gone = self.ada.conversations.delete(made.id)
        self.assertEqual((gone.id, gone.object, gone.deleted), (made.id, "conversation.deleted", True))
        for call in (self.ada.conversations.retrieve, self.ada.conversations.items.list, self.ada.conversations.delete):
            with self.assertRaises(openai.NotFoundError):
                call(made.id)

    def test_items_come_and_go(self):
        conversation = self.ada.conversations.create().id
        added = self.ada.conversations.items.create(conversation, items=[
            {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "one"}]}, {"role": "assistant", "content": "two"}])
        self.assertEqual([item.content[0].text for item in added.data], ["one", "two"])
        listed = list(self.ada.conversations.items.list(conversation, limit=1))  # the SDK follows the pages
        self.assertEqual([item.id for item in listed], [item.id for item in reversed(added.data)])
        one = self.ada.conversations.items.retrieve(added.data[0].id, conversation_id=conversation)
        self.assertEqual((one.role, one.content[0].text), ("user", "one"))
        self.assertEqual(self.ada.conversations.items.delete(one.id, conversation_id=conversation).id, conversation)
        with self.assertRaises(openai.NotFoundError):
            self.ada.conversations.items.retrieve(one.id, conversation_id=conversation)
        self.ask(conversation, "three")
        self.assertEqual(len(self.asked()["messages"]), 2)
        for wrong in ([{"role": "nobody", "content": "x"}], [7], "x", []):
            with self.assertRaises(openai.BadRequestError):
                self.ada.conversations.items.create(conversation, items=wrong)

    def test_responses_go_on_from_it_and_go_into_it(self):
        conversation = self.ada.conversations.create(items=[{"role": "user", "content": "My colour is blue."}])
        first = self.ask(conversation.id, "And?")
        self.assertEqual(first.conversation.id, conversation.id)
        self.assertEqual(self.said(conversation.id), ["My colour is blue.", "And?", first.output_text])
        *_, last = self.ada.responses.create(model="on-anthropic", input=[{"role": "user", "content": "Streamed"}], conversation={"id": conversation.id}, stream=True)
        self.restart()  # what was told to be complete is there
        self.assertEqual(last.type, "response.completed")
        second = self.ada.responses.retrieve(last.response.id)
        self.assertEqual((second.conversation.id, second.to_dict()), (conversation.id, last.response.to_dict()))
        self.assertEqual(self.said(conversation.id)[3:], ["Streamed", second.output_text])
        self.ask(conversation.id, "Last")
        self.assertEqual([turn["content"] for turn in self.asked()["messages"]],
                         ["My colour is blue.", "And?", first.output_text, "Streamed", second.output_text, "Last"])
        ids = [item.id for item in self.ada.conversations.items.list(conversation.id)]
        self.assertEqual(len(ids), len(set(ids)))
        self.ada.responses.delete(first.id)
        self.assertEqual(len(self.said(conversation.id)), 7)
        self.ada.conversations.delete(conversation.id)
        with self.assertRaises(openai.NotFoundError):
            self.ada.responses.retrieve(second.id)

    def test_tools_go_on_in_it(self):
        tools = [{"type": "function", "name": "weather", "parameters": {"type": "object", "properties": {"city": {"type": "string"}}}, "strict": False}]
        conversation = self.ada.conversations.create().id
        call = next(item for item in self.ask(conversation, "Weather?", tools=tools).output if item.type == "function_call")
        told = self.ask(conversation, [{"type": "function_call_output", "call_id": call.call_id, "output": "21"}], model="on-anthropic", tools=tools)
        self.assertEqual(told.output_text, "The tool said: 21.")
        kinds = [item.type for item in self.ada.conversations.items.list(conversation, order="asc")]
        self.assertEqual([kind for kind in kinds if kind != "message"], ["function_call", "function_call_output"])

    def test_in_the_background(self):
        conversation = self.ada.conversations.create().id
        queued = self.ask(conversation, "later", background=True)
        while (done := self.ada.responses.retrieve(queued.id)).status in ("queued", "in_progress"):
            time.sleep(0.02)
        self.assertEqual((done.status, done.conversation.id), ("completed", conversation))
        self.assertEqual(self.said(conversation), ["later", done.output_text])

    def test_what_was_read_stays_labelled(self):
        conversation = self.ada.conversations.create().id
        self.ask(conversation, "confidential plans", model="inside", extra_body={"bastide": {"label": "confidential"}})
        asked = len(self.upstreams.seen)
        with self.assertRaises(openai.PermissionDeniedError):
            self.ask(conversation, "tell")
        self.assertEqual(len(self.upstreams.seen), asked)
        self.ask(conversation, "tell", model="inside")
        items = list(self.ada.conversations.items.list(conversation))
        with self.assertRaises(openai.PermissionDeniedError):  # an item that is only named brings its label along
            self.ada.responses.create(model="on-openai", input=[{"type": "item_reference", "id": items[0].id}])
        for item in items:
            self.ada.conversations.items.delete(item.id, conversation_id=conversation)
        self.ask(conversation, "anew")

    def test_pseudonyms_hold_for_all_of_it(self):
        conversation = self.ada.conversations.create().id
        first = self.ask(conversation, "Write to ana.lopez@example.org please")
        self.assertIn("ana.lopez@example.org", first.output_text)
        token = self.asked()["messages"][-1]["content"].removeprefix("Write to ").removesuffix(" please")
        second = self.ask(conversation, "Now to ana.lopez@example.org")
        self.assertNotIn("ana.lopez", str(self.asked()))
        self.assertEqual(self.asked()["messages"][-1]["content"], f"Now to {token}")
        self.assertIn("ana.lopez@example.org", second.output_text)

    def test_only_its_person_finds_it(self):
        mine = self.ada.conversations.create(items=[{"role": "user", "content": "mine"}])
        self.assertEqual(self.said(mine.id, self.client("ada2")), ["mine"])
        item = self.ada.conversations.items.list(mine.id).data[0].id
        for call in (lambda id: self.bob.conversations.retrieve(id), lambda id: self.bob.conversations.delete(id),
                     lambda id: self.bob.conversations.update(id, metadata={}), lambda id: self.bob.conversations.items.list(id),
                     lambda id: self.bob.conversations.items.create(id, items=[{"role": "user", "content": "x"}]),
                     lambda id: self.bob.conversations.items.retrieve(item, conversation_id=id),
                     lambda id: self.bob.conversations.items.delete(item, conversation_id=id),
                     lambda id: self.bob.responses.create(model="on-openai", input="q", conversation=id)):
            bodies = []
            for id in (mine.id, "conv_none"):
                with self.assertRaises(openai.NotFoundError) as refused:
                    call(id)
                bodies.append({name: value for name, value in refused.exception.body.items() if name != "exchange"})
            self.assertEqual(bodies[0], bodies[1])
        self.assertEqual(self.said(mine.id), ["mine"])

    def test_what_does_not_go_together_is_refused_by_name(self):
        conversation = self.ada.conversations.create().id
        answer = self.ask(conversation, "one")
        for param, more in (("conversation", {"previous_response_id": answer.id, "conversation": conversation}),
                            ("store", {"store": False, "conversation": conversation}), ("conversation", {"conversation": {"id": ""}})):
            with self.assertRaises(openai.BadRequestError) as refused:
                self.ada.responses.create(model="on-openai", input="q", **more)
            self.assertEqual(refused.exception.param, param)
        with self.assertRaises(openai.BadRequestError) as refused:
            self.ada.responses.create(model="on-openai", input="q", previous_response_id=answer.id)
        self.assertEqual(refused.exception.code, "previous_response_in_conversation")


class Unkept(House):
    """Where the organisation keeps no responses."""
    more = "\n[responses]\nstore = false\n"

    def test_none_is_made(self):
        with self.assertRaises(openai.BadRequestError) as refused:
            self.ada.conversations.create()
        self.assertEqual(refused.exception.code, "nothing_is_kept")


if __name__ == "__main__":
    unittest.main()
