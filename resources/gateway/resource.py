"""The Dagster face of the gateway: configuration in, client out, opened when first used.

Opening late matters: `reprocess` runs with the gateway down, and a failure to open belongs to the
step that wanted it, with its one clear line, not to the run's start.
"""

import time
from collections.abc import Callable
from pathlib import Path

import dagster as dg
from pydantic import Field, PrivateAttr

from resources.gateway.certificate import read_pin
from resources.gateway.client import GatewayClient
from resources.gateway.exchange import Exchange
from resources.gateway.transport import Transport


class Gateway(dg.ConfigurableResource):  # type: ignore[type-arg]
    """Access to the Client Portal Gateway: one session and one connection pool per run."""

    base_url: str = Field(description="Where the gateway listens, with its API prefix.")
    certificate: str | None = Field(default=None, description="PEM file of the gateway's certificate, pinned.")
    allow_remote: bool = Field(default=False, description="Whether the gateway may be on another machine.")
    timeout: float = Field(default=15.0, description="Seconds to wait for one reply.")

    _client: GatewayClient | None = PrivateAttr(default=None)
    _run_id: str = PrivateAttr(default="")

    def address(self) -> tuple[str, str | None]:
        """Where the gateway listens, and the PEM file of its certificate."""
        return self.base_url, self.certificate

    def pace(self) -> tuple[Callable[[], float], Callable[[float], None]]:
        """The clock that paces requests, in seconds, and how to wait: the one place where real waiting enters."""
        return time.monotonic, time.sleep  # noqa: TID251

    def setup_for_execution(self, context: dg.InitResourceContext) -> None:
        self._run_id = context.run.run_id if context.run else ""

    def teardown_after_execution(self, context: dg.InitResourceContext) -> None:  # noqa: ARG002
        self.close()

    @property
    def client(self) -> GatewayClient:
        """The run's client; the session itself opens with the first request."""
        if self._client is None:
            base_url, certificate = self.address()
            pin = read_pin(Path(certificate)) if certificate else None
            transport = Transport(base_url, pin=pin, timeout=self.timeout, allow_remote=self.allow_remote)
            clock, sleep = self.pace()
            exchange = Exchange(transport, run_id=self._run_id, clock=clock, sleep=sleep)
            self._client = GatewayClient(exchange)
        return self._client

    def close(self) -> None:
        if self._client is not None:
            self._client.close()
            self._client = None
