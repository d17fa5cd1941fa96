"""GET /iserver/marketdata/snapshot, and giving its lines back.

Belongs here: the query, and whose turn it is. Does not: quotes (`market/quotes.py`), rows (`shapes/quotes.py`),
what has been subscribed (`warmth.py`).

The first look at a contract opens a line and shows its id alone. More contracts or fields than the limit are
cut off without a word; rows come by contract id, whatever the order of the question.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from resources.simulator import reply
from resources.simulator.accounts.valuation import Held, Valuation
from resources.simulator.accounts.world import Account, World
from resources.simulator.calendars import hours
from resources.simulator.clock import Timed
from resources.simulator.contracts.instruments import Instrument
from resources.simulator.flavour import Flavour
from resources.simulator.market import availability
from resources.simulator.market.market import Market
from resources.simulator.market.quotes import Quote, Quotes
from resources.simulator.routes.body import json_object
from resources.simulator.routes.parameters import items, number, whole
from resources.simulator.session import Session
from resources.simulator.shapes import quotes as shapes
from resources.simulator.shapes.sight import Sight
from resources.simulator.warmth import Subscriptions

MOST_CONTRACTS, MOST_FIELDS = 100, 50


class Quoted(Protocol):
    """What these routes need of a simulation."""

    world: World
    session: Session
    flavour: Flavour
    subscriptions: Subscriptions
    seed: int

    @property
    def market(self) -> Market: ...
    @property
    def clock(self) -> Timed: ...

    def valuation(self, account: Account) -> Valuation: ...


def routes(simulation: Quoted) -> list[Route]:
    """Every endpoint of streaming market data."""
    answers = _Answers(simulation)
    return [
        Route("/iserver/marketdata/snapshot", answers.snapshot, methods=["GET"]),
        Route("/iserver/marketdata/unsubscribe", answers.unsubscribe, methods=["POST"]),
        Route("/iserver/marketdata/{conid}/unsubscribe", answers.unsubscribe_old, methods=["GET"]),
        Route("/iserver/marketdata/unsubscribeall", answers.unsubscribe_all, methods=["GET"]),
    ]


@dataclass(frozen=True, slots=True)
class _Wish:
    """One contract that was asked for."""

    conid: int
    name: str  # as it was written

    @property
    def exchange(self) -> str:
        """Where to; "" wherever it is best."""
        return self.name.partition("@")[2]


class _Answers:
    def __init__(self, simulation: Quoted) -> None:
        self._simulation = simulation
        self._lines = simulation.subscriptions
        self._quotes = Quotes(simulation.market)

    async def snapshot(self, request: Request) -> Response:
        query = request.query_params
        names = items(query.get("conids", ""))
        if not names:
            return reply.error(400, "Bad Request: Conid(s) missing")
        wishes = [_wish(name) for name in names[:MOST_CONTRACTS]]
        if None in wishes:
            return reply.error(400, f"Bad Request: invalid conid {names[wishes.index(None)]}")
        fields = [name for name in items(query.get("fields", "")) if name.isdecimal()][:MOST_FIELDS]
        return reply.ok(self._rows({wish.conid: wish for wish in wishes if wish}, fields, _since(query)))

    async def unsubscribe(self, request: Request) -> Response:
        return self._closed(number(await json_object(request) or {}, "conid"))

    async def unsubscribe_old(self, request: Request) -> Response:
        return self._closed(whole(request.path_params["conid"]))

    async def unsubscribe_all(self, _: Request) -> Response:
        self._lines.close_all()
        return reply.ok({"unsubscribed": True})

    def _closed(self, conid: int | None) -> Response:
        if conid is None or not self._lines.close(conid):
            return reply.error(500, "unknown", status_code=False)
        return reply.ok({"success": True})

    def _rows(self, wishes: dict[int, _Wish], fields: list[str], since: int) -> list[dict[str, object]]:
        held = self._held() if shapes.OWNED.intersection(fields) else {}
        now = self._simulation.clock.now()
        return [self._row(wishes[conid], fields, since, held.get(conid), now) for conid in sorted(wishes)]

    def _row(self, wish: _Wish, fields: list[str], since: int, held: Held | None, now: datetime) -> dict[str, object]:
        nothing = shapes.bare(wish.conid, wish.name)
        instrument = self._simulation.market.instrument(wish.conid)
        if instrument is None or not self._may_see(instrument, now):
            return nothing
        line = self._lines.look(wish.conid, fields)
        if line is None or not line.ready:
            return nothing
        told = now - timedelta(seconds=availability.delay(instrument.exchange))
        quote: Quote | None = self._quotes.at(instrument, told)
        if quote is None or quote.at * 1000 <= since:
            return nothing
        sight = Sight(instrument, quote, told, self._quotes, self._simulation.seed, held, wish.exchange)
        return shapes.row(sight, wish.name, line, gaps=self._simulation.flavour.snapshot_gaps)

    def _may_see(self, instrument: Instrument, now: datetime) -> bool:
        """Nothing of what has ended; of a derivative perhaps only after a search for its underlying."""
        if instrument.expiry and instrument.expiry < hours(instrument.exchange).local_day(now):
            return False
        strict = self._simulation.flavour.snapshot_needs_search and instrument.is_derivative
        return not strict or instrument.underlying in self._simulation.session.searched

    def _held(self) -> dict[int, Held]:
        """The positions of the account that the session has selected."""
        world, session = self._simulation.world, self._simulation.session
        account = world.account(session.selected) or world.accounts[0]
        return {row.contract.conid: row for row in self._simulation.valuation(account).rows}


def _wish(name: str) -> _Wish | None:
    found = re.fullmatch(r"(\d{1,18})(@[\w.]+)?", name)
    return _Wish(int(found[1]), name) if found else None


def _since(query: Mapping[str, str]) -> int:
    """Milliseconds; only what changed later has values."""
    return number(query, "since") or 0
