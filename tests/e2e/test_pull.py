"""`bastide model pull` from an organisation's own sources: a bucket of S3, a mirror, a share; cut connections, wrong content, order."""
import hashlib
import hmac
import json
import os
import threading
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
        self.asked, self.cuts = [], 2
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
        with open(os.path.join(self.models, "catalogue.json"), "w") as file:
            json.dump([{"id": "ours", "name": "Ours", "family": "own", "kind": "chat", "capabilities": ["chat"], "languages": ["fr"], "licence": "own",
                        "context_tokens": 512, "parameters_total": [0.1, 0.1], "parameters_active": [0.1, 0.1],
                        "download_bytes": len(self.content), "sources": list(sources)}], file)
        return self.bastide.command("model", "pull", "ours")

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


if __name__ == "__main__":
    unittest.main()
