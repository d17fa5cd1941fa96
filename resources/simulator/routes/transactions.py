"""POST /pa/transactions: the history of one contract in some accounts.

Belongs here: the query, and picking entries and gains from books. Does not: the book (`accounts/book.py`), wire shapes.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Protocol

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from resources.simulator import reply
from resources.simulator.accounts.book import TRADED, Entry, Kind
from resources.simulator.accounts.marks import mark
from resources.simulator.accounts.world import Account, World
from resources.simulator.clock import NEW_YORK, Timed
from resources.simulator.market.market import NoPriceError
from resources.simulator.orders.trades import day_begins
from resources.simulator.routes.body import json_object, texts
from resources.simulator.routes.parameters import whole
from resources.simulator.shapes import transactions as shapes
from resources.simulator.shapes.transactions import Gain, Happening

DEFAULT_DAYS = 90
TOLD = (*TRADED, Kind.DIVIDEND, Kind.COUPON)


class Recorded(Protocol):
    """What this endpoint needs to know."""

    world: World

    @property
    def clock(self) -> Timed: ...


def routes(simulation: Recorded) -> list[Route]:
    """The endpoint."""
    world, clock = simulation.world, simulation.clock

    async def transactions(request: Request) -> Response:
        body = await json_object(request) or {}
        accounts = [account for name in texts(body.get("acctIds")) if (account := world.account(name))]
        conids, currency, days = body.get("conids"), body.get("currency"), body.get("days", DEFAULT_DAYS)
        if not accounts or len(accounts) < len(texts(body.get("acctIds"))):
            return reply.error(400, "Bad Request: acctIds is required")
        conid = whole(str(conids[0])) if isinstance(conids, list) and len(conids) == 1 else None
        if conid is None:
            return reply.error(400, "Bad Request: conids is required, and takes one")
        if not isinstance(currency, str) or not currency:
            return reply.error(400, "Bad Request: currency is required")
        if not isinstance(days, int) or isinstance(days, bool) or days < 1:
            return reply.error(400, "Bad Request: days must be a positive number")
        return _told(world, accounts, conid, currency.upper(), days, clock.now())

    return [Route("/pa/transactions", transactions, methods=["POST"])]


def _told(world: World, accounts: Sequence[Account], conid: int, currency: str, days: int, now: datetime) -> Response:
    contract = world.market.instrument(conid)
    if contract is None:
        return reply.error(400, f"Bad Request: conid {conid} is unknown")
    days = min(days, (now.astimezone(NEW_YORK).date() - world.inception).days + 1)
    since, until = day_begins(int(now.timestamp()), days), int(now.timestamp())
    try:
        rate = world.rate(contract.currency, currency, mark(now).at)
    except NoPriceError:
        return reply.error(400, f"Bad Request: currency {currency} is unknown")
    happenings: list[Happening] = []
    gains: list[Gain] = []
    for account in accounts:
        happenings += _happenings(world, account, conid, currency, since, until)
        gains += _gains(world, account, conid, since, until)
    happenings.sort(key=lambda happening: happening.entry.at)
    gains.sort(key=lambda gain: gain.day, reverse=True)
    first = now - timedelta(days=days)
    found = shapes.transactions(happenings, gains, contract, currency, first=first, last=now, rate=rate)
    return reply.ok(found)


def _happenings(
    world: World, account: Account, conid: int, currency: str, since: int, until: int
) -> Iterator[Happening]:
    """Entries of a contract; distributions on one day are told as one."""
    ledger = world.ledger(account, datetime.fromtimestamp(until, NEW_YORK).date())
    paid: dict[int, Entry] = {}
    for entry in ledger.book.entries:
        if entry.conid != conid or not since <= entry.at <= until or entry.kind not in TOLD:
            continue
        if entry.kind in TRADED:
            yield Happening(account.account_id, entry, _rate(world, entry, currency))
        else:
            before = paid.get(entry.at)
            cash = entry.cash + (before.cash if before else 0)
            paid[entry.at] = Entry(entry.at, entry.kind, entry.currency, cash, conid)
    for entry in paid.values():
        yield Happening(account.account_id, entry, _rate(world, entry, currency))


def _rate(world: World, entry: Entry, currency: str) -> float:
    return world.rate(entry.currency, currency, mark(datetime.fromtimestamp(entry.at, NEW_YORK)).at)


def _gains(world: World, account: Account, conid: int, since: int, until: int) -> Iterator[Gain]:
    ledger = world.ledger(account, datetime.fromtimestamp(until, NEW_YORK).date())
    times, before, cents = ledger.book.gains(conid)
    days: dict[tuple[datetime, bool], int] = {}
    for at, held, gain in zip(times.tolist(), before.tolist(), cents.tolist(), strict=True):
        if gain and since <= at <= until:
            day = datetime.fromtimestamp(at, NEW_YORK).replace(hour=0, minute=0, second=0)
            days[day, held > 0] = days.get((day, held > 0), 0) + gain
    for (day, was_long), gain in days.items():
        yield Gain(day.date(), account.account_id, was_long, gain)
