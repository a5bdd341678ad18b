"""A receiver of webhooks, which checks each message with the published library of Standard Webhooks, also after a new secret."""

import http.server
import json
import queue
import sys
import threading
import urllib.request
import uuid

from standardwebhooks import Webhook, WebhookVerificationError

url, key = sys.argv[1:]
messages: queue.Queue = queue.Queue()
# The server is on this machine: no proxy of the environment is asked.
opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))


class Receiver(http.server.BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        messages.put((dict(self.headers), body))
        self.send_response(204)
        self.end_headers()

    def log_message(self, *_) -> None:
        pass


def call(method: str, path: str, body=None):
    headers = {"Authorization": f"Bearer {key}", "Idempotency-Key": str(uuid.uuid4())}
    if body is not None:
        headers["Content-Type"] = "application/json"
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(f"{url}{path}", data, headers, method=method)
    with opener.open(request, timeout=30) as response:
        text = response.read()
    return json.loads(text) if text else None


def received(kind: str, *secrets: str) -> None:
    """Takes the next message. Each secret must verify it."""
    headers, body = messages.get(timeout=30)
    for secret in secrets:
        event = Webhook(secret).verify(body, headers)
        assert event["type"] == kind, event
        assert event["id"] == {name.lower(): value for name, value in headers.items()}["webhook-id"]
        try:
            Webhook(secret).verify(body.replace(b"evt_", b"evt-", 1), headers)
        except WebhookVerificationError:
            continue
        raise AssertionError("a changed body was accepted")


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Receiver)
threading.Thread(target=server.serve_forever, daemon=True).start()
address = f"http://127.0.0.1:{server.server_port}/stockwell"
made = call("POST", "/v1/webhook-endpoints", {"url": address, "event_types": ["product.created"]})
secret, endpoint = made["secret"], f"/v1/webhook-endpoints/{made['webhook_endpoint']['id']}"
try:
    call("POST", f"{endpoint}/test")
    received("ping", secret)
    call("POST", "/v1/products", {"sku": f"HOOK-{uuid.uuid4().hex[:8].upper()}", "name": "Mug"})
    received("product.created", secret)
    second = call("POST", f"{endpoint}/rotate-secret", {"overlap_seconds": 3600})["secret"]
    call("POST", f"{endpoint}/test")
    received("ping", secret, second)
finally:
    call("DELETE", endpoint)
    server.shutdown()
print("webhooks, checked with standardwebhooks for Python: three messages, two secrets")
