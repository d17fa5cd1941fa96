"""A simulated gateway behind a real socket, for as long as a block of code runs.

Belongs here: the socket, TLS, and the thread. Does not: what is answered (`app.py`).

It listens on the loopback interface only, and nothing can change that.
"""

import asyncio
import socket
import struct
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from resources.simulator.certificate import certificate
from resources.simulator.control import Control
from resources.simulator.faults.disturbed import RESET
from resources.simulator.options import OptionError, Options, Simulated, build

LOOPBACK = "127.0.0.1"
AT_ONCE = struct.pack("ii", 1, 0)  # linger for 0 seconds: closing is a reset
STARTING, STOPPING = 20.0, 5.0  # seconds


@dataclass(frozen=True, slots=True)
class Running:
    """A gateway that answers. `certificate` is None without TLS."""

    url: str
    certificate: Path | None
    simulation: Simulated

    @property
    def control(self) -> Control:
        """Its clock, session, faults and records, for whoever runs it in the same process."""
        return Control(self.simulation)


@contextmanager
def serve(options: Options, *, port: int = 0, real: Callable[[], float] = time.monotonic) -> Iterator[Running]:
    """Serve until the block ends; port 0 takes a free one, `real` is the time that its clock follows."""
    with ExitStack() as stack:
        simulation, application = build(options, real=real, present=lambda: datetime.now(UTC))
        listener = stack.enter_context(_listen(port))
        pem, key = _certificate(options, stack) if options.tls else (None, None)
        stack.enter_context(_running(application, listener, pem, key))
        scheme = "https" if options.tls else "http"
        yield Running(f"{scheme}://localhost:{listener.getsockname()[1]}/v1/api", pem, simulation)


def _listen(port: int) -> socket.socket:
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((LOOPBACK, port))
        listener.listen(256)
    except (OSError, OverflowError) as error:
        listener.close()
        raise OptionError(f"listen on {LOOPBACK}:{port}: {error}. Choose another with --port") from error
    return listener


def _certificate(options: Options, stack: ExitStack) -> tuple[Path, Path]:
    folder = options.certificate
    if folder is None:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="simulated-gateway-")))
    try:
        return certificate(folder)
    except OSError as error:
        raise OptionError(f"keep the certificate in {folder}: {error}. Name a folder that can be written") from error


class _Connection(HttpToolsProtocol):
    """Lets the application drop it without a word, as a network does: for faults."""

    def on_message_begin(self) -> None:
        super().on_message_begin()
        scope: dict[str, Any] = self.scope  # type: ignore[assignment]
        scope["extensions"] = {RESET: self._drop}

    def _drop(self) -> None:
        peer = self.transport.get_extra_info("socket")
        peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, AT_ONCE)
        self.transport.abort()


class _Server(uvicorn.Server):
    """Says when it is ready, and leaves nothing open behind."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.ready = threading.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.ready.set()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Hang up on clients that keep their connection: TLS would wait for their farewell."""
        kept = [connection.transport for connection in self.server_state.connections]
        await super().shutdown(sockets)
        for transport in kept:
            transport.abort()
        await asyncio.sleep(0)


@contextmanager
def _running(application: ASGIApp, listener: socket.socket, pem: Path | None, key: Path | None) -> Iterator[None]:
    server = _Server(
        uvicorn.Config(
            application,
            http=_Connection,
            ssl_certfile=pem,
            ssl_keyfile=key,
            log_config=None,
            log_level="critical",
            access_log=False,
            date_header=False,
            server_header=False,
            lifespan="off",
            ws="none",
            timeout_keep_alive=60,
            timeout_graceful_shutdown=0,
        )
    )
    thread = threading.Thread(target=server.run, args=([listener],), name="simulated-gateway", daemon=True)
    thread.start()
    try:
        if not server.ready.wait(STARTING):
            raise OptionError(f"start the gateway: not ready after {STARTING:.0f} seconds")
        yield
    finally:
        server.should_exit = True
        thread.join(STOPPING)
