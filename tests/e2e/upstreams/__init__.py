"""Mock providers of all four dialects in one server: each checks what it is sent as strictly as the real one, answers in the shapes
of the recordings, and fails where the question asks for it ("fail:KIND")."""
import gzip
import json
import queue
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from tests.e2e.upstreams import anthropic, gemini, mistral, openai, services
from tests.e2e.upstreams.brain import Refused

DIALECTS = {"openai": openai, "anthropic": anthropic, "gemini": gemini, "mistral": mistral}
# What each SDK would be given, with the path that the dialect wants below it.
BASES = {"openai": "/openai/v1", "anthropic": "/anthropic", "gemini": "/gemini/v1beta", "mistral": "/mistral/v1"}


class Upstreams:
    """`seen`: (dialect, path, headers, body) of each call; `refused`: (dialect, why)."""

    def __init__(self, zone="walls", timeout_s=3):
        self.seen, self.refused, self.zone = [], [], zone
        self.timeout_s = timeout_s
        self.gets_stuck = True  # where a question asks for it
        self.left = queue.Queue()  # when Bastide hung up on a stream that was stuck
        upstreams = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_):
                pass

            def whole(self, status, body, headers=None, media="application/json"):
                data = body if isinstance(body, bytes) else json.dumps(body).encode()
                self.send_response(status)
                for name, value in {"content-type": media, "content-length": str(len(data)), **(headers or {})}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(data)

            def chunk(self, data):
                self.wfile.write(b"%x\r\n%s\r\n" % (len(data), data))
                self.wfile.flush()

            def serve(self, answer):
                if len(answer.pieces) == 1:
                    self.whole(200, answer.pieces[0], media=answer.media)
                    return
                self.send_response(200)
                self.send_header("content-type", answer.media)
                self.send_header("transfer-encoding", "chunked")
                self.end_headers()
                for piece in answer.pieces:
                    self.chunk(piece)
                    time.sleep(0.02)
                self.chunk(b"")

            def wait_for_end(self, seconds):
                """When the other side left; None if it stayed."""
                self.connection.settimeout(seconds)
                try:
                    return time.monotonic() if not self.connection.recv(1) else None
                except (ConnectionError, OSError):
                    return time.monotonic()

            def stream(self, dialect, view, reply):
                if "fail:think" in view.question:
                    time.sleep(11)
                if "wait:100ms" in view.question:
                    time.sleep(0.1)
                self.send_response(200)
                self.send_header("content-type", "text/event-stream")
                self.send_header("transfer-encoding", "chunked")
                self.end_headers()
                for index, (name, data) in enumerate(dialect.events(view, reply)):
                    text = (f"event: {name}\n" if name else "") + f"data: {data if isinstance(data, str) else json.dumps(data, ensure_ascii=False)}\n\n"
                    raw = text.encode()
                    # Cut where it hurts: in the middle of events and of characters.
                    for start in range(0, len(raw), 61):
                        self.chunk(raw[start:start + 61])
                    if index == 2 and "fail:mid_stream" in view.question:
                        name, data = dialect.stream_error()
                        self.chunk(((f"event: {name}\n" if name else "") + f"data: {json.dumps(data)}\n\n").encode())
                        break
                    if index == 2 and "fail:huge" in view.question:
                        self.chunk(b"data: {\"x\":\"")
                        for _ in range(10):
                            self.chunk(b"x" * (1 << 20))
                        self.chunk(b"\"}\n\n")
                    if index == 2 and "fail:stuck" in view.question and upstreams.gets_stuck:
                        upstreams.left.put(self.wait_for_end(30))
                        self.close_connection = True
                        return
                    if index == 2 and "fail:cut" in view.question:
                        self.close_connection = True
                        return
                self.chunk(b"")

            def do_POST(self):
                body = self.rfile.read(int(self.headers["content-length"]))
                name, _, path = self.path[1:].partition("/")
                dialect, path = DIALECTS[name], "/" + path
                is_form = self.headers.get("content-type", "").startswith("multipart/form-data")
                upstreams.seen.append((name, path, dict(self.headers), body if is_form else json.loads(body)))
                try:
                    if not dialect.authorised(self.headers):
                        raise Refused("auth")
                    if service := services.post(name, path, self.headers.get("content-type", ""), body):
                        self.serve(service)
                        return
                    first, second = dialect.post(path, json.loads(body))
                    if isinstance(first, int):
                        self.whole(first, second)
                    elif first.stream:
                        try:
                            self.stream(dialect, first, second)
                        except (BrokenPipeError, ConnectionResetError):
                            if "fail:stuck" in first.question:  # Bastide was quicker than this server
                                upstreams.left.put(time.monotonic())
                            raise
                    else:
                        self.whole(200, dialect.whole(first, second))
                except Refused as refused:
                    upstreams.refused.append((name, refused.message))
                    if refused.kind == "html":
                        self.whole(200, b"<html>maintenance</html>", media="text/html")
                    elif refused.kind == "redirect":
                        self.whole(307, b"", {"location": "http://127.0.0.1:1/elsewhere"})
                    elif refused.kind == "gzip":
                        self.whole(200, gzip.compress(b"{}"), {"content-encoding": "gzip"})
                    elif refused.kind == "short":
                        self.whole(200, b"{\"id\":", {"content-length": "5000"})
                        self.close_connection = True
                    elif refused.kind == "hang":
                        time.sleep(6)
                        self.close_connection = True
                    else:
                        status, headers, answer = dialect.error(refused)
                        self.whole(status, answer, headers)
                except (KeyError, TypeError, ValueError, AttributeError) as broken:
                    # What a strict server cannot read is a request that Bastide wrote wrongly.
                    upstreams.refused.append((name, f"{type(broken).__name__}: {broken}"))
                    status, headers, answer = dialect.error(Refused("bad_request", upstreams.refused[-1][1]))
                    self.whole(status, answer, headers)
                except (BrokenPipeError, ConnectionResetError):
                    self.close_connection = True

        class Quiet(ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, *_):
                pass

        self.server = Quiet(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    @property
    def env(self):
        return {f"KEY_{name.upper()}": f"key-{name}" for name in DIALECTS}

    @property
    def config(self):
        """Models on-openai, on-anthropic, on-gemini, on-mistral, embed-… where the provider makes embeddings, and rank-openai."""
        out = "[[zone]]\nid = \"eu\"\ncountries = [\"FR\", \"DE\"]\n"
        for name in DIALECTS:
            out += f"""
[[provider]]
id = "{name}"
dialect = "{name}"
base_url = "http://127.0.0.1:{self.server.server_address[1]}{BASES[name]}"
key_env = "KEY_{name.upper()}"
zone = "{self.zone}"
timeout_s = {self.timeout_s}
[[model]]
id = "on-{name}"
provider = "{name}"
upstream = "upstream-{name}"
capabilities = ["chat", "tools", "vision"]
context_tokens = 32000
price = {{ input = 1.0, output = 2.0 }}
parameters_billion = {{ active = [8, 20], total = [8, 20] }}
"""
            if name in ("openai", "mistral"):
                out += f"""
[[model]]
id = "judge-{name}"
provider = "{name}"
upstream = "judge"
capabilities = ["moderation"]
price = {{ input = 1.0, output = 1.0 }}
[[model]]
id = "listen-{name}"
provider = "{name}"
upstream = "listener"
capabilities = ["transcription"]
price = {{ input = 2.0, output = 10.0, audio_input = 6.0 }}
[[model]]
id = "speak-{name}"
provider = "{name}"
upstream = "speaker"
capabilities = ["speech"]
price = {{ input = 0.0, output = 0.0, characters = 15.0 }}
"""
            if name != "anthropic":
                out += f"""
[[model]]
id = "embed-{name}"
provider = "{name}"
upstream = "embedder"
capabilities = ["embeddings"]
"""
        return out + """
[[model]]
id = "rank-openai"
provider = "openai"
upstream = "upstream-reranker"
capabilities = ["rerank"]
[[model]]
id = "text-openai"
provider = "openai"
upstream = "upstream-text"
capabilities = ["completions", "fim"]
context_tokens = 32000
price = { input = 1.0, output = 2.0 }
[[model]]
id = "text-mistral"
provider = "mistral"
upstream = "upstream-coder"
capabilities = ["completions", "fim"]
context_tokens = 32000
[[policy.allow]]
label = "internal"
zones = ["walls", "eu"]
"""

    def close(self):
        self.server.shutdown()
        self.server.server_close()
