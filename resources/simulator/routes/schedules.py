"""Endpoints of trading hours: by symbol as a week with exceptions, and by conid as dates.

Belongs here: which venues and days a request means. Does not: hours (`market/sessions.py`), wire shapes
(`shapes/schedules.py`).
"""

from collections.abc import Iterable
from datetime import date, datetime, timedelta

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from resources.simulator import reply
from resources.simulator.calendars import hours
from resources.simulator.contracts import cfds, options
from resources.simulator.contracts.derivatives import ROOTS, spot
from resources.simulator.contracts.instruments import Instrument
from resources.simulator.market import sessions
from resources.simulator.market.sessions import Day
from resources.simulator.routes.listed import Listed, named
from resources.simulator.routes.parameters import items, number, text
from resources.simulator.shapes import schedules as shapes
from resources.simulator.shapes.definitions import OPTION_EXCHANGES, exchanges, valid_exchanges

CLASSES = {"BND": "BOND", "SWP": "CASH"}  # as this endpoint calls them
AHEAD = timedelta(days=31)
BEFORE, AFTER = 2, 4  # six trading days around the present one


def routes(simulation: Listed) -> list[Route]:
    """The schedule endpoints of a simulation."""

    async def schedule(request: Request) -> Response:
        query = request.query_params
        kind, symbol, exchange = (text(query, name) for name in ("assetClass", "symbol", "exchange"))
        if not kind or not symbol:
            return reply.error(400, "Bad Request: assetClass and symbol are needed")
        listed = _listed(simulation, CLASSES.get(kind, kind), symbol)
        venues = _venues((each for each in listed if exchange in {"", each.exchange}), kind)
        wanted = items(text(query, "exchangeFilter")) or list(venues)
        now = simulation.clock.now()
        return reply.ok([_week(name, venues[name], kind, now) for name in wanted if name in venues])

    async def trading_schedule(request: Request) -> Response:
        query = request.query_params
        instrument, exchange = named(simulation.market, number(query, "conid")), text(query, "exchange")
        if instrument is None:
            return reply.error(400, "Bad Request: conid invalid")
        if exchange and exchange not in valid_exchanges(instrument).split(","):
            return reply.error(400, "Bad Request: exchange invalid")
        return reply.ok(shapes.by_date(instrument.exchange, _days(instrument, simulation.clock.now())))

    return [
        Route("/trsrv/secdef/schedule", schedule, methods=["GET"]),
        Route("/contract/trading-schedule", trading_schedule, methods=["GET"]),
    ]


def _listed(simulation: Listed, kind: str, symbol: str) -> list[Instrument]:
    """What a symbol means in a class: futures and options have the hours of their market."""
    if kind in {"FUT", "IND"}:
        return [index for root in ROOTS if root.symbol == symbol and (index := spot(root.underlying))]
    underlying = kind in {"OPT", "CFD"}
    shares = "STK" if underlying else kind
    found = [
        each for each in simulation.market.instruments() if each.asset_class == shares and symbol in _symbols(each)
    ]
    return [each for each in found if not underlying or each.conid in options.OPTIONABLE]


def _symbols(instrument: Instrument) -> tuple[str, str]:
    return instrument.symbol, instrument.name if instrument.asset_class == "CASH" else instrument.symbol


def _venues(listed: Iterable[Instrument], kind: str) -> dict[str, str]:
    """Venues, each with the exchange whose calendar it keeps: the listing exchange first."""
    found: dict[str, str] = {}
    for each in listed:
        difference = cfds.of(each.conid) if kind == "CFD" else None
        names = OPTION_EXCHANGES if kind == "OPT" else exchanges(difference or each)
        home = [each.exchange] if kind == "STK" else []
        found |= {name: each.exchange for name in (*home, *names.split(",")) if name not in found}
    return found


def _week(name: str, exchange: str, kind: str, now: datetime) -> dict[str, object]:
    today = hours(exchange).local_day(now)
    extended = _is_extended(exchange, kind)
    odd = sessions.exceptions(exchange, today, today + AHEAD)
    dated = [(day, sessions.day_at(exchange, day, extended=extended) if opens else None) for day, opens in odd]
    return shapes.weekly(name, exchange, kind, _usual(exchange, today, extended=extended), dated)


def _usual(exchange: str, today: date, *, extended: bool) -> Day:
    """The hours of the first day that is like the others."""
    here = hours(exchange)
    day = next(day for day in here.days[here.between(today, date.max)] if here.session(day) == here.usual(day))
    return sessions.day_at(exchange, day, extended=extended)


def _days(instrument: Instrument, now: datetime) -> list[Day]:
    exchange = instrument.exchange
    today = hours(exchange).local_day(now)
    extended = _is_extended(exchange, instrument.asset_class)
    days = sessions.around(exchange, today, before=BEFORE, after=AFTER)
    return [sessions.day_at(exchange, day, extended=extended) for day in days]


def _is_extended(exchange: str, kind: str) -> bool:
    return kind in {"STK", "CFD"} and hours(exchange).venue.zone == "America/New_York"
