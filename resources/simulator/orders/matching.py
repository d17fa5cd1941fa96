"""Whether an order fills against the minutes of the market, when, at what price and how much of it.

Belongs here: the rules of each order type over finished minutes. Does not: orders that depend on each other and what
a fill does to the account (`blotter.py`).

Only minutes that began after the order was there count. A market order takes a minute's first price, as the minute
begins; the other types wait until it has ended: a limit takes the limit or a better first price, a stop its trigger
or a worse first price. One minute fills
a share of its volume, though never less than a twentieth of the order, so that no order goes on for ever; options and
currency pairs are made by dealers and fill whole. What may fill outside of regular hours is matched with all of them.

Long stretches are looked at by day first, so that a clock moved by months opens only the days that matter.
"""

import zlib
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from resources.simulator.accounts.book import UNIT
from resources.simulator.contracts.instruments import Instrument
from resources.simulator.market.bars import pick, seconds
from resources.simulator.market.market import MINUTE, Bars, Market
from resources.simulator.market.minutes import on_tick
from resources.simulator.market.paths import Floats
from resources.simulator.market.views import view
from resources.simulator.orders.opening_hours import Trading, between, current
from resources.simulator.orders.order import Fill, Kind, Order, Ticket

PARTICIPATION = 0.25  # of a minute's volume
SLICES = 20
DEALT = frozenset({"OPT", "CASH"})
FEW = 3  # days that are not worth a look at their daily bars


@dataclass(frozen=True, slots=True)
class Event:
    """What happens next to an order: a fill, or without one the end of its time."""

    at: int
    fill: Fill | None = None
    resumes: int = 0  # bars from here on are still to be looked at


class Matcher:
    """Walks orders along a market."""

    def __init__(self, market: Market) -> None:
        self._market = market
        self._minutes = lru_cache(maxsize=128)(self._read)

    def next_event(self, order: Order, now: int) -> Event | None:
        """The first thing that happens to an order, up to an instant. Moves its stop and its cursor along."""
        deadline = order.expires_at
        found = self._fill(order, now if deadline is None else min(now, deadline))
        if found is not None:
            return found
        return Event(deadline) if deadline is not None and deadline <= now else None

    def price(self, ticket: Ticket, at: int) -> float:
        """The last price in the hours in which an order may fill."""
        contract = ticket.contract
        running = current(self._market, contract, at, extended=ticket.extended)
        if running is not None and ticket.extended:
            bars = self._minutes(contract, running.day, ticket.extended)
            count = int(np.searchsorted(seconds(bars.start), at - MINUTE, side="right"))
            if count:
                return float(bars.close[count - 1])
        return self._market.price(contract, datetime.fromtimestamp(at, UTC))

    def _fill(self, order: Order, until: int) -> Event | None:
        at_once = takes_first_price(order)
        for session in self._sessions(order, until):
            last = min(until - (0 if at_once else MINUTE), session.closes - MINUTE)
            bars = self._bars(order.ticket, session.day, order.cursor, last)
            if not len(bars.start):
                continue
            found = first(order, bars)
            if found is not None:
                row, price = found
                start = int(seconds(bars.start)[row])
                late = 0 if at_once else zlib.crc32(b"%d:%d" % (order.number, start)) % MINUTE
                fill = Fill(start + late, _share(order, float(bars.volume[row])), price)
                return Event(fill.at, fill, start + MINUTE)
            order.cursor = int(seconds(bars.start)[-1]) + MINUTE
        return None

    def _sessions(self, order: Order, until: int) -> list[Trading]:
        contract, extended = order.ticket.contract, order.ticket.extended
        sessions = list(between(self._market, contract, order.cursor, until, extended=extended))
        if len(sessions) <= FEW or order.ticket.kind.trails:
            return sessions
        days = view(self._market, contract, extended=extended).daily(sessions[0].day, sessions[-1].day)
        near = _in_reach(order, days)
        return [session for session, is_near in zip(sessions, near.tolist(), strict=True) if is_near]

    def _bars(self, ticket: Ticket, day: date, first: int, last: int) -> Bars:
        """The day's minutes that begin in a stretch, both ends included."""
        bars = self._minutes(ticket.contract, day, ticket.extended)
        starts = seconds(bars.start)
        return pick(bars, slice(int(np.searchsorted(starts, first)), int(np.searchsorted(starts, last, side="right"))))

    def _read(self, contract: Instrument, day: date, extended: bool) -> Bars:
        return view(self._market, contract, extended=extended).minutes(day)


def takes_first_price(order: Order) -> bool:
    """Whether a minute's first price is good enough, whatever it is."""
    return order.ticket.kind is Kind.MARKET or (order.triggered and not order.ticket.kind.has_limit)


def first(order: Order, bars: Bars) -> tuple[int, float] | None:
    """Row and price of the first of some bars that fills the order."""
    skipped = 0
    if order.ticket.kind.is_stop and not order.triggered:
        where = _trigger(order, bars)
        if where is None:
            return None
        order.triggered = True
        if order.ticket.kind in {Kind.STOP, Kind.TRAIL}:
            return where, _worse(order, float(bars.open[where]))
        skipped = where + 1
        bars = pick(bars, slice(skipped, None))
    prices, good = _offers(order, bars)
    rows = np.flatnonzero(good)
    return (skipped + int(rows[0]), float(prices[rows[0]])) if rows.size else None


def limit(order: Order) -> float | None:
    """The worst price that is good enough; the limit of a trailing order keeps its distance from the stop."""
    ticket = order.ticket
    if ticket.kind is Kind.TRAIL_LIMIT and None not in (ticket.price, ticket.stop, order.stop):
        return round(float(order.stop or 0) + float(ticket.price or 0) - float(ticket.stop or 0), 8)
    return ticket.price


def trailing(order: Order, extremes: Floats) -> Floats:
    """Where a stop would stand behind prices."""
    ticket = order.ticket
    distance = extremes * ticket.trail / 100 if ticket.trail_percent else ticket.trail
    return on_tick(extremes + ticket.side * distance, ticket.contract.ticks)


def is_good(order: Order, price: float) -> bool:
    """Whether an order would take a price."""
    worst = limit(order)
    return worst is None or order.ticket.side * price <= order.ticket.side * worst


def _offers(order: Order, bars: Bars) -> tuple[Floats, npt.NDArray[np.bool_]]:
    """A price per bar, and whether it is taken."""
    ticket, worst = order.ticket, limit(order)
    if ticket.kind.at_close:
        prices = bars.close
    elif ticket.kind is Kind.MIDPRICE:
        prices = on_tick((bars.high + bars.low) / 2, ticket.contract.ticks)
    elif worst is None or ticket.tif == "OPG":
        prices = bars.open
    else:
        prices = np.minimum(bars.open, worst) if ticket.side > 0 else np.maximum(bars.open, worst)
        best = bars.low if ticket.side > 0 else bars.high
        return prices, ticket.side * best <= ticket.side * worst
    return prices, ticket.side * prices <= (np.inf if worst is None else ticket.side * worst)


def _trigger(order: Order, bars: Bars) -> int | None:
    """The first bar that reaches the stop, which moves along."""
    buys = order.ticket.side > 0
    reached = bars.high if buys else -bars.low
    stops = _stops(order, bars)
    rows = np.flatnonzero(reached >= (stops[:-1] if buys else -stops[:-1]))
    order.stop = float(stops[rows[0]] if rows.size else stops[-1])
    return int(rows[0]) if rows.size else None


def _stops(order: Order, bars: Bars) -> Floats:
    """The stop before each bar, and after the last."""
    start = np.array([order.stop if order.stop is not None else np.nan])
    if not order.ticket.kind.trails:
        return np.repeat(start, len(bars.start) + 1)
    if order.ticket.side > 0:
        return np.asarray(np.minimum.accumulate(np.concatenate([start, trailing(order, bars.low)])))
    return np.asarray(np.maximum.accumulate(np.concatenate([start, trailing(order, bars.high)])))


def _worse(order: Order, opening: float) -> float:
    stop = order.stop if order.stop is not None else opening
    return max(opening, stop) if order.ticket.side > 0 else min(opening, stop)


def _in_reach(order: Order, days: Bars) -> npt.NDArray[np.bool_]:
    """Which days might matter to an order that does not trail."""
    buys, worst = order.ticket.side > 0, limit(order)
    if order.ticket.kind.is_stop and not order.triggered:
        stop = order.stop or 0.0
        return days.high >= stop if buys else days.low <= stop
    if worst is None:
        return np.ones(len(days.start), dtype=np.bool_)
    return days.low <= worst if buys else days.high >= worst


def _share(order: Order, volume: float) -> int:
    ticket = order.ticket
    if ticket.all_or_none or ticket.contract.asset_class in DEALT:
        return order.remaining
    share = int(max(PARTICIPATION * volume, ticket.quantity / UNIT / SLICES))
    return min(order.remaining, max(1, share) * UNIT)
