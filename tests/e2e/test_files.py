"""Files and batches that programs leave with us, by the official SDKs of OpenAI and Anthropic, unmodified."""
import base64
import collections
import io
import json
import os
import time
import unittest

import anthropic
import openai
from mistralai.client import Mistral

from tests.e2e.test_responses import House

def jsonl(lines):
    return ("\n".join(line if isinstance(line, str) else json.dumps(line) for line in lines) + "\n").encode()


def line(name, body, url="/v1/chat/completions"):
    return {"custom_id": name, "method": "POST", "url": url, "body": body}


def question(name, text="Hello", model="inside"):
    return line(name, {"model": model, "messages": [{"role": "user", "content": text}]})


class Files(House):
    more = "[server]\nupload_bytes_max = 5000000\n"

    def test_a_file_from_its_sending_to_its_end(self):
        sent = bytes(range(256)) * 4097  # some pieces and a bit
        file = self.ada.files.create(file=("été.bin", sent), purpose="user_data")
        self.assertEqual((file.object, file.bytes, file.filename, file.purpose, file.status), ("file", len(sent), "été.bin", "user_data", "processed"))
        self.assertIsNone(file.expires_at)
        self.assertEqual(self.ada.files.retrieve(file.id), file)
        self.assertEqual(self.client("ada2").files.content(file.id).read(), sent, "another key of the same person")
        self.assertTrue(self.ada.files.delete(file.id).deleted)
        with self.assertRaises(openai.NotFoundError):
            self.ada.files.content(file.id)
        for base, _, names in os.walk(self.bastide.data):
            for name in names:
                with open(os.path.join(base, name), "rb") as kept:
                    self.assertNotIn(bytes(range(256)), kept.read(), name)

    def test_lists_by_page_and_purpose(self):
        made = [self.ada.files.create(file=(f"{n}.jsonl", b"{}"), purpose="evals", expires_after={"anchor": "created_at", "seconds": 3600}) for n in range(3)]
        self.assertEqual(made[0].expires_at, made[0].created_at + 3600)
        found = self.ada.files.list(purpose="evals", limit=2)
        self.assertTrue(found.has_more)
        self.assertEqual([file.id for file in found], [file.id for file in reversed(made)], "the SDK turns pages")
        oldest = self.ada.files.list(purpose="evals", order="asc", limit=1)
        self.assertEqual(oldest.data[0].id, made[0].id)
        self.assertEqual(list(self.bob.files.list(purpose="evals")), [])

    def test_only_its_person_finds_it(self):
        mine = self.ada.files.create(file=("mine.txt", b"mine"), purpose="user_data")
        for call in (lambda id: self.bob.files.retrieve(id), lambda id: self.bob.files.content(id), lambda id: self.bob.files.delete(id)):
            bodies = []
            for id in (mine.id, "file_none"):
                with self.assertRaises(openai.NotFoundError) as refused:
                    call(id)
                bodies.append(refused.exception.body)
            self.assertEqual(bodies[0], bodies[1])
        self.assertEqual(self.ada.files.content(mine.id).read(), b"mine")

    def test_what_is_wrong_is_told(self):
        for more, param in (({"purpose": "other"}, "purpose"), ({"purpose": "batch", "expires_after": {"anchor": "created_at", "seconds": 5}}, "expires_after")):
            with self.assertRaises(openai.BadRequestError) as refused:
                self.ada.files.create(file=("x", b"x"), **more)
            self.assertEqual(refused.exception.param, param)
        self.assertEqual(self.bastide.call("POST", "/v1/files", {"purpose": "batch"}).status, 400)
        with self.assertRaises(openai.APIStatusError) as refused:
            self.ada.files.create(file=("big", io.BytesIO(b"x" * 5_000_001)), purpose="user_data")
        self.assertEqual(refused.exception.status_code, 413)
        self.assertEqual(self.bastide.call("GET", "/v1/files", key=None).status, 401)

    def test_it_is_there_after_a_kill(self):
        file = self.ada.files.create(file=("kept.txt", b"kept"), purpose="user_data")
        self.restart()
        self.assertEqual(self.ada.files.content(file.id).read(), b"kept")

    def test_anthropics_client_sees_the_same_files(self):
        client = anthropic.Anthropic(base_url=self.bastide.url, api_key=self.keys["ada"], max_retries=0)
        file = client.beta.files.upload(file=("notes.txt", b"some notes", "text/plain"))
        self.assertEqual((file.type, file.filename, file.mime_type, file.size_bytes), ("file", "notes.txt", "text/plain", 10))
        self.assertEqual(client.beta.files.retrieve_metadata(file.id).id, file.id)
        self.assertIn(file.id, [each.id for each in client.beta.files.list(limit=1)])
        self.assertEqual(client.beta.files.download(file.id).read(), b"some notes")
        self.assertEqual(self.ada.files.retrieve(file.id).filename, "notes.txt")
        self.assertEqual(client.beta.files.delete(file.id).type, "file_deleted")
        with self.assertRaises(anthropic.NotFoundError) as refused:
            client.beta.files.retrieve_metadata(file.id)
        self.assertEqual(refused.exception.body["type"], "error")


class Named(House):
    """Files that calls name by their ids."""
    PNG = bytes.fromhex("89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000d49444154789c6360606060000000050001a5f645400000000049454e44ae426082")
    NOTE = "The fox of Valmont is red.".encode()

    def text(self, body):
        return json.dumps(body, ensure_ascii=False)

    def test_a_document_is_read_as_text_by_every_dialect(self):
        file = self.ada.files.create(file=("fox.md", self.NOTE), purpose="user_data")
        named = {"type": "file", "file": {"file_id": file.id}}
        for model in ("inside", "on-openai", "on-anthropic", "on-gemini", "on-mistral"):
            with self.subTest(model):
                answer = self.ada.chat.completions.create(model=model, messages=[{"role": "user", "content": [named, {"type": "text", "text": "Which colour?"}]}])
                self.assertTrue(answer.choices[0].message.content)
                sent = self.text(self.upstreams.seen[-1][3])
                in_base64 = base64.b64encode(self.NOTE).decode()  # Gemini's word for a document that is text
                self.assertIn(in_base64 if model == "on-gemini" else self.NOTE.decode(), sent)
                self.assertNotIn(file.id, sent)
        client = anthropic.Anthropic(base_url=self.bastide.url, api_key=self.keys["ada2"], max_retries=0)
        client.beta.messages.create(model="on-anthropic", max_tokens=50, betas=["files-api-2025-04-14"], messages=[{"role": "user", "content": [
            {"type": "document", "source": {"type": "file", "file_id": file.id}}, {"type": "text", "text": "Which colour?"}]}])
        long = self.ada.files.create(file=("long.txt", b"The fox of Valmont is red. " * 200), purpose="user_data")
        counts = [client.beta.messages.count_tokens(model="on-anthropic", messages=[{"role": "user", "content": [
            {"type": "document", "source": {"type": "file", "file_id": id}}]}]).input_tokens for id in (file.id, long.id)]
        self.assertGreater(counts[1], counts[0] + 500)
        self.assertIn("The fox of Valmont is red.", self.text(self.upstreams.seen[-1][3]))

    def test_responses_go_on_with_it(self):
        file = self.ada.files.create(file=("fox.md", self.NOTE), purpose="user_data")
        asked = [{"role": "user", "content": [{"type": "input_file", "file_id": file.id}, {"type": "input_text", "text": "Which colour?"}]}]
        first = self.ada.responses.create(model="on-openai", input=asked)
        self.ada.responses.create(model="on-anthropic", input="Sure?", previous_response_id=first.id)
        self.assertIn("The fox of Valmont is red.", self.text(self.upstreams.seen[-1][3]))
        later = self.ada.responses.create(model="on-openai", input=asked, background=True)
        while (now := self.ada.responses.retrieve(later.id)).status in ("queued", "in_progress"):
            time.sleep(0.02)
        self.assertEqual(now.status, "completed", now)
        self.assertIn("The fox of Valmont is red.", self.text(self.upstreams.seen[-1][3]))

    def test_an_image_is_shown(self):
        file = self.ada.files.create(file=("dot.png", self.PNG), purpose="vision")
        self.ada.responses.create(model="on-anthropic", input=[{"role": "user", "content": [{"type": "input_image", "file_id": file.id, "detail": "auto"}, {"type": "input_text", "text": "What?"}]}])
        image = next(part for part in self.upstreams.seen[-1][3]["messages"][0]["content"] if part["type"] == "image")
        self.assertEqual((image["source"]["media_type"], base64.b64decode(image["source"]["data"])), ("image/png", self.PNG))

    def test_the_guard_sees_what_is_in_it(self):
        file = self.ada.files.create(file=("mail.txt", b"Write to marie.durand@example.com today."), purpose="user_data")
        self.ada.chat.completions.create(model="on-openai", messages=[{"role": "user", "content": [{"type": "file", "file": {"file_id": file.id}}, {"type": "text", "text": "When?"}]}])
        sent = self.text(self.upstreams.seen[-1][3])
        self.assertIn("Write to", sent)
        self.assertNotIn("marie.durand@example.com", sent)

    def test_anothers_file_and_a_label_are_refused(self):
        file = self.ada.files.create(file=("fox.md", self.NOTE), purpose="user_data")
        asked = len(self.upstreams.seen)
        message = {"role": "user", "content": [{"type": "file", "file": {"file_id": file.id}}]}
        with self.assertRaises(openai.BadRequestError) as refused:
            self.bob.chat.completions.create(model="on-openai", messages=[message])
        self.assertEqual(refused.exception.param, "file_id")
        with self.assertRaises(openai.PermissionDeniedError):
            self.ada.chat.completions.create(model="on-openai", messages=[message], extra_body={"bastide": {"label": "confidential"}})
        self.ada.files.delete(file.id)
        with self.assertRaises(openai.BadRequestError):
            self.ada.chat.completions.create(model="on-openai", messages=[message])
        self.assertEqual(len(self.upstreams.seen), asked)

    def test_lines_of_a_batch_name_it(self):
        note = self.ada.files.create(file=("fox.md", self.NOTE), purpose="user_data")
        body = {"model": "inside", "messages": [{"role": "user", "content": [{"type": "file", "file": {"file_id": note.id}}]}]}
        file = self.ada.files.create(file=("in.jsonl", jsonl([line("a", body)])), purpose="batch")
        batch = self.ada.batches.create(input_file_id=file.id, endpoint="/v1/chat/completions", completion_window="24h")
        while (now := self.ada.batches.retrieve(batch.id)).status != "completed":
            time.sleep(0.05)
        self.assertEqual(now.request_counts.completed, 1)
        self.assertIn("The fox of Valmont is red.", self.text(self.upstreams.seen[-1][3]))

    def test_a_vector_store_takes_it(self):
        file = self.ada.files.create(file=("fox.md", "# Renards\n\nLe renard de Valmont est roux et vit près de la rivière.\n".encode()), purpose="assistants")
        store = self.ada.vector_stores.create(name="Renards", file_ids=[file.id])
        end = time.time() + 60
        while (view := self.ada.vector_stores.files.retrieve(file.id, vector_store_id=store.id)).status == "in_progress":
            self.assertLess(time.time(), end)
            time.sleep(0.05)
        self.assertEqual((view.id, view.status), (file.id, "completed"))
        self.assertTrue(list(self.ada.vector_stores.search(store.id, query="renard roux rivière")))
        other = self.bob.vector_stores.create(name="Bob's")
        with self.assertRaises(openai.NotFoundError):
            self.bob.vector_stores.files.create(file_id=file.id, vector_store_id=other.id)
        self.ada.files.delete(file.id)
        self.assertTrue(list(self.ada.vector_stores.search(store.id, query="renard roux rivière")), "a copy of its own")


class Batches(House):
    def send(self, lines, **more):
        file = self.ada.files.create(file=("in.jsonl", jsonl(lines)), purpose="batch")
        return self.ada.batches.create(input_file_id=file.id, completion_window="24h", **{"endpoint": "/v1/chat/completions", **more})

    def wait(self, batch, client=None, seconds=60):
        end = time.time() + seconds
        while (now := (client or self.ada).batches.retrieve(batch.id)).status not in ("completed", "failed", "expired", "cancelled"):
            self.assertLess(time.time(), end, now)
            time.sleep(0.05)
        return now

    def results(self, id):
        return [json.loads(text) for text in self.ada.files.content(id).text.splitlines()] if id else []

    def test_a_batch_of_calls(self):
        batch = self.send([question(f"q{n}", f"Question {n}") for n in range(12)] + [question("bad", model="nobody")], metadata={"for": "test"})
        self.assertEqual((batch.object, batch.metadata, batch.expires_at - batch.created_at), ("batch", {"for": "test"}, 86400))
        ended = self.wait(batch)
        self.assertEqual((ended.status, ended.errors), ("completed", None))
        self.assertEqual(ended.request_counts.to_dict(), {"total": 13, "completed": 12, "failed": 1})
        self.assertTrue(batch.created_at <= ended.in_progress_at <= ended.finalizing_at <= ended.completed_at)
        results = self.results(ended.output_file_id)
        self.assertEqual([each["custom_id"] for each in results], [f"q{n}" for n in range(12)])
        first = results[0]["response"]
        self.assertEqual((first["status_code"], first["body"]["object"]), (200, "chat.completion"))
        self.assertTrue(first["body"]["choices"][0]["message"]["content"])
        receipt = self.bastide.call("GET", f"/api/exchanges/{first['request_id']}")
        self.assertEqual((receipt.status, receipt.json["route"]["chosen"]), (200, "inside"))
        failed = self.results(ended.error_file_id)
        self.assertEqual([(each["custom_id"], each["response"]["status_code"]) for each in failed], [("bad", 404)])
        self.assertIn("nobody", failed[0]["response"]["body"]["error"]["message"])
        output = self.ada.files.retrieve(ended.output_file_id)
        self.assertEqual((output.purpose, output.filename), ("batch_output", f"{batch.id}_output.jsonl"))
        self.assertIn(batch.id, [each.id for each in self.ada.batches.list(limit=1)], "all pages of one")

    def test_every_endpoint(self):
        for endpoint, body, kind in (("/v1/embeddings", {"model": "embed-openai", "input": "abc"}, "list"),
                                     ("/v1/moderations", {"input": "marie.durand@example.com"}, None),
                                     ("/v1/responses", {"model": "inside", "input": "Hello"}, "response")):
            with self.subTest(endpoint):
                ended = self.wait(self.send([line("a", body, endpoint)], endpoint=endpoint))
                self.assertEqual(ended.status, "completed", self.results(ended.error_file_id))
                answer = self.results(ended.output_file_id)
                self.assertEqual((answer[0]["response"]["status_code"], answer[0]["response"]["body"].get("object")), (200, kind), answer)

    def test_what_is_wrong_with_the_input(self):
        good = question("a")
        for lines, wanted in (([good, "{", good], [("invalid_json_line", 2), ("duplicate_custom_id", 3)]),
                              ([dict(good, url="/v1/embeddings")], [("url_mismatch", 1)]), ([dict(good, method="GET")], [("invalid_method", 1)]),
                              ([{"custom_id": "a"}], [("invalid_method", 1)]), ([""], [("empty_file", None)]),
                              ([line("a", {"stream": True})], [("batch_streams", 1)])):
            with self.subTest(wanted):
                ended = self.wait(self.send(lines))
                self.assertEqual((ended.status, ended.output_file_id), ("failed", None))
                self.assertEqual([(error.code, error.line) for error in ended.errors.data], wanted)
                self.assertTrue(ended.failed_at)
        text = self.ada.files.create(file=("x.txt", b"x"), purpose="user_data")
        for more, param in (({"input_file_id": text.id}, "input_file_id"), ({"endpoint": "/v1/other"}, "endpoint"), ({"completion_window": "1h"}, "completion_window"),
                            ({"metadata": {"k": "v" * 513}}, "metadata")):
            with self.assertRaises(openai.BadRequestError) as refused:
                self.ada.batches.create(**{"input_file_id": text.id, "endpoint": "/v1/chat/completions", "completion_window": "24h", **more})
            self.assertEqual(refused.exception.param, param)
        with self.assertRaises(openai.NotFoundError):
            self.ada.batches.create(input_file_id="file_none", endpoint="/v1/chat/completions", completion_window="24h")

    def test_only_its_person_finds_it(self):
        batch = self.send([question("a")])
        for call in (lambda id: self.bob.batches.retrieve(id), lambda id: self.bob.batches.cancel(id)):
            bodies = []
            for id in (batch.id, "batch_none"):
                with self.assertRaises(openai.NotFoundError) as refused:
                    call(id)
                bodies.append(refused.exception.body)
            self.assertEqual(bodies[0], bodies[1])
        self.assertNotIn(batch.id, [each.id for each in self.bob.batches.list()])
        with self.assertRaises(openai.NotFoundError):
            self.bob.batches.create(input_file_id=batch.input_file_id, endpoint="/v1/chat/completions", completion_window="24h")
        self.wait(batch)

    def running(self, count, done):
        """A batch of which some lines are answered and others are not."""
        batch = self.send([question(f"q{n}", f"wait:100ms {n}") for n in range(count)])
        self.until(batch, done)
        return batch

    def until(self, batch, done):
        end = time.time() + 60
        while self.ada.batches.retrieve(batch.id).request_counts.completed < done:
            self.assertLess(time.time(), end)
            time.sleep(0.01)

    def test_after_a_kill_each_line_is_answered_once(self):
        batch = self.running(60, 10)
        self.restart()
        self.assertLess(self.ada.batches.retrieve(batch.id).request_counts.completed, 60)
        self.until(batch, 30)
        self.restart()
        ended = self.wait(batch)
        self.assertEqual(ended.request_counts.to_dict(), {"total": 60, "completed": 60, "failed": 0})
        names = collections.Counter(each["custom_id"] for each in self.results(ended.output_file_id))
        self.assertEqual(names, {f"q{n}": 1 for n in range(60)})
        self.assertIsNone(ended.error_file_id)

    def test_cancelling_keeps_what_was_answered(self):
        batch = self.running(60, 4)
        self.assertIn(self.ada.batches.cancel(batch.id).status, ("cancelling", "cancelled"))
        ended = self.wait(batch, seconds=10)
        self.assertEqual(ended.status, "cancelled")
        done, not_done = self.results(ended.output_file_id), self.results(ended.error_file_id)
        self.assertEqual((len(done), len(done) + len(not_done)), (ended.request_counts.completed, 60))
        self.assertEqual({each["error"]["code"] for each in not_done}, {"batch_cancelled"})
        asked = len(self.upstreams.seen)
        time.sleep(0.3)
        self.assertEqual(len(self.upstreams.seen), asked)
        done = self.wait(self.send([question("a")]))
        with self.assertRaises(openai.ConflictError):
            self.ada.batches.cancel(done.id)

    def test_a_revoked_key_ends_its_batches(self):
        made = self.bastide.command("key", "create", "--user", "bob@valmont.example", "--name", "short")
        client = openai.OpenAI(base_url=self.bastide.url + "/v1", api_key=made.stdout.strip(), max_retries=0)
        file = client.files.create(file=("in.jsonl", jsonl([question(f"q{n}", "wait:100ms") for n in range(80)])), purpose="batch")
        batch = client.batches.create(input_file_id=file.id, endpoint="/v1/chat/completions", completion_window="24h")
        while client.batches.retrieve(batch.id).request_counts.completed < 2:
            time.sleep(0.01)
        listed = self.bastide.command("key", "list", "--user", "bob@valmont.example").stdout
        id = next(text.split()[0] for text in listed.splitlines() if "short" in text)
        self.assertEqual(self.bastide.command("key", "revoke", id).returncode, 0)
        ended = self.wait(batch, self.bob, 15)
        self.assertEqual((ended.status, ended.errors.data[0].code), ("failed", "key_over"))
        self.assertGreaterEqual(ended.request_counts.completed, 2)
        self.assertTrue(self.bob.files.content(ended.output_file_id).text)


class MessageBatches(House):
    def setUp(self):
        super().setUp()
        self.client_of = lambda who: anthropic.Anthropic(base_url=self.bastide.url, api_key=self.keys[who], max_retries=0)
        self.claude = self.client_of("ada")

    def request(self, name, text="Hello", model="on-anthropic"):
        return {"custom_id": name, "params": {"model": model, "max_tokens": 50, "messages": [{"role": "user", "content": text}]}}

    def wait(self, batch):
        end = time.time() + 60
        while (now := self.claude.messages.batches.retrieve(batch.id)).processing_status != "ended":
            self.assertLess(time.time(), end, now)
            time.sleep(0.05)
        return now

    def test_from_its_making_to_its_end(self):
        batch = self.claude.messages.batches.create(requests=[self.request(f"q{n}") for n in range(5)] + [self.request("bad", model="nobody"), self.request("other", model="on-openai")])
        self.assertEqual((batch.type, batch.processing_status, batch.request_counts.processing, batch.results_url), ("message_batch", "in_progress", 7, None))
        ended = self.wait(batch)
        self.assertEqual(ended.request_counts.to_dict(), {"processing": 0, "succeeded": 6, "errored": 1, "canceled": 0, "expired": 0})
        results = {each.custom_id: each.result for each in self.claude.messages.batches.results(batch.id)}
        self.assertEqual(len(results), 7)
        self.assertTrue(results["q3"].message.content[0].text)
        self.assertEqual((results["other"].type, results["other"].message.type), ("succeeded", "message"))
        self.assertEqual((results["bad"].type, results["bad"].error.error.type), ("errored", "not_found_error"))
        self.assertIn(batch.id, [each.id for each in self.claude.messages.batches.list(limit=1)])
        self.assertEqual([each.id for each in self.ada.batches.list() if each.id == batch.id], [], "another dialect's")
        for call in (lambda id: self.client_of("bob").messages.batches.retrieve(id), lambda id: self.client_of("bob").messages.batches.delete(id)):
            with self.assertRaises(anthropic.NotFoundError):
                call(batch.id)
        self.assertEqual(self.claude.messages.batches.delete(batch.id).type, "message_batch_deleted")
        with self.assertRaises(anthropic.NotFoundError):
            self.claude.messages.batches.retrieve(batch.id)

    def test_cancelling_and_bad_requests(self):
        batch = self.claude.messages.batches.create(requests=[self.request(f"q{n}", "wait:100ms") for n in range(80)])
        with self.assertRaises(anthropic.ConflictError):
            self.claude.messages.batches.delete(batch.id)
        self.assertIn(self.claude.messages.batches.cancel(batch.id).processing_status, ("canceling", "ended"))
        ended = self.wait(batch)
        kinds = collections.Counter(each.result.type for each in self.claude.messages.batches.results(batch.id))
        self.assertEqual((kinds["canceled"], sum(kinds.values())), (ended.request_counts.canceled, 80))
        self.assertGreater(kinds["canceled"], 0)
        for requests in ([], [self.request("a"), self.request("a")], [{"custom_id": "a"}], [self.request("a" * 513)]):
            with self.assertRaises(anthropic.BadRequestError):
                self.claude.messages.batches.create(requests=requests)


class BatchJobs(House):
    def test_mistrals_client(self):
        client = Mistral(api_key=self.keys["ada"], server_url=self.bastide.url)
        lines = [{"custom_id": str(n), "body": {"messages": [{"role": "user", "content": f"Question {n}"}], "safe_prompt": True}} for n in range(4)]
        file = client.files.upload(file={"file_name": "in.jsonl", "content": jsonl(lines)}, purpose="batch")
        self.assertEqual((file.purpose, file.sample_type, client.files.retrieve(file_id=file.id).deleted), ("batch", "batch_request", False))
        of_file = client.batch.jobs.create(input_files=[file.id], model="on-mistral", endpoint="/v1/chat/completions", metadata={"k": "v"})
        self.assertEqual((of_file.status, of_file.model, of_file.input_files, of_file.metadata), ("QUEUED", "on-mistral", [file.id], {"k": "v"}))
        inline = client.batch.jobs.create(requests=[{"custom_id": "a", "body": {"inputs": "abc"}}, {"custom_id": "b", "body": {"inputs": "abc", "model": "nobody"}}],
                                          model="embed-mistral", endpoint="/v1/embeddings")
        for job in (of_file, inline):
            end = time.time() + 30
            while (now := client.batch.jobs.get(job_id=job.id)).status in ("QUEUED", "RUNNING"):
                self.assertLess(time.time(), end, now)
                time.sleep(0.05)
            self.assertEqual((now.status, now.errors), ("SUCCESS", []))
            output = [json.loads(text) for text in client.files.download(file_id=now.output_file).read().decode().splitlines()]
            if job is inline:
                self.assertEqual((now.succeeded_requests, now.failed_requests), (1, 1))
                self.assertEqual(output[0]["response"]["body"]["data"][0]["embedding"][0], 3.0)
            else:
                self.assertEqual((now.total_requests, now.succeeded_requests), (4, 4))
                self.assertEqual([each["custom_id"] for each in output], ["0", "1", "2", "3"])
        asked = [body for dialect, path, _, body in self.upstreams.seen if dialect == "mistral" and path == "/chat/completions"]
        self.assertTrue(all(body["safe_prompt"] for body in asked), "in Mistral's own words")
        listed = client.batch.jobs.list(page=0, page_size=1)
        self.assertEqual((listed.total, [each.id for each in listed.data]), (2, [inline.id]))
        self.assertEqual([each.id for each in client.batch.jobs.list(page=1, page_size=1).data], [of_file.id])
        client.batch.jobs.delete(job_id=inline.id)
        self.assertEqual(client.batch.jobs.list().total, 1)
        broken = client.files.upload(file={"file_name": "in.jsonl", "content": b"{"}, purpose="batch")
        failed = client.batch.jobs.create(input_files=[broken.id], model="on-mistral", endpoint="/v1/chat/completions")
        while (now := client.batch.jobs.get(job_id=failed.id)).status in ("QUEUED", "RUNNING"):
            time.sleep(0.05)
        self.assertEqual(now.status, "FAILED")
        self.assertIn("Line 1", now.errors[0].message)
        for more in ({"endpoint": "/v1/ocr"}, {"timeout_hours": 200}, {"input_files": []}):
            with self.assertRaises(Exception) as refused:
                client.batch.jobs.create(**{"input_files": [file.id], "model": "on-mistral", "endpoint": "/v1/chat/completions", **more})
            self.assertEqual(refused.exception.status_code, 400)


class Limited(House):
    more = "\n[limits]\nrequests_per_minute = 60\n"

    def test_limits_are_waited_for(self):
        file = self.ada.files.create(file=("in.jsonl", jsonl([question(f"q{n}") for n in range(63)])), purpose="batch")
        batch = self.ada.batches.create(input_file_id=file.id, endpoint="/v1/chat/completions", completion_window="24h")
        end = time.time() + 60
        while (now := self.ada.batches.retrieve(batch.id)).status != "completed":
            self.assertLess(time.time(), end, now)
            time.sleep(0.2)
        self.assertEqual(now.request_counts.to_dict(), {"total": 63, "completed": 63, "failed": 0})
        self.assertGreaterEqual(now.completed_at - now.in_progress_at, 2, "three more than the minute allows")
        self.assertEqual(len(self.upstreams.seen), 63, "who waits asks no provider")


if __name__ == "__main__":
    unittest.main()
