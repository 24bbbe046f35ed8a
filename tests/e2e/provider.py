"""A provider of models outside the walls that speaks OpenAI's dialect, remembers what it was sent, and fails on demand."""
import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Provider:
    """`answer(messages)` gives the pieces of the reply. `fault`: hang reset half_event no_finish status_500 not_json slow."""

    def __init__(self):
        self.bodies, self.fault = [], None
        self.answer = lambda messages: ["Hello", " there."]
        self.gone = threading.Event()
        provider = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_):
                pass

            def chunk(self, text):
                data = text.encode()
                self.wfile.write(b"%x\r\n%s\r\n" % (len(data), data))
                self.wfile.flush()

            def event(self, delta, finish=None, usage=None):
                chunk = {"id": "c", "object": "chat.completion.chunk", "created": 1, "model": "m",
                         "choices": [{"index": 0, "delta": delta, "finish_reason": finish}]}
                if usage:
                    chunk["usage"] = usage
                self.chunk(f"data: {json.dumps(chunk)}\n\n")

            def do_POST(self):
                body = self.rfile.read(int(self.headers["content-length"]))
                provider.bodies.append(body.decode())
                fault = provider.fault
                if fault == "hang":
                    time.sleep(8)
                    return
                if fault == "reset":
                    self.connection.close()
                    return
                if fault in ("status_500", "not_json"):
                    text = b"<html>oops</html>"
                    self.send_response(500 if fault == "status_500" else 200)
                    self.send_header("content-type", "text/html")
                    self.send_header("content-length", str(len(text)))
                    self.end_headers()
                    self.wfile.write(text)
                    return
                if not json.loads(body).get("stream"):
                    content = "".join(provider.answer(json.loads(body)["messages"]))
                    text = json.dumps({
                        "id": "c", "object": "chat.completion", "created": 1, "model": "m",
                        "choices": [{"index": 0, "message": {"role": "assistant", "content": content},
                                     "finish_reason": "stop"}],
                        "usage": {"prompt_tokens": 20, "completion_tokens": 7, "total_tokens": 27}}).encode()
                    self.send_response(200)
                    self.send_header("content-type", "application/json")
                    self.send_header("content-length", str(len(text)))
                    self.end_headers()
                    self.wfile.write(text)
                    return
                self.send_response(200)
                self.send_header("content-type", "text/event-stream")
                self.send_header("transfer-encoding", "chunked")
                self.end_headers()
                pieces = provider.answer(json.loads(body)["messages"])
                try:
                    for index, piece in enumerate(pieces):
                        self.event({"content": piece})
                        if fault == "slow":
                            time.sleep(0.2)
                        if fault == "half_event" and index == 0:
                            self.chunk('data: {"id":"c","choi')
                            self.connection.close()
                            return
                    if fault == "no_finish":
                        self.chunk("")
                        return
                    self.event({}, "stop", {"prompt_tokens": 20, "completion_tokens": 7, "total_tokens": 27})
                    self.chunk("data: [DONE]\n\n")
                    self.chunk("")
                except (BrokenPipeError, ConnectionResetError):
                    provider.gone.set()
                    self.close_connection = True

        class Quiet(ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, *_):
                pass

        self.server = Quiet(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    @property
    def config(self):
        return f"""
[[provider]]
id = "cloud"
dialect = "openai"
base_url = "http://127.0.0.1:{self.server.server_address[1]}/v1"
key_env = "CLOUD_KEY"
zone = "eu"
timeout_s = 3

[[zone]]
id = "eu"
countries = ["FR", "DE"]

[[model]]
id = "cloud-small"
provider = "cloud"
upstream = "m"
capabilities = ["chat"]
context_tokens = 32000
price = {{ input = 1.0, output = 2.0 }}
parameters_billion = {{ active = [8, 20], total = [8, 20] }}

[[policy.allow]]
label = "internal"
zones = ["walls", "eu"]
[[policy.allow]]
label = "confidential"
zones = ["walls"]
"""

    def close(self):
        self.server.shutdown()
        self.server.server_close()
