"""The Dagster face of the gateway: configuration in, client out, opened when first used.

Opening late matters: `reprocess` runs with the gateway down, and a failure to open belongs to the
step that wanted it, with its one clear line, not to the run's start.
"""

import time
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import urlsplit

import dagster as dg
from pydantic import Field, PrivateAttr

from resources.gateway.budget import Budget, Rank
from resources.gateway.certificate import read_pin
from resources.gateway.client import GatewayClient
from resources.gateway.clock import Clock
from resources.gateway.exchange import Exchange
from resources.gateway.keeper import Keeper
from resources.gateway.pacing import Limit
from resources.gateway.refusals import refused_requests
from resources.gateway.transport import Transport
from resources.journal import Journal

BACKFILL_TAGS = ("dagster/backfill", "dagster/asset_partition_range_start")
HISTORY = "/iserver/marketdata/history"


class Gateway(dg.ConfigurableResource):  # type: ignore[type-arg]
    """Access to the Client Portal Gateway: one session, shared by every run and process that uses the login."""

    base_url: str = Field(description="Where the gateway listens, with its API prefix.")
    certificate: str | None = Field(default=None, description="PEM file of the gateway's certificate, pinned.")
    allow_remote: bool = Field(default=False, description="Whether the gateway may be on another machine.")
    timeout: float = Field(default=15.0, description="Seconds to wait for one reply.")
    shared: str | None = Field(
        default=None, description="Folder for what all processes of a login share; unset: nothing is shared."
    )
    may_evict: bool = Field(default=False, description="Whether a competing login may be thrown out.")
    history_per_minute: int = Field(default=0, description="Most requests for bars in a minute; 0: no such limit.")

    _client: GatewayClient | None = PrivateAttr(default=None)
    _run: dg.DagsterRun | None = PrivateAttr(default=None)
    _stack: ExitStack = PrivateAttr(default_factory=ExitStack)
    _folder: Path | None = PrivateAttr(default=None)

    def address(self) -> tuple[str, str | None]:
        """Where the gateway listens, and the PEM file of its certificate."""
        return self.base_url, self.certificate

    def clock(self) -> Clock:
        """The clock that paces requests: the one place where real waiting enters."""
        return Clock(steady=time.monotonic, wall=time.time, sleep=time.sleep)  # noqa: TID251

    def transport(self) -> Transport:
        """What reaches that address."""
        base_url, certificate = self.address()
        pin = read_pin(Path(certificate)) if certificate else None
        return Transport(base_url, pin=pin, timeout=self.timeout, allow_remote=self.allow_remote)

    @property
    def folder(self) -> Path:
        """The folder of this login: its budget, its session, its journals of calls and observations."""
        if self._folder is None:
            root = self.shared or self._stack.enter_context(TemporaryDirectory(prefix="ibkr-gateway-"))
            self._folder = Path(root) / login_name(self.base_url)
        return self._folder

    def setup_for_execution(self, context: dg.InitResourceContext) -> None:
        self._run = context.run

    def teardown_after_execution(self, context: dg.InitResourceContext) -> None:  # noqa: ARG002
        self.close()

    @property
    def client(self) -> GatewayClient:
        """The run's client; the session itself opens with the first request."""
        if self._client is None:
            transport, clock, calls = self.transport(), self.clock(), Journal(self.folder / "calls")
            budget = Budget(self.folder, clock, rank=rank_of(self._run))
            run_id = self._run.run_id if self._run else ""
            exchange = Exchange(transport, budget=budget, clock=clock, calls=calls, run_id=run_id)
            keeper = Keeper(exchange, self.folder, may_evict=self.may_evict)
            refused = refused_requests(calls, tries_of(self._run), now=exchange.here)
            self._client = GatewayClient(exchange, keeper, refused=refused, limits=self._limits())
        return self._client

    def _limits(self) -> dict[str, Limit]:
        """Limits that some gateways have and others have not."""
        return {HISTORY: Limit(self.history_per_minute, 60.0)} if self.history_per_minute else {}

    def close(self) -> None:
        """Drop the connections, and what was shared with nobody."""
        if self._client is not None:
            self._client.close()
            self._client = None
        self._stack.close()
        self._folder = None


def login_name(base_url: str) -> str:
    """The name of a gateway's folder: one gateway process, one login."""
    parts = urlsplit(base_url)
    host = "localhost" if parts.hostname in {"127.0.0.1", "::1"} else parts.hostname
    return f"{host}-{parts.port or (443 if parts.scheme == 'https' else 80)}"


def rank_of(run: dg.DagsterRun | None) -> Rank:
    """Ranges and backfills give way to the work of one day."""
    return Rank.BACKFILL if run is not None and any(tag in run.tags for tag in BACKFILL_TAGS) else Rank.NIGHTLY


def tries_of(run: dg.DagsterRun | None) -> set[str]:
    """The runs that tried the same before: retries of a run, and of a step in a process of its own."""
    known = (run.run_id, run.parent_run_id, run.root_run_id) if run is not None else ()
    return {run_id for run_id in known if run_id}
