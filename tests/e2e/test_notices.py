"""Who is told that a budget is nearly spent: in the workspace until it is read, and by mail where a server is named; once, whatever happens."""
import email
import email.policy
import os
import socketserver
import ssl
import subprocess
import tempfile
import threading
import time
import unittest

from tests.e2e.bastide import EMAIL, Bastide, free_port
from tests.e2e.provider import Provider


class MailServer:
    """Takes letters (RFC 5321, the least of it). `hangs`: says nothing at all; `refuses`: addresses that it never takes."""

    def __init__(self, port=0, hangs=False, refuses=(), certificate=None):
        self.letters, self.connections = [], 0
        mail = self
        if certificate:
            tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            tls.load_cert_chain(*certificate)

        class Handler(socketserver.StreamRequestHandler):
            def say(self, line):
                self.wfile.write(line.encode() + b"\r\n")

            def setup(self):
                if certificate:
                    self.request = tls.wrap_socket(self.request, server_side=True)
                super().setup()

            def handle(self):
                mail.connections += 1
                if hangs:
                    self.rfile.read()
                    return
                self.say("220 mail.example")
                sender, to = "", []
                while line := self.rfile.readline().decode().strip():
                    word = line[:4].upper()
                    if word in ("EHLO", "HELO"):
                        self.say("250 mail.example")
                    elif word == "MAIL":
                        sender, to = line[10:], []
                        self.say("250 ok")
                    elif word == "RCPT":
                        if any(address in line for address in refuses):
                            self.say("550 no such mailbox")
                        else:
                            to.append(line[8:])
                            self.say("250 ok")
                    elif word == "DATA":
                        self.say("354 go on")
                        lines = []
                        while (part := self.rfile.readline()) not in (b".\r\n", b""):
                            lines.append(part[1:] if part.startswith(b"..") else part)
                        mail.letters.append((sender, to, email.message_from_bytes(b"".join(lines), policy=email.policy.default)))
                        self.say("250 taken")
                    elif word == "QUIT":
                        self.say("221 bye")
                        return
                    else:
                        self.say("502 what")

        class Server(socketserver.ThreadingTCPServer):
            allow_reuse_address = daemon_threads = True

            def handle_error(self, *_):
                pass

        self.server = Server(("127.0.0.1", port), Handler)
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def wait(self, letters, seconds=15):
        end = time.monotonic() + seconds
        while len(self.letters) < letters:
            assert time.monotonic() < end, "no letter came"
            time.sleep(0.05)
        return self.letters

    def close(self):
        self.server.shutdown()
        self.server.server_close()


class Notices(unittest.TestCase):
    def setUp(self):
        self.provider, self.mail, self.bastide = Provider(), None, None

    def tearDown(self):
        if self.bastide:
            self.bastide.close()
        if self.mail:
            self.mail.close()
        self.provider.close()

    def start(self, port=None, first="[budget.default]\nrequests = { month = 5 }\n", mail='tls = "none"'):
        letters = "" if port is None else f"""
[mail]
host = "127.0.0.1"
port = {port}
{mail}
from = "bastide@valmont.example"
"""
        self.bastide = Bastide(first + self.provider.config + letters, env={"CLOUD_KEY": "k"}).add_admin().start()

    def spend(self, calls):
        for _ in range(calls):
            reply = self.bastide.call("POST", "/v1/chat/completions",
                                      {"model": "cloud-small", "messages": [{"role": "user", "content": "A question of Zébulon"}]})
            self.assertEqual(reply.status, 200, reply.body)

    def notices(self, count):
        for _ in range(200):
            notices = self.bastide.call("GET", "/api/notices").json["notices"]
            if len(notices) == count:
                return notices
            time.sleep(0.05)
        raise AssertionError(notices)

    def test_are_shown_until_they_are_read_and_told_once_a_period(self):
        self.start()
        self.spend(3)
        time.sleep(1.2)
        self.assertEqual(self.notices(0), [])
        self.spend(1)
        notice = self.notices(1)[0]
        self.assertEqual({name: notice[name] for name in ("kind", "unit", "period", "limit", "spent", "name")},
                         {"kind": "budget_nearly_spent", "unit": "requests", "period": "month", "limit": 5, "spent": 4, "name": ""})
        self.spend(1)
        self.bastide.kill()
        self.bastide.start()
        self.assertEqual(self.notices(1)[0]["id"], notice["id"])
        self.assertEqual(self.bastide.call("POST", f"/api/notices/{notice['id']}/read").status, 204)
        self.notices(0)
        self.bastide.kill()
        self.bastide.start()
        time.sleep(1.5)
        self.notices(0)
        self.assertEqual(self.bastide.call("POST", "/api/notices/ntc_other/read").status, 404)

    def test_the_organisations_budget_is_its_administrators_and_a_keys_its_owners(self):
        added = """
[[budget]]
organisation = true
requests = { month = 5 }
"""
        self.start(first=added)
        member = "luc@valmont.example"
        made = self.bastide.command("user", "add", member, "--role", "member", "--password-stdin", text="encore un mot de passe")
        self.assertEqual(made.returncode, 0, made.stderr)
        key = self.bastide.command("key", "create", "--user", member, "--name", "luc").stdout.strip()
        self.spend(4)
        self.assertEqual(self.notices(1)[0]["scope"], "organisation")
        self.assertEqual(self.bastide.call("GET", "/api/notices", key=key).json["notices"], [])

    def test_letters_hold_the_budget_and_nothing_of_what_was_asked(self):
        self.mail = MailServer()
        self.start(self.mail.port)
        self.spend(4)
        (sender, to, letter), = self.mail.wait(1)
        self.assertEqual(sender, "<bastide@valmont.example>")
        self.assertEqual(to, [f"<{EMAIL}>"])
        self.assertEqual(letter["subject"], "80 % of a budget is spent")
        self.assertIn("Your budget is 80 % spent this month.", letter.get_content())
        self.assertNotIn("Zébulon", letter.as_string() + letter.get_content())
        self.assertNotIn(EMAIL, self.bastide.logged())
        time.sleep(6)  # the postman's next round
        self.assertEqual(len(self.mail.letters), 1)

    def test_a_letter_that_was_on_its_way_when_the_server_died_is_sent(self):
        port = free_port()
        self.mail = MailServer(port, hangs=True)
        self.start(port)
        self.spend(4)
        end = time.monotonic() + 15
        while not self.mail.connections:
            self.assertLess(time.monotonic(), end)
            time.sleep(0.05)
        self.bastide.kill()
        self.mail.close()
        self.mail = MailServer(port)
        self.bastide.start()
        self.assertEqual(len(self.mail.wait(1)), 1)

    def test_letters_travel_over_tls_to_a_server_that_is_who_it_says(self):
        folder = self.enterContext(tempfile.TemporaryDirectory())
        key, certificate = os.path.join(folder, "key"), os.path.join(folder, "certificate")
        subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=127.0.0.1", "-addext",
                        "subjectAltName=IP:127.0.0.1", "-keyout", key, "-out", certificate], check=True, capture_output=True)
        self.mail = MailServer(certificate=(certificate, key))
        self.start(self.mail.port, mail='tls = "from_start"')
        self.spend(4)
        self.bastide.wait_logged("mail_tls")
        self.assertEqual(self.mail.letters, [])
        self.bastide.close()
        self.start(self.mail.port, mail=f'tls = "from_start"\nca_file = "{certificate}"')
        self.spend(4)
        self.assertEqual(len(self.mail.wait(1)), 1)

    def test_an_address_that_is_refused_is_not_tried_again(self):
        self.mail = MailServer(refuses=[EMAIL])
        self.start(self.mail.port)
        self.spend(4)
        self.bastide.wait_logged("letter_given_up")
        self.assertNotIn(EMAIL, self.bastide.logged())
        self.notices(1)


if __name__ == "__main__":
    unittest.main()
