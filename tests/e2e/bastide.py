"""A Bastide of a test's own: data folder, configuration, server process, HTTP calls. Standard library only."""
import http.client
import json
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
import uuid

BINARY = os.environ.get("BASTIDE_BINARY", "build/dev/bastide")
MODELS = os.environ.get("BASTIDE_MODELS", "")
EMAIL, PASSWORD = "claire@valmont.example", "un mot de passe assez long"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Reply:
    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, headers, body

    @property
    def json(self):
        return json.loads(self.body)


class Bastide:
    """`config` is bastide.toml. With models=True the demonstration models are there."""

    def __init__(self, config="", models=False, env=None):
        self.folder = tempfile.mkdtemp(prefix="bastide-e2e-")
        self.data = os.path.join(self.folder, "data")
        os.makedirs(self.data)
        if models and MODELS:
            os.symlink(MODELS, os.path.join(self.data, "models"))
        if config:
            self.write_config(config)
        self.env = dict(os.environ, **(env or {}))
        self.port = free_port()
        self.process = None
        self.log_path = os.path.join(self.folder, "log")
        self.key = None

    def write_config(self, text):
        with open(os.path.join(self.data, "bastide.toml"), "w") as file:
            file.write(text)

    def command(self, *words, text=None, timeout=120):
        return subprocess.run([BINARY, *words, "--data", self.data], input=text, text=True, capture_output=True,
                              timeout=timeout, env=self.env)

    def add_admin(self):
        added = self.command("user", "add", EMAIL, "--role", "admin", "--name", "Claire Fabre", "--password-stdin", text=PASSWORD)
        assert added.returncode == 0, added.stderr
        made = self.command("key", "create", "--user", EMAIL, "--name", "test")
        assert made.returncode == 0, made.stderr
        self.key = made.stdout.strip()
        return self

    def start(self, wait=True):
        with open(self.log_path, "ab") as log:
            self.process = subprocess.Popen([BINARY, "serve", "--data", self.data, "--listen", f"127.0.0.1:{self.port}"],
                                            stdout=log, stderr=log, env=self.env, start_new_session=True)
        if wait:
            self.wait_ready()
        return self

    def wait_ready(self, seconds=30):
        end = time.time() + seconds
        while time.time() < end:
            if self.process.poll() is not None:
                raise AssertionError("the server ended: " + self.logged())
            try:
                if self.call("GET", "/readyz", key=None).status == 200:
                    return
            except OSError:
                pass
            time.sleep(0.02)
        raise AssertionError("not ready: " + self.logged())

    def wait_logged(self, text, seconds=10):
        end = time.time() + seconds
        while text not in self.logged():
            assert time.time() < end, f"{text} was not said: {self.logged()}"
            time.sleep(0.02)

    def logged(self):
        with open(self.log_path, errors="replace") as file:
            return file.read()

    def kill(self):
        """kill -9, as a power cut of the process."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()
        self.process = None

    def stop(self):
        if self.process and self.process.poll() is None:
            self.process.terminate()
            self.process.wait(timeout=30)
        self.process = None

    def close(self):
        if self.process and self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}"

    def call(self, method, path, body=None, key="own", headers=None, timeout=120):
        sent = {"accept-language": "en"}
        if key == "own":
            key = self.key
        if key:
            sent["authorization"] = f"Bearer {key}"
        data = body
        if isinstance(body, (dict, list)):
            data = json.dumps(body).encode()
            sent["content-type"] = "application/json"
        sent.update(headers or {})
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)
        try:
            connection.request(method, path, data, sent)
            answer = connection.getresponse()
            return Reply(answer.status, answer.headers, answer.read())
        finally:
            connection.close()

    def upload(self, collection, name, content, fields=None):
        boundary = uuid.uuid4().hex
        parts = b"".join(f'--{boundary}\r\ncontent-disposition: form-data; name="{k}"\r\n\r\n{v}\r\n'.encode()
                         for k, v in (fields or {}).items())
        body = (parts + f'--{boundary}\r\ncontent-disposition: form-data; name="file"; filename="{name}"\r\n\r\n'.encode() +
                content + f"\r\n--{boundary}--\r\n".encode())
        return self.call("POST", f"/api/collections/{collection}/documents", body,
                         headers={"content-type": f"multipart/form-data; boundary={boundary}"})

    def wait_document(self, document, seconds=120):
        end = time.time() + seconds
        while time.time() < end:
            view = self.call("GET", f"/api/documents/{document}").json
            if view["state"] in ("ready", "failed"):
                return view
            time.sleep(0.05)
        raise AssertionError(f"still {view}")

    def collection(self, name="Notes", **more):
        made = self.call("POST", "/api/collections", {"name": name, **more})
        assert made.status == 201, made.body
        return made.json["id"]

    def ask(self, content, conversation=None, **more):
        conversation = conversation or self.call("POST", "/api/conversations", {}).json["id"]
        asked = self.call("POST", f"/api/conversations/{conversation}/messages", {"content": content, **more})
        assert asked.status == 202, asked.body
        return conversation, asked.json

    def events(self, stream, after=0, timeout=120, until=None):
        """Events of a stream as (id, name, data), until it ends or `until(event)`."""
        request = urllib.request.Request(f"{self.url}/api/streams/{stream}",
                                         headers={"authorization": f"Bearer {self.key}", "last-event-id": str(after)})
        out, fields = [], {}
        with urllib.request.urlopen(request, timeout=timeout) as answer:
            for raw in answer:
                line = raw.decode().rstrip("\n")
                if line.startswith(":"):
                    continue
                if line:
                    name, _, value = line.partition(": ")
                    fields[name] = value
                elif fields:
                    event = (int(fields["id"]), fields["event"], json.loads(fields["data"]))
                    out.append(event)
                    fields = {}
                    if until and until(event):
                        break
        return out
