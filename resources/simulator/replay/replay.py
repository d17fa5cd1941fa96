"""A gateway that answers from a recording instead of a world.

Belongs here: matching requests, and the healthy session around them. Does not: the envelope's format
(`recording.py`).

The same request gets its recorded replies in the order in which they came, and the last one for ever after.
What keeps a session going is simulated when it was not recorded, so that a client can start at all.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from urllib.parse import parse_qsl

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Router
from starlette.types import ASGIApp, Receive, Scope, Send

from resources.simulator import reply
from resources.simulator.accounts.world import Account
from resources.simulator.app import gateway
from resources.simulator.clock import Clock
from resources.simulator.faults.faults import Faults
from resources.simulator.flavour import Flavour
from resources.simulator.network import Network
from resources.simulator.replay.recording import Exchange, Key, key
from resources.simulator.requests import Requests
from resources.simulator.routes import accounts
from resources.simulator.routes import session as session_routes
from resources.simulator.session import Session

NOT_ACCOUNTS = {"accounts", "subaccounts", "subaccounts2", "positions", "allocation"}
NOBODY = "U9900001"


@dataclass(slots=True)
class Replay:
    """Everything behind one replayed gateway."""

    exchanges: Sequence[Exchange]
    clock: Clock
    session: Session
    seed: int = 7
    flavour: Flavour = field(default_factory=Flavour)
    faults: Faults = field(default_factory=Faults)
    requests: Requests = field(default_factory=Requests)
    network: Network = field(default_factory=Network)
    limiter: None = None  # a recording is never paced
    charges: None = None  # and costs nothing
    accounts: list[Account] = field(init=False)

    def __post_init__(self) -> None:
        opened = self.exchanges[0].received_at
        names = sorted(set(_accounts(self.exchanges))) or [NOBODY]
        self.accounts = [Account(index, name, name, "USD", opened) for index, name in enumerate(names)]

    @property
    def world(self) -> "Replay":
        """The accounts stand in for a world."""
        return self

    @property
    def account_ids(self) -> list[str]:
        """Every account that the recording mentions."""
        return [account.account_id for account in self.accounts]

    @property
    def master(self) -> Account | None:
        """A recording does not tell whose adviser is logged in."""
        return None

    def account(self, account_id: str) -> Account | None:
        """The account of that id, or None."""
        return next((account for account in self.accounts if account.account_id == account_id), None)


def application(replay: Replay, *, control: bool = True) -> ASGIApp:
    """The gateway over a recording."""
    healthy = Router(
        [*session_routes.routes(replay), *accounts.routes(replay)], redirect_slashes=False, default=_not_recorded
    )
    return gateway(_Tape(replay.exchanges, healthy), replay, control=control)


class _Tape:
    """Recorded replies first, then whatever lies behind."""

    def __init__(self, exchanges: Sequence[Exchange], behind: ASGIApp) -> None:
        self._waiting: dict[Key, list[Exchange]] = {}
        self._behind = behind
        for exchange in exchanges:
            self._waiting.setdefault(exchange.key, []).append(exchange)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        query = parse_qsl(request.url.query, keep_blank_values=True)
        body = await request.body()
        waiting = self._waiting.get(key(request.method, scope["path"], query, body))
        if waiting is None:
            await self._behind(scope, _again(body), send)
            return
        found = waiting.pop(0) if len(waiting) > 1 else waiting[0]
        await Response(found.body, found.status, headers={"content-type": found.kind})(scope, receive, send)


def _again(body: bytes) -> Receive:
    """A body that was read already, for whoever comes next."""

    async def receive() -> dict[str, object]:
        return {"type": "http.request", "body": body, "more_body": False}

    return receive


async def _not_recorded(scope: Scope, receive: Receive, send: Send) -> None:
    query = scope["query_string"].decode()
    asked = f"{scope['method']} {scope['path']}{'?' if query else ''}{query}"
    await reply.error(404, f"not recorded: {asked}", status_code=False)(scope, receive, send)


def _accounts(exchanges: Sequence[Exchange]) -> Iterator[str]:
    for exchange in exchanges:
        _, path, _, body = exchange.key
        match path.split("/"):
            case ["", "portfolio" | "portfolio2", name, _, *_] if name not in NOT_ACCOUNTS:
                yield name
        asked = orjson.loads(body) if body.startswith(b"{") else {}
        listed = asked.get("acctIds")
        yield from listed if isinstance(listed, list) else []
