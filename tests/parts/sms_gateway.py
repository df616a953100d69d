"""A text-message gateway of a few lines over HTTPS. Knows nothing of CreditLink but what its manual would say.

`python sms_gateway.py FOLDER CERTIFICATE_WITH_KEY` prints its port. Every request is a line of FOLDER/asked; what is sent on, once
for each idempotency key, a line of FOLDER/sent. FOLDER/behaviour: `refuse` (400), `later` (503), `hold` (sends it on and never answers).
"""

from __future__ import annotations

import hashlib
import hmac
import http.server
import json
import ssl
import sys
import threading
from pathlib import Path

FOLDER, CERTIFICATE = Path(sys.argv[1]), sys.argv[2]
TOKEN, SIGNING = "Gateway-Token-1", b"Signing-Key-1"
SENT: set[str] = set()


def note(name: str, line: str) -> None:
    with (FOLDER / name).open("a", encoding="utf-8") as file:
        file.write(line + "\n")


class Gateway(http.server.BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        key = self.headers["Idempotency-Key"]
        signed = hmac.new(SIGNING, self.headers["X-Timestamp"].encode() + b"\n" + body, hashlib.sha256).hexdigest()
        if self.headers["Authorization"] != f"Bearer {TOKEN}" or signed != self.headers["X-Signature"]:
            self.answer(401, {})
            return
        note("asked", key)
        path = FOLDER / "behaviour"
        wanted = path.read_text() if path.exists() else ""
        if wanted in ("refuse", "later"):
            self.answer({"refuse": 400, "later": 503}[wanted], {})
            return
        if key not in SENT:
            SENT.add(key)
            note("sent", body.decode())
        if wanted == "hold":
            threading.Event().wait()
        self.answer(200, {"id": f"G-{key}"})

    def answer(self, status: int, told: dict[str, str]) -> None:
        body = json.dumps(told).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(CERTIFICATE)
server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Gateway)
server.daemon_threads = True
server.socket = context.wrap_socket(server.socket, server_side=True)
sys.stdout.write(f"{server.server_port}\n")
sys.stdout.flush()
server.serve_forever()
