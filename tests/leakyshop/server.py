"""The leaky shop on the loopback interface: it repeats what it was sent, and puts keys and cards into its answers."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from tests.canaries import CANARIES

CARD = {
    "CardNumber": CANARIES["the number of a card"],
    "CardCode": CANARIES["the code of a card"],
    "OrderKey": CANARIES["the key of an order"],
    "Link": f"https://shop.example/view?a=1&OrderKey={CANARIES['the key in an address']}&b=2",
}
ORDERS = [{"id": "1", "at": "2026-03-09T10:00:00+00:00", **CARD}, {"id": "2", "broken": True, **CARD}]
FRESH = {
    "access_token": CANARIES["the token that a platform has only just made"],
    "refresh_token": CANARIES["the refresh token that a platform has only just made"],
}


class _Answers(BaseHTTPRequestHandler):
    wbufsize = -1
    disable_nagle_algorithm = True

    def do_GET(self) -> None:
        """Answer by what the path asks for."""
        sent = self.rfile.read(int(self.headers.get("content-length", 0))).decode()
        echo = {"request": self.requestline, "headers": dict(self.headers), "body": sent}
        kind, _, rest = self.path.lstrip("/").partition("/")
        if kind == "orders":
            self._send(200, json.dumps(ORDERS))
        elif kind == "cut":
            self._send(200, json.dumps(ORDERS[:1])[:-1] + f', {{"id": "3", "Note": "paid by {CARD["CardNumber"]}, ')
        elif kind == "token":
            self._send(200, json.dumps(FRESH))
        elif kind == "html":
            self._send(200, f"<html><title>{json.dumps(echo)}</title>{json.dumps(FRESH)}</html>")
        elif kind == "moved":
            self._send(302, "", location=f"https://elsewhere.example/{rest}")
        else:
            self._send(int(kind), json.dumps({**FRESH, **CARD, "echo": echo}))

    do_POST = do_GET  # noqa: N815 - the library asks for this name

    def _send(self, status: int, body: str, **headers: str) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("content-length", str(len(body.encode())))
        self.end_headers()
        self.wfile.write(body.encode())

    def log_message(self, *message: Any) -> None:
        """Say nothing."""


@contextmanager
def leaky_server() -> Iterator[str]:
    """Serve in a thread of its own; gives the address."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Answers)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
