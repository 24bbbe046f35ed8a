"""Bad input and faults: each gets a clear error, nothing acknowledged is lost, nothing is done twice."""
import http.client
import io
import socket
import subprocess
import time
import unittest
import zipfile

from tests.e2e.bastide import BINARY, Bastide
from tests.e2e.provider import Provider


class Crashes(unittest.TestCase):
    def setUp(self):
        self.provider = Provider()
        self.bastide = Bastide(self.provider.config, env={"CLOUD_KEY": "k"}).add_admin()

    def tearDown(self):
        self.bastide.close()
        self.provider.close()

    def test_kill_in_the_middle_of_an_answer(self):
        self.provider.fault = "slow"
        self.provider.answer = lambda messages: [f"word{i} " for i in range(200)]
        self.bastide.start()
        conversation, asked = self.bastide.ask("hello", model="cloud-small")
        shown = "".join(data["text"] for _, name, data in self.bastide.events(
            asked["stream"], until=lambda event: event[1] == "delta" and "word5" in event[2]["text"]) if name == "delta")
        self.bastide.kill()
        self.bastide.start()
        messages = self.bastide.call("GET", f"/api/conversations/{conversation}").json["messages"]
        self.assertEqual(messages[0]["content"], "hello")
        self.assertEqual(messages[1]["state"], "interrupted")
        self.assertTrue(messages[1]["content"].startswith(shown), (messages[1]["content"], shown))
        last = self.bastide.events(asked["stream"])[-1]
        self.assertEqual((last[1], last[2]["code"]), ("error", "interrupted"))
        # And it can be continued.
        self.provider.fault = None
        self.provider.answer = lambda messages: ["and the end."]
        more = self.bastide.call("POST", f"/api/conversations/{conversation}/messages",
                                 {"continue": messages[1]["id"], "model": "cloud-small"}).json
        done = self.bastide.events(more["stream"])[-1][2]
        self.assertTrue(done["content"].startswith(shown))
        self.assertTrue(done["content"].endswith("and the end."))

    def test_a_question_sent_again_after_a_kill_is_asked_once(self):
        self.provider.fault = "slow"
        self.provider.answer = lambda messages: [f"word{i} " for i in range(200)]
        self.bastide.start()
        conversation = self.bastide.call("POST", "/api/conversations", {}).json["id"]
        path, body = f"/api/conversations/{conversation}/messages", {"content": "hello", "model": "cloud-small"}
        first = self.bastide.call("POST", path, body, headers={"Idempotency-Key": "one"})
        self.assertEqual(first.status, 202)
        self.bastide.kill()
        self.bastide.start()
        again = self.bastide.call("POST", path, body, headers={"Idempotency-Key": "one"})
        self.assertEqual((again.status, again.json), (202, first.json))
        self.assertEqual(len(self.bastide.call("GET", f"/api/conversations/{conversation}").json["messages"]), 2)
        other = self.bastide.call("POST", path, {"content": "bye", "model": "cloud-small"}, headers={"Idempotency-Key": "one"})
        self.assertEqual((other.status, other.json["detail_code"]), (409, "idempotency_key_reused"))

    def test_a_removed_person_leaves_nothing_and_the_log_holds(self):
        self.provider.answer = lambda messages: ["hello"]
        self.bastide.start()
        added = self.bastide.call("POST", "/api/people", {"email": "bob@example.org", "role": "member"}).json["id"]
        self.assertEqual(self.bastide.call("DELETE", f"/api/people/{added}").status, 204)
        self.assertEqual(self.bastide.call("DELETE", f"/api/people/{added}").status, 404)
        self.assertEqual(self.bastide.call("GET", "/api/people?q=bob").json["people"], [])
        self.bastide.call("POST", "/api/people", {"email": "eve@example.org", "role": "member"})
        removed = self.bastide.command("user", "remove", "eve@example.org")
        self.assertEqual(removed.returncode, 0, removed.stderr)
        self.assertEqual(self.bastide.call("GET", "/api/people?q=eve").json["people"], [])
        self.assertEqual(self.bastide.command("audit", "verify").returncode, 0)

    def test_kill_in_the_middle_of_ingestion(self):
        self.bastide.start()
        collection = self.bastide.collection()
        ids = []
        for i in range(12):
            text = f"# Note {i}\n\n" + f"La procédure numéro {i} demande le formulaire bleu. " * 400
            uploaded = self.bastide.upload(collection, f"note{i}.md", text.encode())
            self.assertEqual(uploaded.status, 201)
            ids.append(uploaded.json["id"])
        self.bastide.kill()
        self.bastide.start()
        for document in ids:
            self.assertEqual(self.bastide.wait_document(document)["state"], "ready")
        results = self.bastide.call("POST", "/api/search", {"query": "procédure formulaire bleu", "limit": 50}).json["results"]
        passages = [result["passage"] for result in results]
        self.assertEqual(len(passages), len(set(passages)))
        self.assertEqual(self.bastide.call("GET", f"/api/collections/{collection}").json["documents"], 12)

    def test_an_upload_that_was_cut_leaves_nothing(self):
        self.bastide.start()
        collection = self.bastide.collection()
        with socket.create_connection(("127.0.0.1", self.bastide.port)) as connection:
            connection.sendall((f"POST /api/collections/{collection}/documents HTTP/1.1\r\nhost: x\r\n"
                                f"authorization: Bearer {self.bastide.key}\r\ncontent-length: 1000000\r\n"
                                'content-type: multipart/form-data; boundary=b\r\n\r\n--b\r\ncontent-disposition: form-data; '
                                'name="file"; filename="a.md"\r\n\r\nhalf').encode())
            time.sleep(0.3)
        self.bastide.kill()
        self.bastide.start()
        self.assertEqual(self.bastide.call("GET", f"/api/collections/{collection}/documents").json["documents"], [])

    def test_a_client_that_leaves_cancels_upstream(self):
        self.provider.fault = "slow"
        self.provider.answer = lambda messages: ["x"] * 100
        self.bastide.start()
        connection = http.client.HTTPConnection("127.0.0.1", self.bastide.port)
        connection.request("POST", "/v1/chat/completions",
                           '{"model":"cloud-small","stream":true,"messages":[{"role":"user","content":"q"}]}',
                           {"authorization": f"Bearer {self.bastide.key}"})
        connection.getresponse().read(10)
        connection.sock.shutdown(socket.SHUT_RDWR)
        connection.close()
        self.assertTrue(self.provider.gone.wait(5), "the provider still writes")


class Providers(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.provider = Provider()
        cls.bastide = Bastide(cls.provider.config, env={"CLOUD_KEY": "k"}).add_admin().start()

    @classmethod
    def tearDownClass(cls):
        cls.bastide.close()
        cls.provider.close()

    def test_each_fault_is_a_clear_error(self):
        for fault in ("hang", "reset", "half_event", "no_finish", "status_500", "not_json"):
            with self.subTest(fault):
                self.provider.fault = fault
                _, asked = self.bastide.ask("hello", model="cloud-small")
                last = self.bastide.events(asked["stream"], timeout=30)[-1]
                self.assertEqual(last[1], "error", last)
                self.assertIn(last[2]["code"], ("upstream", "timeout"), last)
                self.assertTrue(last[2]["detail"])
                streamed = self.bastide.call("POST", "/v1/chat/completions", {
                    "model": "cloud-small", "stream": True, "messages": [{"role": "user", "content": "q"}]}, timeout=30)
                self.assertNotIn(b"[DONE]", streamed.body)
                self.assertIn(b'"error"', streamed.body)


class BadInput(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.bastide = Bastide().add_admin().start()
        cls.collection = cls.bastide.collection()

    @classmethod
    def tearDownClass(cls):
        cls.bastide.close()

    def refused(self, name, content):
        uploaded = self.bastide.upload(self.collection, name, content)
        self.assertEqual(uploaded.status, 201, uploaded.body)
        view = self.bastide.wait_document(uploaded.json["id"])
        self.assertEqual(view["state"], "failed", view)
        for field in ("title", "detail", "action"):
            self.assertTrue(view["error"][field], view["error"])
        return view["error"]["detail_code"]

    def test_a_2_gb_upload_is_refused_before_it_is_sent(self):
        with socket.create_connection(("127.0.0.1", self.bastide.port), timeout=10) as connection:
            connection.sendall((f"POST /api/collections/{self.collection}/documents HTTP/1.1\r\nhost: x\r\n"
                                f"authorization: Bearer {self.bastide.key}\r\ncontent-length: {2 << 30}\r\n"
                                "content-type: multipart/form-data; boundary=b\r\n\r\n").encode())
            answer = connection.recv(65536)
        self.assertIn(b" 413 ", answer.split(b"\r\n")[0])

    def test_files_that_cannot_be_read(self):
        self.assertEqual(self.refused("broken.pdf", b"%PDF-1.7\n" + b"garbage " * 100), "corrupt")
        self.assertEqual(self.refused("picture.pdf", b"\x89PNG\r\n\x1a\n" + b"\0" * 200), "type_mismatch")
        self.assertEqual(self.refused("empty.txt", b"   \n"), "empty_document")
        bomb = io.BytesIO()
        with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("[Content_Types].xml", "<Types/>")
            archive.writestr("word/document.xml", b"<w:document>" + b" " * (400 << 20))
        self.assertEqual(self.refused("bomb.docx", bomb.getvalue()), "zip_bomb")

    def test_malformed_requests(self):
        nested = self.bastide.call("POST", "/api/search", b"[" * 100000)
        self.assertEqual((nested.status, nested.json["detail_code"]), (400, "json_too_deep"))
        invalid = self.bastide.call("POST", "/api/search", b'{"query":"\xff\xfe"}')
        self.assertEqual(invalid.status, 400)
        with socket.create_connection(("127.0.0.1", self.bastide.port), timeout=10) as connection:
            connection.sendall(b"GET / HTTP/1.1\r\nhost: x\r\n" + b"".join(b"a%d: %s\r\n" % (i, b"x" * 500) for i in range(500)))
            self.assertIn(b" 431 ", connection.recv(4096).split(b"\r\n")[0])
        self.assertEqual(self.bastide.call("GET", "/readyz").status, 200)

    def test_a_key_does_only_what_its_scopes_say(self):
        key = self.bastide.call("POST", "/api/keys", {"name": "search only", "scopes": ["documents"]}).json["secret"]
        self.assertEqual(self.bastide.call("GET", "/api/collections", key=key).status, 200)
        for path in ("/v1/models", "/api/conversations", "/api/people", "/api/keys"):
            self.assertEqual(self.bastide.call("GET", path, key=key).status, 403, path)

    def test_french_and_english_errors(self):
        english = self.bastide.call("GET", "/api/documents/doc_0", headers={"accept-language": "en"}).json
        french = self.bastide.call("GET", "/api/documents/doc_0", headers={"accept-language": "fr-FR,fr;q=0.9,en;q=0.5"}).json
        self.assertEqual(english["code"], french["code"])
        self.assertEqual((english["title"], french["title"]), ("Not found", "Introuvable"))

    def test_a_session_needs_its_csrf_token(self):
        from tests.e2e.bastide import EMAIL, PASSWORD
        signed = self.bastide.call("POST", "/api/session", {"email": EMAIL, "password": PASSWORD}, key=None)
        self.assertEqual(signed.status, 200, signed.body)
        cookie = signed.headers["set-cookie"].split(";")[0]
        for flag in ("HttpOnly", "SameSite=Strict"):
            self.assertIn(flag, signed.headers["set-cookie"])
        without = self.bastide.call("POST", "/api/conversations", {}, key=None, headers={"cookie": cookie})
        self.assertEqual((without.status, without.json["detail_code"]), (403, "csrf"))
        token = {"cookie": cookie, "x-csrf-token": signed.json["csrf"]}
        self.assertEqual(self.bastide.call("POST", "/api/conversations", {}, key=None, headers=token).status, 201)


class Starting(unittest.TestCase):
    def test_a_port_in_use(self):
        with Bastide().add_admin().start() as first, Bastide() as second:
            second.port = first.port
            second.start(wait=False)
            self.assertEqual(second.process.wait(timeout=20), 1)
            self.assertIn("already listens", second.logged())

    def test_one_server_a_data_folder(self):
        with Bastide().add_admin().start() as first:
            again = subprocess.run([BINARY, "serve", "--data", first.data, "--listen", "127.0.0.1:0"], capture_output=True,
                                   text=True, timeout=20)
            self.assertEqual(again.returncode, 1)
            self.assertIn("Another bastide", again.stderr)

    def test_a_wrong_configuration_names_file_line_and_form(self):
        with Bastide("[server]\nlisten = 8080\n") as wrong:
            wrong.start(wait=False)
            self.assertEqual(wrong.process.wait(timeout=20), 1)
            self.assertRegex(wrong.logged(), r"bastide\.toml:2: .*listen")

    def test_drains_on_sigterm(self):
        with Bastide().add_admin().start() as bastide:
            begun = time.time()
            bastide.process.terminate()
            self.assertEqual(bastide.process.wait(timeout=20), 0)
            self.assertLess(time.time() - begun, 5)

    def test_the_first_administrator_by_a_link_that_works_once(self):
        with Bastide().start() as bastide:
            bastide.wait_logged("/welcome#")
            link = next(line for line in bastide.logged().splitlines() if "/welcome#" in line)
            body = {"token": link.split("#")[1].strip(), "email": "a@valmont.example", "name": "A", "password": "une phrase assez longue"}
            self.assertEqual(bastide.call("POST", "/api/setup", body).status, 200)
            self.assertNotEqual(bastide.call("POST", "/api/setup", body).status, 200)
            self.assertNotIn("une phrase", bastide.logged())


if __name__ == "__main__":
    unittest.main()
