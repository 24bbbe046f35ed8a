"""`bastide model pull` from an organisation's own sources: a bucket of S3, a mirror, a share; cut connections, wrong content, order."""
import hashlib
import hmac
import json
import os
import threading
import time
import unittest
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from tests.e2e import tiny_models
from tests.e2e.bastide import Bastide

KEY_ID, SECRET, REGION = "AKIDEXAMPLE", "a very secret word", "eu-west-3"


def is_signed(handler):
    """AWS Signature Version 4, from the documentation: the server's side."""
    given = handler.headers.get("authorization", "")
    if not given.startswith("AWS4-HMAC-SHA256 "):
        return False
    parts = dict(part.split("=", 1) for part in given.removeprefix("AWS4-HMAC-SHA256 ").split(","))
    key_id, day, region, service, end = parts["Credential"].split("/")
    names = parts["SignedHeaders"].split(";")
    canonical = "\n".join(["GET", handler.path, "", *(f"{name}:{handler.headers[name]}" for name in names), "", ";".join(names),
                           handler.headers["x-amz-content-sha256"]])
    to_sign = "\n".join(["AWS4-HMAC-SHA256", handler.headers["x-amz-date"], f"{day}/{region}/{service}/{end}",
                         hashlib.sha256(canonical.encode()).hexdigest()])
    key = ("AWS4" + SECRET).encode()
    for word in (day, region, service, end):
        key = hmac.new(key, word.encode(), hashlib.sha256).digest()
    expected = hmac.new(key, to_sign.encode(), hashlib.sha256).hexdigest()
    return (key_id, region, service, end) == (KEY_ID, REGION, "s3", "aws4_request") and hmac.compare_digest(expected, parts["Signature"])


class Pull(unittest.TestCase):
    def setUp(self):
        self.bastide = Bastide(env={"S3_KEY_ID": KEY_ID})
        self.addCleanup(self.bastide.close)
        self.models = os.path.join(self.bastide.data, "models")
        os.makedirs(self.models, exist_ok=True)
        self.file = os.path.join(self.bastide.folder, "ours.gguf")
        tiny_models.write_alphabet(self.file)
        with open(self.file, "rb") as file:
            self.content = file.read()
        self.sha256 = hashlib.sha256(self.content).hexdigest()
        with open(os.path.join(self.bastide.folder, "secret"), "w") as file:
            file.write(SECRET + "\n")
        self.asked, self.cuts, self.let_go = [], 2, threading.Event()
        self.addCleanup(self.let_go.set)
        test = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_):
                pass

            def do_GET(self):
                test.asked.append((self.path, self.headers.get("range")))
                self.close_connection = True
                if self.path.startswith("/bucket/") and not is_signed(self):
                    self.send_error(403)
                elif self.path == "/gone":
                    self.send_error(404)
                elif self.path == "/slow" and not test.let_go.is_set():
                    self.send_response(200)
                    self.send_header("content-length", str(len(test.content)))
                    self.end_headers()
                    self.wfile.write(test.content[:1000])
                    self.wfile.flush()
                    test.let_go.wait(60)
                else:
                    self.give(b"something else" if self.path == "/other" else test.content)

            def give(self, content):
                begin = int((self.headers.get("range") or "bytes=0-")[6:-1])
                self.send_response(206 if begin else 200)
                self.send_header("etag", '"v1"')
                self.send_header("content-length", str(len(content) - begin))
                if begin:
                    self.send_header("content-range", f"bytes {begin}-{len(content) - 1}/{len(content)}")
                self.end_headers()
                rest = content[begin:]
                if test.cuts > 0 and len(rest) > 1000:  # the connection breaks in the middle
                    test.cuts -= 1
                    rest = rest[:len(rest) // 2]
                self.wfile.write(rest)

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.addCleanup(self.server.server_close)
        self.addCleanup(self.server.shutdown)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.address = f"http://127.0.0.1:{self.server.server_address[1]}"

    def pull(self, *sources):
        self.list_ours(*sources)
        return self.bastide.command("model", "pull", "ours")

    def list_ours(self, *sources):
        with open(os.path.join(self.models, "catalogue.json"), "w") as file:
            json.dump([{"id": "ours", "name": "Ours", "family": "own", "kind": "chat", "capabilities": ["chat"], "languages": ["fr"], "licence": "own",
                        "context_tokens": 512, "parameters_total": [0.1, 0.1], "parameters_active": [0.1, 0.1],
                        "download_bytes": len(self.content), "sources": list(sources)}], file)

    def check_installed(self, source):
        listed = json.loads(self.bastide.command("model", "list", "--json").stdout)
        ours = next(model for model in listed["models"] if model["id"] == "ours")
        self.assertEqual(ours["source"], source)
        with open(os.path.join(self.models, "ours.gguf"), "rb") as file:
            self.assertEqual(file.read(), self.content)

    def bucket(self, **more):
        return {"bucket": "bucket", "key": "models/ours.gguf", "endpoint": self.address, "region": REGION, "key_id_env": "S3_KEY_ID",
                "secret_file": os.path.join(self.bastide.folder, "secret"), "sha256": self.sha256, **more}

    def test_a_bucket_over_a_line_that_breaks(self):
        done = self.pull(self.bucket())
        self.assertEqual(done.returncode, 0, done.stderr)
        self.check_installed(self.address + "/bucket/models/ours.gguf")
        self.assertEqual(len(self.asked), 3, "twice cut, twice gone on")
        self.assertTrue(all(reach for _, reach in self.asked[1:]), self.asked)
        self.assertNotIn(SECRET, done.stderr + done.stdout)

    def test_the_next_source_where_one_fails(self):
        self.cuts = 0
        done = self.pull(self.bucket(secret_file="/nowhere"), {"url": self.address + "/gone"}, {"path": "/nowhere/ours.gguf"},
                         {"url": self.address + "/other", "sha256": self.sha256}, {"url": self.address + "/mirror", "sha256": self.sha256})
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual([path for path, _ in self.asked], ["/gone", "/other", "/mirror"])
        self.check_installed(self.address + "/mirror")

    def test_a_share(self):
        done = self.pull({"path": self.file, "sha256": self.sha256})
        self.assertEqual(done.returncode, 0, done.stderr)
        self.check_installed(self.file)
        self.assertTrue(os.path.exists(self.file))

    def test_nothing_half_made_where_all_fail(self):
        self.cuts = 0
        done = self.pull({"url": self.address + "/other", "sha256": self.sha256}, self.bucket(key_id_env="NOT_SET"))
        self.assertEqual(done.returncode, 1)
        self.assertIn("NOT_SET", done.stderr)
        listed = json.loads(self.bastide.command("model", "list", "--available", "--json").stdout)
        self.assertNotIn("ours", [model["id"] for model in listed["models"]])
        ours = next(model for model in listed["available"] if model["id"] == "ours")
        self.assertEqual((ours["family"], ours["context_tokens"], ours["languages"]), ("own", 512, ["fr"]))
        self.assertNotIn("memory_bytes", ours, "absent where it is not known")

    def ours(self, **more):
        reply = self.bastide.call("GET", "/api/admin/models", **more)
        self.assertEqual(reply.status, 200, reply.body)
        return next(model for model in reply.json["models"] if model["id"] == "ours")

    def wait_for(self, condition, **more):
        end = time.time() + 60
        while time.time() < end:
            ours = self.ours(**more)
            if condition(ours):
                return ours
            time.sleep(0.05)
        raise AssertionError(f"still {ours}; {self.bastide.logged()}")

    def test_an_administrator_fetches_in_the_workspace(self):
        self.cuts = 0
        self.list_ours({"url": self.address + "/slow", "sha256": self.sha256})
        bastide = self.bastide.add_admin().start()
        there = bastide.call("GET", "/api/admin/models").json
        self.assertGreater(there["machine"]["memory_bytes"], 0)
        ours = self.ours()
        self.assertEqual((ours["installed"], ours["room"], ours["licence"], ours["sources"]), (False, "unknown", "own", [self.address + "/slow"]))
        self.assertNotIn("measured", ours)
        self.assertNotIn("state", ours)
        self.assertEqual(bastide.call("POST", "/api/admin/models/ours/pull").status, 202)
        self.assertEqual(bastide.call("POST", "/api/admin/models/ours/pull").json["detail_code"], "pull_running")
        pull = self.wait_for(lambda model: model["pull"]["done_bytes"] > 0)["pull"]
        self.assertEqual((pull["step"], pull["done_bytes"], pull["total_bytes"]), ("fetching", 1000, len(self.content)))
        self.assertEqual(bastide.call("DELETE", "/api/admin/models/ours/pull").status, 204)
        self.assertNotIn("pull", self.ours())
        self.assertEqual(bastide.call("DELETE", "/api/admin/models/ours/pull").status, 404)
        self.let_go.set()
        self.assertEqual(bastide.call("POST", "/api/admin/models/ours/pull").status, 202)
        ours = self.wait_for(lambda model: model["installed"] and "pull" not in model)
        self.assertEqual(ours["state"], "stopped")
        self.check_installed(self.address + "/slow")
        time.sleep(1.1)  # the folder is looked at once a second
        self.assertIn("ours", [model["id"] for model in bastide.call("GET", "/api/models").json["models"]], "a running server sees it")

    def test_the_workspace_says_why_it_failed(self):
        self.list_ours({"url": self.address + "/gone"})
        bastide = self.bastide.add_admin().start()
        self.assertEqual(bastide.call("POST", "/api/admin/models/nothing/pull").json["detail_code"], "unknown_model")
        self.assertEqual(bastide.call("POST", "/api/admin/models/ours/pull").status, 202)
        failed = self.wait_for(lambda model: model.get("pull", {}).get("step") == "failed", headers={"accept-language": "fr"})
        self.assertEqual(failed["pull"]["error"]["code"], "not_found")
        self.assertFalse(failed["installed"])
        self.assertEqual(bastide.call("DELETE", "/api/admin/models/ours/pull").status, 204, "it is forgotten")
        self.assertNotIn("pull", self.ours())

    def test_models_are_for_administrators(self):
        bastide = self.bastide.add_admin().start()
        self.assertEqual(bastide.command("user", "add", "jo@valmont.example", "--password-stdin", text="un autre mot de passe long").returncode, 0)
        bastide.key = bastide.command("key", "create", "--user", "jo@valmont.example", "--name", "test").stdout.strip()
        for method, path in (("GET", "/api/admin/models"), ("POST", "/api/admin/models/ours/pull"), ("DELETE", "/api/admin/models/ours/pull")):
            reply = bastide.call(method, path)
            self.assertEqual((reply.status, reply.json["detail_code"]), (403, "admins_only"), path)


if __name__ == "__main__":
    unittest.main()
