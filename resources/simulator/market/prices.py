"""Daily prices of the seeded market: walks put on the tick.

Belongs here: from a contract and some days to open, high, low, close and volume. Does not: which days
those are (`market.py`), noise (`paths.py`), terms of contracts.

Every share follows one common walk a little and one of its own. A future is its root's spot plus carry, so
that all expiries move together; an option is priced from its underlying's four prices, and a contract for
difference has them.
"""

from dataclasses import replace
from typing import NamedTuple

import numpy as np

from resources.simulator.contracts import derivatives
from resources.simulator.contracts.catalogue import PRICED_ON, Character
from resources.simulator.contracts.instruments import Instrument
from resources.simulator.contracts.universe import character, listings
from resources.simulator.market import option_prices
from resources.simulator.market.minutes import on_tick
from resources.simulator.market.paths import Floats, Ints, Walks, step, steps

SHARED = 0  # the stream that every price follows a little
DRIFT = {"STK": 0.0002, "FUT": 0.0002, "IND": 0.0002}  # a day
GAP, REACH = 0.4, 0.5  # of a day's volatility: overnight, and beyond open and close
STEPS_A_YEAR = 261
CARRY = 0.03  # what a year costs a future
IMPLIED = 1.1  # options are priced above the volatility that there is
OPTION_VOLUME = 400.0
RETURNING = {"CASH", "BOND"}  # rates and percents of par stay near home
TWINS = {208813719: 208813720, 273982664: 265598}  # a second class or listing walks with the first


class Daily(NamedTuple):
    """Parallel arrays over days."""

    open: Floats
    high: Floats
    low: Floats
    close: Floats
    volume: Floats


class Prices:
    """Every daily price of one seed."""

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._walks = Walks(seed)
        self._listings = listings()
        self._core = {conid: listing.character for conid, listing in self._listings.items()}
        self._origin = step(PRICED_ON)

    def daily(self, instrument: Instrument, days: Ints) -> Daily:
        """Prices on ascending day ordinals."""
        if instrument.asset_class in {"OPT", "CFD"}:
            underlying = self.daily(self._listings[instrument.underlying].instrument, days)
            return self.option(instrument, underlying, days) if instrument.asset_class == "OPT" else underlying
        return self._walked(instrument, self._character(instrument), days)

    def option(self, option: Instrument, underlying: Daily, days: Ints) -> Daily:
        """Prices of an option, given its underlying's on the same days."""
        volatility = implied_volatility(self._core[option.underlying])
        found = option_prices.priced(option, underlying._asdict(), days, volatility)
        turnover = self._walks.stretch(option.conid, steps(days)).turnover
        volume = np.maximum(np.rint(OPTION_VOLUME * np.exp(turnover)), 1.0)
        return Daily(found["open"], found["high"], found["low"], found["close"], volume)

    def _walked(self, instrument: Instrument, traits: Character, days: Ints) -> Daily:
        stream, at = self._stream(instrument), steps(days)
        own = self._walks.stretch(stream, at, returns=instrument.asset_class in RETURNING)
        shared = self._walks.stretch(SHARED, at)
        sigma = float(np.hypot(traits.own, traits.market))
        drift = DRIFT.get(instrument.asset_class, 0.0)
        base = self._base(instrument, traits, stream, days) + drift * (at - self._origin)
        closing = base + traits.own * own.level + traits.market * shared.level
        opening = base - drift + traits.own * own.before + traits.market * shared.before + GAP * sigma * own.gap
        top = np.maximum(opening, closing) + REACH * sigma * np.abs(own.up)
        bottom = np.minimum(opening, closing) - REACH * sigma * np.abs(own.down)
        first, high, low, last = (self._placed(side, instrument.ticks) for side in (opening, top, bottom, closing))
        eagerness = np.exp(0.35 * own.turnover + 0.25 * np.abs(closing - opening) / sigma)
        least = 1.0 if traits.volume else 0.0
        return Daily(first, high, low, last, np.maximum(np.rint(traits.volume * eagerness), least))

    def _base(self, instrument: Instrument, traits: Character, stream: int, days: Ints) -> Floats:
        """The logarithm of the price that walks of no height would give."""
        origin = self._origin
        own = self._walks.level(stream, origin, returns=instrument.asset_class in RETURNING)
        anchor = np.log(traits.price) - traits.own * own
        anchor -= traits.market * self._walks.level(SHARED, origin)
        if instrument.asset_class == "FUT" and instrument.expiry:
            return np.asarray(anchor + CARRY * (instrument.expiry.toordinal() - days) / 365.0)
        return np.full(days.size, anchor)

    def _placed(self, logarithm: Floats, ticks: int) -> Floats:
        return np.maximum(on_tick(np.exp(logarithm), ticks), 1 / ticks)

    def _character(self, instrument: Instrument) -> Character:
        if instrument.asset_class == "FUT":
            return derivatives.root_of(instrument).character
        if instrument.asset_class == "IND":
            return replace(derivatives.root_of(instrument).character, volume=0.0)
        return self._core.get(instrument.conid) or character(self._seed, instrument.conid)

    def _stream(self, instrument: Instrument) -> int:
        if instrument.asset_class == "FUT":
            return instrument.underlying
        return TWINS.get(instrument.conid, instrument.conid)


def implied_volatility(traits: Character) -> float:
    """What options on a contract are priced with, a year."""
    return float(np.hypot(traits.own, traits.market) * np.sqrt(STEPS_A_YEAR) * IMPLIED)
