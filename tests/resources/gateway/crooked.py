"""A gateway that answers whatever bytes a test wrote down, for the replies no honest gateway gives."""

import threading
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

PREFIX = "/v1/api"
DATE = "Mon, 23 Nov 2026 23:30:00 GMT"
HOLD = b"hold"
"""Instead of an answer: say nothing until the test is over."""

Script = Mapping[str, bytes | list[bytes]]
"""`METHOD /path` to the raw answer, or to answers in their order, of which the last is repeated."""


def answer(status: int = 200, body: bytes = b"", *headers: str) -> bytes:
    """The bytes of a whole HTTP reply."""
    told = [f"HTTP/1.1 {status} Said", f"Date: {DATE}", f"Content-Length: {len(body)}", "Connection: close", *headers]
    return "\r\n".join([*told, "", ""]).encode() + body


HEALTHY: Script = {
    "POST /iserver/auth/status": answer(body=b'{"authenticated":true,"connected":true,"competing":false}'),
    "GET /iserver/accounts": answer(body=b'{"accounts":["U9900001"],"selectedAccount":"U9900001"}'),
    "GET /portfolio/accounts": answer(body=b'[{"accountId":"U9900001"}]'),
    "POST /tickle": answer(body=b'{"hmds":{"error":"no bridge"}}'),
}


@dataclass
class Crooked:
    """Where it listens (plain http, this machine only), and what it was asked."""

    url: str
    certificate: None = None
    asked: list[str] = field(default_factory=list)
    _changed: threading.Condition = field(default_factory=threading.Condition)

    def note(self, one: str) -> int:
        """Remember a request; gives how often it was asked before."""
        with self._changed:
            before = Counter(self.asked)[one]
            self.asked.append(one)
            self._changed.notify_all()
        return before

    def was_asked(self, one: str, *, times: int) -> bool:
        """Wait until a request has come so often; false when it has not come for a long time."""
        with self._changed:
            return self._changed.wait_for(lambda: self.asked.count(one) >= times, timeout=120)


@contextmanager
def crooked(script: Script) -> Iterator[Crooked]:
    """Serve a script until the block ends; whatever is not in it is a 404."""
    released = threading.Event()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._answer()

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length") or 0))
            self._answer()

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

        def _answer(self) -> None:
            asked = f"{self.command} {self.path.removeprefix(PREFIX).partition('?')[0]}"
            before = told.note(asked)
            written = script.get(asked, answer(404, b'{"error":"Resource not found","statusCode":404}'))
            chosen = written if isinstance(written, bytes) else written[min(before, len(written) - 1)]
            if chosen == HOLD:
                released.wait(60)
            else:
                self.wfile.write(chosen)

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    told = Crooked(f"http://127.0.0.1:{server.server_address[1]}{PREFIX}")
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield told
    finally:
        released.set()
        server.shutdown()
        server.server_close()
        thread.join()
