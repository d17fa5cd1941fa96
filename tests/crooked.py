"""A gateway that lies: it passes requests on to the simulator, and spoils the replies a test names."""

import json
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote_plus

from resources.envelope import Request
from resources.gateway.certificate import read_pin
from resources.gateway.transport import Transport
from resources.simulator.server import Running

Spoil = Callable[[bytes], tuple[int, bytes]]
PREFIX = "/v1/api"


@dataclass(frozen=True)
class Crooked:
    """Where it listens (plain http, this machine only)."""

    url: str
    certificate: Path | None = None


@contextmanager
def crooked(
    gateway: Running, spoiled: dict[str, Spoil], *, headers: Sequence[tuple[str, str]] = ()
) -> Iterator[Crooked]:
    """Serve until the block ends; `spoiled` maps a path's beginning to what becomes of its replies.

    `headers` come with every reply.
    """
    assert gateway.certificate is not None
    transport = Transport(gateway.url, pin=read_pin(gateway.certificate))

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self._pass_on("GET")

        def do_POST(self) -> None:
            self._pass_on("POST")

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

        def _pass_on(self, method: str) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            target, _, query = self.path.removeprefix(PREFIX).partition("?")
            asked = dict(part.split("=", 1) for part in query.split("&") if part)
            reply = transport.send(Request(method, target, _unquoted(asked), _decoded(body)))
            status, content = reply.status, reply.body
            for beginning, spoil in spoiled.items():
                if target.startswith(beginning):
                    status, content = spoil(content)
            self.send_response_only(status)
            self.send_header("Date", reply.headers["Date"])
            self.send_header("X-Simulator", "crooked")
            for name, value in headers:
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield Crooked(f"http://127.0.0.1:{server.server_address[1]}{PREFIX}")
    finally:
        server.shutdown()
        server.server_close()
        transport.close()


def _unquoted(query: dict[str, str]) -> dict[str, str]:
    return {name: unquote_plus(value) for name, value in query.items()}


def _decoded(body: bytes) -> object:
    return json.loads(body) if body else None
